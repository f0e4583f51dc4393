"""The commands on the audit log: `simvigia audit …`."""

from __future__ import annotations

from pathlib import Path

import click

from detector.console import Commands
from detector.errors import BadInput
from serve.audit.checkpoints import opened, public_key
from serve.audit.storage import FileStorage
from serve.audit.verify import verify as verified

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=Commands)
def audit() -> None:
    """Check the log of decisions, look-ups, label changes, promotions, key events and erasures."""


@audit.command()
@click.option("--log", type=FILE, required=True, help="The audit log.")
@click.option("--key", type=FILE, help="Public key of the log, 32 bytes in hexadecimal.")
@click.option(
    "--checkpoint", type=FILE, multiple=True, help="A checkpoint that was kept; repeatable."
)
def verify(log: Path, key: Path | None, checkpoint: tuple[Path, ...]) -> None:
    """Say whether the log is the one that was written, and if not, at which record."""
    if not log.is_file():
        raise BadInput(f"there is no audit log {log.name}")
    if checkpoint and key is None:
        raise BadInput("a checkpoint is checked with the log's public key: give --key")
    signer = public_key(key) if key else None
    kept = [opened(_note(path), signer) for path in checkpoint if signer]
    report = verified(FileStorage(log), kept)
    click.echo(f"{report.records} records, root {report.root.hex()}")
    click.echo(f"checked against {len(kept)} kept checkpoints")
    for finding in report.findings:
        click.echo(str(finding))
    if report.findings:
        click.get_current_context().exit(1)
    click.echo(
        "whole" if kept else "whole by its own chain; only a kept checkpoint shows a rewrite"
    )


def _note(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"cannot read the checkpoint {path.name}") from None
