"""The commands of whoever runs the notifier, and of institutions: `simvigia notices …`, `simvigia enrol`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detector.console import Commands
from detector.errors import BadInput

if TYPE_CHECKING:
    from serve.store.database import Connection

STORE_NAME = "SIMVIGIA_STORE"
FILE = click.Path(path_type=Path, dir_okay=False)
STORE = click.option("--store", help=f"The service's store; else {STORE_NAME}.")


@contextmanager
def _opened(store: str | None) -> Iterator[Connection]:
    from serve.store.database import connect

    url = store or os.environ.get(STORE_NAME)
    if not url:
        raise BadInput(f"name the store with --store or {STORE_NAME}")
    own = connect(url)
    try:
        yield own
    finally:
        own.close()


@click.group(cls=Commands)
def notices() -> None:
    """Look after the messages to people: what was given up, proof of sending, an authority's delay."""


@notices.command()
@click.argument("file", type=FILE)
@click.option("--closing", type=FILE, help="Also write what enrols and opens no contact, here.")
def key(file: Path, closing: Path | None) -> None:
    """Make the notifier's keys in FILE. A copy in a safe place: without it nobody enrolled can be told."""
    from serve.notices.keys import NoticeKeys

    made = NoticeKeys.fresh()
    made.save(file)
    if closing is not None:
        made.closing().save(closing)


@notices.command()
@STORE
def dead(store: str | None) -> None:
    """List the messages that were given up, the latest first."""
    from serve.notices import proof

    with _opened(store) as own:
        found = proof.dead(own)
    for letter in found:
        times = f"{letter.created_at:%Y-%m-%d %H:%M} {letter.dead_at:%Y-%m-%d %H:%M}"
        click.echo(f"{letter.message} {letter.kind} {times} {letter.attempts} {letter.fault}")
    click.echo(f"{len(found)} given up.", err=True)


@notices.command()
@click.argument("message", required=False)
@click.option("--all", "everything", is_flag=True, help="Every message that was given up.")
@STORE
def retry(message: str | None, everything: bool, store: str | None) -> None:
    """Try a message that was given up again, under its old name."""
    from serve.answers import Unknown
    from serve.notices import proof

    if everything == bool(message):
        raise BadInput("name one message, or all of them with --all")
    with _opened(store) as own:
        names = [letter.message for letter in proof.dead(own)] if everything else [message or ""]
        try:
            done = proof.retried(own, names, at=datetime.now(UTC))
        except Unknown:
            raise BadInput("no message of this name was given up") from None
    click.echo(f"{done} to be tried again.")


@notices.command()
@click.argument("message")
@STORE
def show(message: str, store: str | None) -> None:
    """Say what became of a message: waiting, dead, or sent, with proof."""
    from serve.answers import Unknown
    from serve.notices import proof

    with _opened(store) as own:
        try:
            found = proof.fate(own, message)
        except Unknown:
            raise BadInput("no message of this name to a person is known") from None
    for name, value in asdict(found).items():
        if value not in ("", None):
            click.echo(f"{name}: {value}")


@notices.command()
@click.option("--authority", required=True, help="Who asks, in writing.")
@click.option("--reference", required=True, help="The number of the written request.")
@click.option("--by", required=True, help="Who enters it.")
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="When it ends.")
@click.option("--identity-type", default="curp", show_default=True,
              type=click.Choice(["curp", "rfc", "passport"]), help="What is typed.")  # fmt: skip
@STORE
def delay(
    *,
    authority: str,
    reference: str,
    by: str,
    until: datetime,
    identity_type: str,
    store: str | None,
) -> None:
    """Let notices to one person wait, because an authority asked for it. Kept for good, ends by itself.

    The identity is asked for and not shown. Notices are made all the same and told when it ends.
    """
    from detector.pseudonym import Key, Pseudonymiser
    from serve.answers import Refused
    from serve.notices.keys import NoticeKeys
    from serve.notices.manners import hold
    from serve.notices.outfit import KEY_FILE
    from serve.notices.tokens import subject

    if not os.environ.get(KEY_FILE):
        raise BadInput(f"set {KEY_FILE} to the notifier's key file")
    keys, at = NoticeKeys.load(Path(os.environ[KEY_FILE])), datetime.now(UTC)
    typed = click.prompt("Identity", hide_input=True)
    person = subject(identity_type, typed, Pseudonymiser(Key.load()), at=at)
    if person is None:
        raise BadInput("the identity is malformed")
    try:
        with _opened(store) as own, own.writing():
            name = hold(
                own,
                keys.box().row(person).name,
                authority=authority,
                reference=reference,
                entered_by=by,
                until=until.replace(tzinfo=UTC),
                at=at,
            )
    except Refused as refusal:
        raise BadInput(str(refusal)) from None
    click.echo(name)


@click.command()
@click.argument("file", type=FILE)
@click.option("--institution", required=True, help="Its name, as agreed with the operator.")
@click.option("--credentials", type=FILE, required=True,
              help="JSON file with your own client_id and client_secret.")  # fmt: skip
@click.option(
    "--batch", help="Sign this batch, which somebody else proposed; propose one unless given."
)
@click.option("--url", default="http://127.0.0.1:8080", show_default=True, help="The service.")
@click.option("--token-url", help="Where tokens are had; the service's own issuer unless given.")
def enrol(
    *,
    file: Path,
    institution: str,
    credentials: Path,
    batch: str | None,
    url: str,
    token_url: str | None,
) -> None:
    """Sign a batch of people to be enrolled, a CSV FILE. Two people of an institution sign the same file.

    Columns: identity_type, identity_value and contact; where needed tier, language, delegate, vouched_by
    (a carrier) and every (yes or no). docs/institucion.md says more.
    """
    from serve.notices.enrol import Desk, people

    entries = people(file)
    desk = Desk(url, credentials, token_url=token_url)
    signed = desk.sign(institution, entries, batch=batch)
    if batch is None:
        click.echo(f"The batch has one signature. Another person signs it with --batch {signed}")
    else:
        click.echo("The batch has both signatures. Codes are on their way to the people in it.")
