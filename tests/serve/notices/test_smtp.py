"""Ways out, as the environment describes them, against a real mail server."""

from __future__ import annotations

import asyncio
import json
import stat
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from detector.errors import BadInput
from serve.deliveries.queue import Message, NotSent
from serve.notices.mail import Mail, mail_draft
from serve.notices.mailbox import Mailbox
from serve.notices.outfit import institutions, outfit
from serve.notices.sms import sms_draft
from serve.notices.texts import notice
from tests.serve.notices.mailserver import Post, certificate, password, post_office
from tests.serve.notices.people import AT, LETTERS, SENDER

SECRET = "very-secret-password"


def environment(folder: Path, port: int, **more: str) -> dict[str, str]:
    (folder / "password").write_text(SECRET + "\n")
    plain = {
        "SIMVIGIA_SMTP_HOST": "127.0.0.1",
        "SIMVIGIA_SMTP_PORT": str(port),
        "SIMVIGIA_SMTP_SENDER": SENDER,
        "SIMVIGIA_SMTP_USER": "avisos",
        "SIMVIGIA_SMTP_PASSWORD_FILE": str(folder / "password"),
    }
    return plain | more


def letter() -> Message:
    words = notice("ABCD-2345-WXYZ", language="es").letter
    made = mail_draft(
        "n-1", "dani@congreso.example", words, sender=SENDER, language="es", at=AT, vault=LETTERS
    )
    return Message(
        1, made.message, made.route, "mail", made.kind, b"", made.body, 0, datetime.now(UTC), "l"
    )


def short() -> Message:
    made = sms_draft("s-1", "+525512345678", "hola", language="es", vault=LETTERS)
    return Message(
        2, made.message, made.route, "sms", made.kind, b"", made.body, 0, datetime.now(UTC), "l"
    )


def sent(given: dict[str, str]) -> str:
    found = outfit(given)
    assert found.mail
    return asyncio.run(Mail(found.mail, LETTERS, trust=found.trust).send(letter()))


def test_a_letter_goes_out_encrypted_and_with_the_password_of_the_file(tmp_path: Path) -> None:
    context, trusted = certificate(tmp_path)
    options = password("avisos", SECRET) | {"tls_context": context, "require_starttls": True}
    with post_office(**options) as post:
        ca = {"SIMVIGIA_SMTP_CA_FILE": str(trusted)}
        assert sent(environment(tmp_path, post.port, **ca)) == "SMTP 250"

    assert post.names() == ["<n-1@simvigia.example>"]


def test_implicit_tls_works_too(tmp_path: Path) -> None:
    context, trusted = certificate(tmp_path)
    options = {**password("avisos", SECRET), "auth_require_tls": False}
    with post_office(ssl_context=context, **options) as post:
        more = {"SIMVIGIA_SMTP_CA_FILE": str(trusted), "SIMVIGIA_SMTP_SECURITY": "tls"}
        assert sent(environment(tmp_path, post.port, **more)) == "SMTP 250"


def test_nothing_goes_to_a_server_of_another_name_or_without_encryption(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    for options in ({"tls_context": context, "require_starttls": True}, {}):
        with post_office(Post(), **options) as post:
            with pytest.raises(NotSent) as fault:
                sent(environment(tmp_path, post.port))
            assert post.offered == 0
        assert SECRET not in str(fault.value)


def test_a_wrong_password_is_a_fault_that_does_not_show_it(tmp_path: Path) -> None:
    context, trusted = certificate(tmp_path)
    options = password("avisos", "another") | {"tls_context": context, "require_starttls": True}
    with post_office(**options) as post, pytest.raises(NotSent, match="SMTP") as fault:
        sent(environment(tmp_path, post.port, SIMVIGIA_SMTP_CA_FILE=str(trusted)))

    assert SECRET not in str(fault.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SIMVIGIA_SMTP_SECURITY", "maybe"),
        ("SIMVIGIA_SMTP_PORT", "99999"),
        ("SIMVIGIA_SMTP_SENDER", "nobody"),
        ("SIMVIGIA_SMTP_PASSWORD_FILE", "not-there"),
        ("SIMVIGIA_SMTP_CA_FILE", "not-there"),
        ("SIMVIGIA_QUIET_HOURS", "25:00-07:00"),
        ("SIMVIGIA_GATEWAY_URL", "http://plain.example"),
        ("SIMVIGIA_INSTITUTIONS", "not-there"),
    ],
)
def test_a_setting_that_cannot_be_is_named_and_not_quoted(
    tmp_path: Path, variable: str, value: str
) -> None:
    with pytest.raises(BadInput, match=variable) as refusal:
        outfit(environment(tmp_path, 25, **{variable: value}))

    assert value not in str(refusal.value)


