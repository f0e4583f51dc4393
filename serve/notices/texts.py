"""The words of notices: neutral, without links and without anything about the person or the line.

The first line of a letter is its subject. A change of words is a new VERSION, which the proof of sending
keeps.
"""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

VERSION = "1"
SINGLE, SCATTERED, BATCH = "single", "scattered", "batch"
# Plain text: there is no markup that could be escaped.
_templates = Environment(  # noqa: S701
    loader=PackageLoader("serve.notices"), undefined=StrictUndefined, keep_trailing_newline=True
)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person reads."""

    subject: str
    text: str


def notice(folio: str, *, language: str, count: int = 1, kind: str = SINGLE) -> Letter:
    """A notice of one registration or of several."""
    return _letter("notice", language, folio=folio, count=count, kind=kind)


def short_notice(folio: str, *, language: str, count: int = 1) -> str:
    """The same for a message of a few characters."""
    return _text("short", language, folio=folio, count=count, code="").strip()


def invitation(code: str, *, institution: str, language: str) -> Letter:
    """The code with which a person accepts to be enrolled."""
    return _letter("code", language, code=code, institution=institution)


def short_invitation(code: str, *, language: str) -> str:
    """The same for a message of a few characters."""
    return _text("short", language, code=code).strip()


def _letter(name: str, language: str, **values: object) -> Letter:
    subject, _, text = _text(name, language, **values).partition("\n")
    return Letter(subject, text.lstrip("\n"))


def _text(name: str, language: str, **values: object) -> str:
    return _templates.get_template(f"{name}.{language}.txt.j2").render(**values)
