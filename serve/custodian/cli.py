"""The commands of whoever runs a custodian: `simvigia custodian …`."""

from __future__ import annotations

import resource
import secrets
import time
from pathlib import Path

import click

from detector.console import Commands
from detector.errors import BadInput

FILE = click.Path(path_type=Path, dir_okay=False)
KEYS = click.option("--keys", type=FILE, required=True, help="File with the custodian's key ring.")


@click.group(cls=Commands)
def custodian() -> None:
    """Run the process that evaluates blinded identities and learns none. Not by the engine's people."""


@custodian.command()
@KEYS
@click.option("--clients", type=FILE, required=True, help="JSON file of who may ask how much.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=int, default=8061, show_default=True, help="Port to listen at.")
def run(keys: Path, clients: Path, host: str, port: int) -> None:
    """Answer clients until stopped. No element is logged, and a crash leaves no memory on disk."""
    import uvicorn

    from serve.custodian.app import Custodian
    from serve.custodian.clients import Budgets, load
    from serve.custodian.keyring import Ring

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    app = Custodian(Ring.load(keys), Budgets(load(clients), time.monotonic))
    uvicorn.run(app, host=host, port=port, access_log=False, log_level="warning")


@custodian.command()
@KEYS
@click.option("--id", "key_id", required=True, help="Name of the new key, such as 2026q4.")
def add_key(keys: Path, key_id: str) -> None:
    """Make a new key, the newest of the ring; print the public key that clients pin."""
    from serve.custodian.keyring import EpochKey, Ring

    ring = Ring.load(keys) if keys.exists() else Ring(())
    key = EpochKey.fresh(key_id)
    ring.with_key(key).save(keys)
    click.echo(f"{key.id} {key.public.hex()}")


@custodian.command()
@KEYS
@click.option("--id", "key_id", required=True, help="Name of the key to destroy.")
def destroy_key(keys: Path, key_id: str) -> None:
    """Destroy a key: no token of its epoch can ever be made again. Restart the process afterwards."""
    from serve.custodian.keyring import Ring

    Ring.load(keys).without(key_id).save(keys)
    click.echo(f"{key_id} is destroyed here. Copies of the file elsewhere still hold it.")


@custodian.command()
@KEYS
def public_keys(keys: Path) -> None:
    """Print the ring's public keys, newest last."""
    from serve.custodian.keyring import Ring

    for key in Ring.load(keys).keys:
        click.echo(f"{key.id} {key.public.hex()}")


@custodian.command()
def credential() -> None:
    """Print a new credential for a client, and the hash that goes into the file of clients."""
    from serve.custodian.clients import credential_hash

    text = secrets.token_urlsafe(32)
    click.echo(f"credential {text}")
    click.echo(f"credential_sha256 {credential_hash(text).hex()}")


@custodian.command()
@click.option("--settings", type=FILE, required=True, help="JSON file: whom to ask, keys pinned.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=int, default=8062, show_default=True, help="Port to listen at.")
def edge(settings: Path, host: str, port: int) -> None:
    """Run a carrier's edge: raw rows in, tokenised rows out, in memory only."""
    import uvicorn

    from serve.custodian import edge_settings

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    app = edge_settings.load(settings)
    uvicorn.run(app, host=host, port=port, access_log=False, log_level="warning")


def main() -> None:
    """Run as a program of its own."""
    try:
        custodian()
    except BadInput as fault:
        raise SystemExit(f"simvigia: {fault}") from None


if __name__ == "__main__":
    main()
