"""`simvigia worker`: what needs the key that opens the log, as a process of its own."""

from __future__ import annotations

import os
from pathlib import Path

import click

from detector.errors import BadInput

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--store", help="sqlite:///path or postgresql://user@host/database.")
@click.option("--model", type=FOLDER, help="Model folder; the shipped champion unless given.")
def worker(folder: Path, *, store: str | None, model: Path | None) -> None:
    """Do what needs the key of the log: reports, later stages, rings, reviews, notices, retention.

    It listens in FOLDER, for processes of this machine that may enter it and run `simvigia serve` with
    SIMVIGIA_WORKER=FOLDER and without that key. One worker to a store; its settings are those of `serve`.
    """
    import uvicorn

    from serve import assembly, wiring
    from serve.store.keys import WORKER
    from serve.working.answering import HTTP
    from serve.working.worker import AT

    environment = os.environ
    if environment.get(WORKER):
        raise BadInput(f"{WORKER} is for the processes that answer; the worker is this one")
    environment |= {AT: str(folder)}
    if store:
        environment[assembly.STORE] = store
    if model:
        environment[assembly.MODEL] = str(model)
    wiring.checked(environment)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    click.echo(f"simvigia: a worker listens in {folder}", err=True)
    uvicorn.run(
        "serve.working.worker:application",
        factory=True,
        uds=str(folder / HTTP),
        forwarded_allow_ips="*",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
