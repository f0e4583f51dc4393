"""What a carrier's staff and its customers read, in Spanish (Mexico) and in English.

A carrier sees families of reasons only: which code it was could tell what somebody did elsewhere. No
text says that anybody is an official or in a breach, how many lines there are, or that anybody did wrong.
"""

from __future__ import annotations

from functools import lru_cache

from detector.signals import REASONS

SPANISH, ENGLISH = "es-MX", "en"
FAMILIES: dict[str, dict[str, str]] = {
    "identity": {
        SPANISH: "La identidad se ha usado de una forma poco habitual.",
        ENGLISH: "The identity has been used in an unusual way.",
    },
    "device": {
        SPANISH: "El equipo con el que se hizo el registro tiene actividad poco habitual.",
        ENGLISH: "The device used for the registration shows unusual activity.",
    },
    "network": {
        SPANISH: "La conexión desde la que se hizo el registro tiene actividad poco habitual.",
        ENGLISH: "The connection used for the registration shows unusual activity.",
    },
    "sim": {
        SPANISH: "Las tarjetas SIM cercanas a esta se registraron de una forma poco habitual.",
        ENGLISH: "SIM cards close to this one were registered in an unusual way.",
    },
    "seller": {
        SPANISH: "En el punto de venta hay actividad poco habitual.",
        ENGLISH: "There is unusual activity at the point of sale.",
    },
    "line": {
        SPANISH: "Las líneas vecinas o la historia de esta línea son poco habituales.",
        ENGLISH: "The neighbouring lines or this line's own history are unusual.",
    },
    "validation": {
        SPANISH: "La validación de la identidad no fue del todo clara.",
        ENGLISH: "The validation of the identity was not entirely clear.",
    },
    "place": {
        SPANISH: "El lugar del registro es poco habitual para estos datos.",
        ENGLISH: "The place of the registration is unusual for these details.",
    },
    "linked": {
        SPANISH: "El registro comparte datos poco comunes con otros registros.",
        ENGLISH: "The registration shares uncommon details with others.",
    },
    "use": {
        SPANISH: "El uso de la línea después del registro es poco habitual.",
        ENGLISH: "The use of the line after its registration is unusual.",
    },
    "unusual": {
        SPANISH: "El registro es muy distinto de lo habitual.",
        ENGLISH: "The registration is very different from what is usual.",
    },
}
NOTICE = {
    SPANISH: "Se registró una línea móvil con tu identidad. Si fuiste tú, no tienes que hacer nada. "
    "Si no la reconoces, comunícate con tu compañía por sus canales oficiales.",
    ENGLISH: "A mobile line was registered with your identity. If it was you, there is nothing to do. "
    "If you do not recognise it, contact your carrier through its official channels.",
}
CLERK: dict[str, dict[str, str]] = {
    "step_up": {
        SPANISH: "Para terminar necesitamos confirmar su identidad con una prueba más. Es una revisión "
        "de rutina y no significa que haya hecho algo mal. Conserve este folio: {folio}.",
        ENGLISH: "To finish we need one more proof of your identity. This is a routine check and does "
        "not mean that you did anything wrong. Please keep this reference: {folio}.",
    },
    "hold": {
        SPANISH: "Una persona va a revisar este registro antes de continuar. No significa que haya hecho "
        "algo mal. Conserve este folio para preguntar por la revisión o pedir que se corrija: {folio}.",
        ENGLISH: "A person will look at this registration before it goes on. It does not mean that you "
        "did anything wrong. Please keep this reference to ask about the review or to object: {folio}.",
    },
}


def families(reasons: tuple[str, ...]) -> list[str]:
    """The families of reason codes, each once, the strongest first."""
    return list(dict.fromkeys(REASONS[code].family for code in reasons))


def clerk_text(decision: str, folio: str | None, language: str) -> str | None:
    """What a clerk may read out, where the decision asks something of the person."""
    words = CLERK.get(decision)
    return words[language].format(folio=folio or "—") if words else None


@lru_cache(maxsize=256)
def language(accepted: str) -> str:
    """The language of ours that an Accept-Language header likes best; Spanish where it likes none."""
    best, weight = SPANISH, 0.0
    for part in accepted[:256].split(","):
        tag, _, parameters = part.partition(";")
        known = {"es": SPANISH, "en": ENGLISH}.get(tag.strip().lower()[:2])
        likes = _quality(parameters)
        if known and likes > weight:
            best, weight = known, likes
    return best


def _quality(parameters: str) -> float:
    name, _, number = parameters.strip().partition("=")
    try:
        return float(number) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
