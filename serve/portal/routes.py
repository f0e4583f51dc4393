"""Every page of the portal, by method and path."""

from __future__ import annotations

from serve.portal import entry, inside
from serve.portal.service import Handler

HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", ""): entry.home,
    ("POST", "/folio"): entry.folio,
    ("GET", "/identidad"): entry.identity_page,
    ("POST", "/identidad"): entry.identity,
    ("GET", "/clave"): entry.code_page,
    ("POST", "/clave"): entry.code,
    ("POST", "/otra"): entry.another,
    ("GET", "/aceptar"): entry.accept_page,
    ("POST", "/aceptar"): entry.accept,
    ("GET", "/ayuda"): entry.help_page,
    ("POST", "/salir"): entry.leave,
    ("GET", "/lineas"): inside.lines,
    ("POST", "/respuesta"): inside.answer,
    ("GET", "/registro"): inside.record,
    ("POST", "/revision"): inside.review,
    ("GET", "/candado"): inside.lock_page,
    ("POST", "/candado"): inside.lock,
    ("GET", "/avisos"): inside.enrolment_page,
    ("POST", "/avisos"): inside.enrolment,
}
