"""The commands for one person's rights: `simvigia subject show|erase|hold`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import click

from detector.errors import BadInput

STORE = "sqlite:///path or postgresql://user@host/database."
FILE = click.Path(path_type=Path, dir_okay=False)


def _about(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of every command about a person; the identity itself is typed or piped, never an argument."""
    for option in (
        click.option("--key-file", type=FILE, help="The pseudonym key; else as `simvigia score`."),
        click.option("--identity-type", type=click.Choice(("curp", "rfc", "passport")),
                     default="curp", show_default=True),
        click.option("--store", required=True, help=STORE),
    ):  # fmt: skip
        command = option(command)
    return command


@click.group()
def subject() -> None:
    """What a store knows of one person: show it, erase it, or keep it for an authority.

    The identity (or its token, where a custodian makes these) is asked for, or read from standard input.
    """


@subject.command()
@_about
def show(store: str, identity_type: str, key_file: Path | None) -> None:
    """Every registration in a person's name, what was answered, and who asked."""
    from detector.signals import REASONS
    from serve.subjects.known import known

    books, who, _ = _opened(store, identity_type, key_file)
    found = known(books, who)
    for one in found:
        where = f", state {one.state}" if one.state else ""
        line = f", line ending in {one.last_two}" if one.last_two else ""
        click.echo(f"{one.day}  {one.carrier}  {one.operation}{line}{where}")
        for stage, decision, codes in one.answers:
            click.echo(f"  {stage}: {decision}")
            for code in codes:
                click.echo(f"    {REASONS[code].es}")
        for day, label, source in one.verdicts:
            click.echo(f"  {day}: {label}, said {source}")
        for day, client in one.asked:
            click.echo(f"  {day}: looked up by {client}")
    click.echo(f"{len(found):,} registrations in this name are in the log.")


@subject.command()
@_about
@click.option(
    "--carrier", help="Only what this carrier told: a carrier may erase its own, no more."
)
@click.confirmation_option(prompt="This cannot be taken back. Go on?")
def erase(store: str, identity_type: str, key_file: Path | None, *, carrier: str | None) -> None:
    """Erase a person. Refused while a dispute is open or an authority's hold stands.

    Backups open until the epoch's key is destroyed (`simvigia keys destroy`).
    """
    from serve.subjects.erasing import erase as forget
    from serve.subjects.erasing import left

    books, who, forget_tokens = _opened(store, identity_type, key_file)
    done = forget(books, who, at=datetime.now(UTC), carrier=carrier)
    if carrier is None:
        forget_tokens()
    click.echo(
        f"{done.registrations:,} registrations are nobody's now; {done.records:,} records of their keys"
        f" were written anew. Looked again: {left(books, who):,} in this name are left."
    )
    click.echo("The erasure is on its way into the audit log.")


@subject.command()
@_about
@click.option("--authority", required=True, help="Who asks.")
@click.option("--reference", required=True, help="Of the written request.")
@click.option("--until", type=click.DateTime(("%Y-%m-%d",)), required=True, help="Its last day.")
def hold(
    store: str,
    identity_type: str,
    key_file: Path | None,
    *,
    authority: str,
    reference: str,
    until: date,
) -> None:
    """Keep a person from being erased, for an authority that asked in writing."""
    from serve.subjects.holds import Hold
    from serve.subjects.holds import hold as keep

    books, who, _ = _opened(store, identity_type, key_file)
    ends = datetime.combine(until, time.max, UTC)
    keep(books, who, Hold(authority, reference, ends), at=datetime.now(UTC))
    click.echo(f"Nothing of this person is erased until {ends:%Y-%m-%d}.")


def _opened(
    store: str, identity_type: str, key_file: Path | None
) -> tuple[Any, int, Callable[[], None]]:
    """The store, the key of whoever was typed, and what leaves nothing of the token that was typed.

    A token of the custodian's newer key is led to the first. Raises BadInput for what is no identity.
    """
    from detector.intake import identity
    from detector.pseudonym import Key, Pseudonymiser
    from serve.store.books import Books
    from serve.store.database import connect
    from serve.subjects.tokens import Tokens

    key, own = Key.load(key_file), connect(store)
    tokens = Tokens(own, key)
    typed = click.prompt("Identity", hide_input=True, prompt_suffix=": ", err=True).strip()
    today = (datetime.now(UTC).date() - date(1970, 1, 1)).days
    who = identity(identity_type, tokens.first(typed), Pseudonymiser(key), day=today)
    if not who:
        raise BadInput(f"what was typed is not a {identity_type}, nor a token of one")
    return Books(own), who, lambda: tokens.forget(typed)
