"""The commands of a store's keys: `simvigia keys`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

STORE = "sqlite:///path or postgresql://user@host/database."


class PublicKey(click.ParamType[bytes]):
    """32 bytes in hexadecimal that are an X25519 public key."""

    name = "public"

    def convert(self, value: Any, param: Any, ctx: Any) -> bytes:
        """The bytes."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

        try:
            return X25519PublicKey.from_public_bytes(bytes.fromhex(value)).public_bytes_raw()
        except ValueError:
            self.fail(
                "Expected 64 hexadecimal digits, as `simvigia audit key` prints them.", param, ctx
            )


@click.group()
def keys() -> None:
    """What names and seals a store's rows: two files for two roles, in epochs.

    The engine's file is for whoever answers, the worker's for whoever reads the log; keep them apart. They are
    found by SIMVIGIA_ENGINE_KEY_FILE and SIMVIGIA_WORKER_KEY_FILE, or beside a SQLite store.
    """


@keys.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def new(folder: Path) -> None:
    """Make engine.key and worker.key in FOLDER, for a store that is still empty."""
    from serve.store.keys import ENGINE_NAME, WORKER_NAME, StoreKeys

    folder.mkdir(parents=True, exist_ok=True)
    StoreKeys.generate(folder)
    click.echo(f"{folder / ENGINE_NAME}\n{folder / WORKER_NAME}")


@keys.command()
@click.option("--store", required=True, help=STORE)
def show(store: str) -> None:
    """Each epoch: how many histories lie in it, and what still opens."""
    from serve.store.books import Books
    from serve.store.database import connect
    from serve.store.epochs import epochs

    books = Books(connect(store))
    for epoch in epochs(books):
        opens = ", ".join(epoch.opens) or "nothing"
        newest = "  (seals)" if epoch.newest else ""
        click.echo(f"epoch {epoch.number}: {epoch.histories:,} histories; opens {opens}{newest}")


@keys.command()
@click.option("--store", required=True, help=STORE)
def rotate(store: str) -> None:
    """Begin a new epoch. A running service seals with it within a second; no score changes."""
    from serve.store.books import Books
    from serve.store.database import connect
    from serve.store.epochs import rotate as begin

    books = Books(connect(store))
    number = begin(books, datetime.now(UTC))
    click.echo(f"epoch {number} has begun; histories move to it as they are touched")


@keys.command()
@click.argument("public", type=PublicKey())
@click.option("--store", required=True, help=STORE)
def audit(public: bytes, store: str) -> None:
    """Keep coarse groups for the audit, sealed to its PUBLIC key, which `simvigia audit key` printed.

    Age band, sex and state of birth of each registration from now on, which nobody else can read.
    """
    from serve.store.books import Books
    from serve.store.database import connect
    from serve.store.epochs import audit as begin

    begin(Books(connect(store)), public, datetime.now(UTC))
    click.echo(
        'groups are sealed to this key from now on; edges take it as "audit" in their settings'
    )


@keys.command()
@click.argument("epoch", type=click.IntRange(1))
@click.option("--store", required=True, help=STORE)
@click.option("--frozen", is_flag=True, help="Also the epoch's vectors and verdicts.")
@click.confirmation_option(prompt="What only this epoch's keys open will be lost. Go on?")
def destroy(epoch: int, store: str, *, frozen: bool) -> None:
    """End an old EPOCH: what was not touched since opens no more, here and in every backup.

    Copies of the key files are yours to destroy.
    """
    from serve.store.books import Books
    from serve.store.database import connect
    from serve.store.epochs import destroy as end

    books = Books(connect(store))
    gone = end(books, epoch, datetime.now(UTC), frozen=frozen)
    click.echo(f"epoch {epoch} has ended; {gone:,} histories that nobody touched since are gone")
