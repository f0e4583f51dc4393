"""The letter with a code: no link, nothing about the person, one sentence on what not to do with it."""

from __future__ import annotations

from serve.notices.texts import Letter

SUBJECT = {"es": "Su clave para entrar al portal", "en": "Your code to enter the portal"}
TEXT = {
    "es": "Su clave para entrar al portal es {code}. Vale 15 minutos y una sola vez. Nadie se la va a "
    "pedir por teléfono ni por mensaje: no la comparta. Si usted no la pidió, no tiene que hacer nada.",
    "en": "Your code to enter the portal is {code}. It is good for 15 minutes and only once. Nobody will "
    "ask you for it by phone or message: do not share it. If you did not ask for it, do nothing.",
}


def code(digits: str, *, language: str) -> Letter:
    """The letter."""
    return Letter(SUBJECT[language], TEXT[language].format(code=digits) + "\n")
