"""The commands on the audit log: `simvigia audit …`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from detector.console import Commands, bars
from detector.errors import BadInput
from serve.audit.checkpoints import opened, public_key
from serve.audit.storage import FileStorage, Storage, StoreStorage
from serve.audit.verify import verify as verified


class Month(click.ParamType[int]):
    """A whole month, as its first microsecond: shorter windows would tell single people apart."""

    name = "month"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """Microseconds since 1970."""
        try:
            first = datetime.strptime(str(value), "%Y-%m").replace(tzinfo=UTC)
        except ValueError:
            self.fail("Expected a year and a month such as 2026-05.", param, ctx)
        return int(first.timestamp()) * 1_000_000


STAGES = ("activation", "first_attach", "day_1", "day_7")
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
MODELS = Path(__file__).resolve().parent.parent.parent / "models"


@click.group(cls=Commands)
def audit() -> None:
    """Check the log of decisions, look-ups, label changes, promotions, key events and erasures."""


@audit.command()
@click.option("--log", type=FILE, help="The audit log as a file.")
@click.option("--store", help="The store whose log it is: sqlite:///path or postgresql://…")
@click.option("--key", type=FILE, help="Public key of the log, 32 bytes in hexadecimal.")
@click.option(
    "--checkpoint", type=FILE, multiple=True, help="A checkpoint that was kept; repeatable."
)
def verify(
    *, log: Path | None, store: str | None, key: Path | None, checkpoint: tuple[Path, ...]
) -> None:
    """Say whether the log is the one that was written, and if not, at which record."""
    if checkpoint and key is None:
        raise BadInput("a checkpoint is checked with the log's public key: give --key")
    signer = public_key(key) if key else None
    kept = [opened(_note(path), signer) for path in checkpoint if signer]
    report = verified(_storage(log, store), kept)
    click.echo(f"{report.records} records, root {report.root.hex()}")
    click.echo(f"checked against {len(kept)} kept checkpoints")
    for finding in report.findings:
        click.echo(str(finding))
    if report.findings:
        click.get_current_context().exit(1)
    click.echo(
        "whole" if kept else "whole by its own chain; only a kept checkpoint shows a rewrite"
    )


def _storage(log: Path | None, store: str | None) -> Storage:
    from serve.store.database import connect

    if (log is None) == (store is None):
        raise BadInput("name the log by --log or by --store")
    if store is not None:
        return StoreStorage(connect(store))
    if log is None or not log.is_file():
        raise BadInput(f"there is no audit log {log.name if log else ''}")
    return FileStorage(log)


@audit.command()
@click.argument("assessment", type=click.UUID)
@click.option("--store", required=True, help="sqlite:///path or postgresql://user@host/database.")
@click.option("--model", type=FOLDER, help="Model folder; the shipped champion unless given.")
@click.option("--stage", type=click.Choice(STAGES), help="The latest stage unless given.")
def explain(assessment: UUID, *, store: str, model: Path | None, stage: str | None) -> None:
    """Make one decision again from its stored vector, and say whether it is the same.

    Exit code 1 where it is not.
    """
    from serve.audit.explain import explained, told
    from serve.models import verified as checked
    from serve.store.books import Books
    from serve.store.database import connect

    folder = model or MODELS / "champion"
    champion = checked(folder) if folder.is_dir() else None
    found = explained(Books(connect(store)), assessment, stage=stage, model=champion)
    click.echo(told(found))
    if found.faults:
        click.get_current_context().exit(1)


@audit.command()
@click.argument("file", type=FILE)
def key(file: Path) -> None:
    """Make the audit's key in FILE, or another one behind those it holds; print its public half.

    Whoever has the file reads who was registered in coarse groups: it belongs to the audit, away from
    the service.
    """
    from serve.auditkeys import AuditKeys

    held = AuditKeys.load(file) if file.exists() else AuditKeys(())
    made = held.with_fresh()
    made.save(file)
    click.echo(made.public.hex())


@audit.command()
@click.option("--store", required=True, help="sqlite:///path or postgresql://user@host/database.")
@click.option("--key", "file", type=FILE, help="The audit's key; else SIMVIGIA_AUDIT_KEY_FILE.")
@click.option("--since", type=Month(), help="First month, as 2026-05.")
@click.option("--until", type=Month(), help="First month that is left out.")
@click.option("--carrier", help="Only what this carrier asked.")
@click.option("--out", type=FILE, help="JSON file to write it to as well.")
def segments(
    *,
    store: str,
    file: Path | None,
    since: int | None,
    until: int | None,
    carrier: str | None,
    out: Path | None,
) -> None:
    """How often honest people are bothered, by sex, age, birthplace and rural or not, with intervals.

    Of registrations that were answered while somebody waited; whoever has no verdict of misuse counts as
    honest. Where fewer than ten people stand behind a number it is not shown.
    """
    from serve.audit.groups import asked, opened
    from serve.audit.sheet import told, written
    from serve.auditkeys import AUDIT_FILE, AuditKeys, named
    from serve.store.books import Books
    from serve.store.database import snapshot

    keys = AuditKeys.load(file) if file else named()
    if keys is None:
        raise BadInput(f"groups open with the audit's key only: give --key or set {AUDIT_FILE}")
    with bars() as report, snapshot(store) as own:
        books = Books(own)
        groups = opened(books, keys, progress=report)
        answered = asked(books, since=since, until=until, carrier=carrier, progress=report)
    found = answered.audits(groups)
    click.echo(told(found, known=groups.known(answered.at)))
    if out:
        written(found, out)


def _note(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"cannot read the checkpoint {path.name}") from None
