"""Pages as bytes and the headers they go out with. No script, nothing of another site, one style inside."""

from __future__ import annotations

import base64
import hashlib
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from serve.portal.states import name as state_name

LANGUAGES = ("es", "en")
_MONTHS = {
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "en": "January February March April May June July August September October November December",
}
_WRITTEN = {"es": "{0} de {1} de {2}", "en": "{0} {1} {2}"}
_FOLDER = files("serve.portal")
STYLE = (_FOLDER / "templates" / "style.css").read_text("utf-8").strip()
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; "
    f"style-src 'sha256-{_STYLE_HASH}'; img-src data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex",
}
WORDS: Mapping[str, Mapping[str, Any]] = {
    language: tomllib.loads((_FOLDER / "words" / f"{language}.toml").read_text("utf-8"))
    for language in LANGUAGES
}


def page(name: str, language: str, *, token: str, **values: object) -> str:
    """A page. `token` goes into its forms; `flash` and `complaint` are sentences of WORDS."""
    plain = {"complaint": "", "flash": "", "member": False, "inside": False, "here": ""}
    field = Markup('<input type="hidden" name="token" value="{}">').format(token)
    template = _ENVIRONMENTS[language].get_template(f"{name}.html.j2")
    return template.render({**plain, **values, "ticket": lambda: field})


def month_name(month: str, language: str) -> str:
    """A month like 2026-03 in words."""
    year, number = month.split("-")
    name = _MONTHS[language].split()[int(number) - 1]
    return f"{name.capitalize()} de {year}" if language == "es" else f"{name} {year}"


def _environment(language: str) -> Environment:
    made = Environment(
        loader=PackageLoader("serve.portal"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"day": _day(language), "place": state_name}
    made.globals |= {"t": WORDS[language], "style": Markup(STYLE)}  # noqa: S704 - our own file
    return made


def _day(language: str) -> Callable[[date], str]:
    months = _MONTHS[language].split()

    def written(day: date) -> str:
        return _WRITTEN[language].format(day.day, months[day.month - 1], day.year)

    return written


_ENVIRONMENTS = {language: _environment(language) for language in LANGUAGES}