def test_plain_mail_is_for_this_machine_only(tmp_path: Path) -> None:
    more = {"SIMVIGIA_SMTP_HOST": "mail.example", "SIMVIGIA_SMTP_SECURITY": "none"}
    with pytest.raises(BadInput, match="this machine"):
        outfit(environment(tmp_path, 25, **more))


def test_notices_need_a_way_out() -> None:
    with pytest.raises(BadInput, match="SMTP_HOST"):
        outfit({})


def test_quiet_hours_can_be_moved_and_left_out(tmp_path: Path) -> None:
    here = {"SIMVIGIA_MAILBOX": str(tmp_path)}
    moved = outfit(here | {"SIMVIGIA_QUIET_HOURS": "23:30-06:00 America/Tijuana"}).manners
    none = outfit(here | {"SIMVIGIA_QUIET_HOURS": "off"}).manners

    assert (moved.quiet_from, moved.quiet_until) == (time(23, 30), time(6))
    assert moved.zone.key == "America/Tijuana"
    assert none.awake(AT.replace(hour=8)) == AT.replace(hour=8)


def test_an_institution_needs_two_people_who_sign(tmp_path: Path) -> None:
    path = tmp_path / "institutions.json"
    path.write_text(json.dumps({"congreso": {"domains": ["congreso.example"], "signers": ["a"]}}))

    with pytest.raises(BadInput, match="two people"):
        institutions(str(path))


@pytest.mark.parametrize("portal", ["lineas.gob.mx", "https://lineas", "x" * 61, "«Mis líneas»"])
def test_what_the_portal_is_called_is_no_link(tmp_path: Path, portal: str) -> None:
    path = tmp_path / "institutions.json"
    house = {"domains": ["congreso.example"], "signers": ["a", "b"], "portal": portal}
    path.write_text(json.dumps({"congreso": house}))

    with pytest.raises(BadInput, match="portal must be"):
        institutions(str(path))

    path.write_text(json.dumps({"congreso": house | {"portal": "Mis líneas, del Congreso"}}))
    assert institutions(str(path))["congreso"].portal == "Mis líneas, del Congreso"


def test_a_folder_takes_letters_and_short_messages_for_its_owner_alone(tmp_path: Path) -> None:
    box = Mailbox(tmp_path / "box", LETTERS)
    for message in (letter(), short(), letter()):
        assert asyncio.run(box.send(message)) == "kept"

    kept = sorted((tmp_path / "box").iterdir())
    assert [path.name for path in kept] == ["n-1.eml", "s-1.json"]
    assert b"Message-ID: <n-1@simvigia.example>" in kept[0].read_bytes()
    assert json.loads(kept[1].read_text())["text"] == "hola"
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


def test_a_folder_that_cannot_be_written_is_a_fault_and_the_letter_waits(tmp_path: Path) -> None:
    (tmp_path / "box").write_text("a file, not a folder")

    with pytest.raises(NotSent):
        asyncio.run(Mailbox(tmp_path / "box", LETTERS).send(letter()))
