"""The words of notices: neutral, without links and without anything about the person or the line.

The first line of a letter is its subject. A change of words is a new VERSION, which the proof of sending
keeps.
"""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

VERSION = "2"
SINGLE, SCATTERED, BATCH = "single", "scattered", "batch"
# Plain text: there is no markup that could be escaped.
_templates = Environment(  # noqa: S701
    loader=PackageLoader("serve.notices"), undefined=StrictUndefined, keep_trailing_newline=True
)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person reads in an e-mail."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """The same as a letter and as a message of a few characters."""

    letter: Letter
    short: str


def notice(
    folio: str, *, language: str, count: int = 1, kind: str = SINGLE, portal: str = ""
) -> Words:
    """A notice of one registration or of several. `portal` is what the portal was called at enrolment."""
    return _words("notice", language, folio=folio, count=count, kind=kind, portal=portal)


def invitation(code: str, *, institution: str, language: str, portal: str = "") -> Words:
    """The code with which a person accepts to be enrolled."""
    return _words("invitation", language, code=code, institution=institution, portal=portal)


def entry(code: str, *, language: str) -> Words:
    """The code with which somebody enters the portal."""
    return _words("entry", language, code=code)


def _words(name: str, language: str, **values: object) -> Words:
    subject, _, text = _text(f"{name}.{language}", values).partition("\n")
    letter = Letter(subject, text.lstrip("\n"))
    return Words(letter, _text(f"{name}.short.{language}", values).strip())


def _text(name: str, values: dict[str, object]) -> str:
    return _templates.get_template(f"{name}.txt.j2").render(values)
