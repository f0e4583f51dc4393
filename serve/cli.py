"""The service's commands: `simvigia serve`, `replay`, `openapi`, `know` and `rehearse`."""

from __future__ import annotations

import json
import os
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detector.errors import BadInput
from serve.naming import API_BASE, API_NAME, DISPUTE_SCOPES, SCOPES

if TYPE_CHECKING:
    from serve.knowing import Told

REHEARSED = ("alfa", "beta", "gama")
HOUSE, HOUSE_DOMAIN = "Congreso de prueba", "congreso.example"  # of the rehearsal
HOUSE_PORTAL = "Mis líneas, el portal de prueba"
SIGNERS = ["firma-uno", "firma-dos"]
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
STORE_HELP = "sqlite:///path (the default, nothing to install) or postgresql://user@host/database."
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
KEY_FILE = click.option(
    "--key-file", type=FILE, help="File with the pseudonym key; else as `simvigia score`."
)


@click.command()
@click.option("--model", type=FOLDER, help="Model folder; the shipped champion unless given.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8080, show_default=True,
              help="Port to listen on.")  # fmt: skip
@click.option("--store", help=STORE_HELP + " [default: sqlite:///simvigia.db]")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True,
              help="Processes; more than one needs PostgreSQL.")  # fmt: skip
@click.option("--carrier", "carriers", multiple=True, default=REHEARSED, show_default=True,
              help="Carrier that the rehearsal's client acts for; may be repeated.")  # fmt: skip
def serve(
    *,
    model: Path | None,
    host: str,
    port: int,
    store: str | None,
    workers: int,
    carriers: tuple[str, ...],
) -> None:
    """Answer carriers over HTTP.

    Without settings it serves on this machine only, with a key and a client of its own making, kept
    beside the store: enough to try everything. docs/operator.md says what production sets.
    """
    import uvicorn

    from serve import assembly, wiring
    from serve.store.keys import WORKER
    from serve.working import answering

    environment = os.environ
    if store:
        environment[assembly.STORE] = store
    if model:
        environment[assembly.MODEL] = str(model)
    url = environment.setdefault(assembly.STORE, assembly.DEFAULT_STORE)
    if workers > 1 and url.startswith("sqlite:"):
        raise BadInput("several workers need a store that they can share: --store postgresql://…")
    if not environment.get("SIMVIGIA_ISSUER"):
        if host not in LOOPBACK:
            raise BadInput("set SIMVIGIA_ISSUER before listening beyond this machine")
        _rehearse(url, port, carriers)
    role = answering if environment.get(WORKER) else wiring
    role.checked(environment)
    click.echo(f"simvigia: serving http://{host}:{port}{API_BASE}", err=True)
    uvicorn.run(
        f"{role.__name__}:application",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


def _rehearse(url: str, port: int, carriers: tuple[str, ...]) -> None:
    """A key, an issuer and one client, made once and kept beside the store."""
    from detector.pseudonym import KEY, KEY_FILE, Key
    from serve import assembly
    from serve.store import keys as store_keys

    folder = _beside(url)
    environment = os.environ
    if not environment.get(KEY_FILE) and not environment.get(KEY):
        key = folder / "simvigia.key"
        if not key.exists():
            Key.generate(key)
        environment[KEY_FILE] = str(key)
    if store_keys.found(url) is None and not environment.get(store_keys.WORKER):
        store_keys.rehearsed(folder)
    known, credentials = folder / "clients.json", folder / "credentials.json"
    if not known.exists():
        _client(known, credentials, carriers)
        _reviewers(known, folder / "reviewers.json", carriers)
    _rehearse_notices(folder, known)
    environment |= {
        assembly.REHEARSAL: "on",
        "SIMVIGIA_ISSUER": f"http://127.0.0.1:{port}",
        "SIMVIGIA_DEV_ISSUER": "on",
        "SIMVIGIA_DEV_CLIENTS": str(known),
        "SIMVIGIA_DEV_KEY_FILE": str(folder / "issuer.json"),
    }
    environment.setdefault("SIMVIGIA_SEVERAL_CARRIERS", "on")
    environment.setdefault("SIMVIGIA_SANDBOX", "on")
    click.echo(f"simvigia: a rehearsal; the client's id and secret are in {credentials}", err=True)


def _rehearse_notices(folder: Path, known: Path) -> None:
    """The notifier's keys, a folder for its letters, and an institution with two people who sign."""
    from serve.notices import outfit
    from serve.notices.keys import NoticeKeys

    environment = os.environ
    if not environment.get(outfit.KEY_FILE):
        keys = folder / "notices.key"
        if not keys.exists():
            NoticeKeys.fresh().save(keys)
        environment[outfit.KEY_FILE] = str(keys)
    environment.setdefault(outfit.MAILBOX, str(folder / "mailbox"))
    institutions = folder / "institutions.json"
    if not institutions.exists():
        held = json.loads(known.read_text("utf-8"))
        for signer in SIGNERS:
            held[signer] = _signer(folder / f"{signer}.json", signer)
        _write_private(known, held)
        house = {"domains": [HOUSE_DOMAIN], "signers": SIGNERS, "portal": HOUSE_PORTAL}
        _write_private(institutions, {HOUSE: house})
    environment.setdefault(outfit.INSTITUTIONS, str(institutions))


def _signer(credentials: Path, name: str) -> dict[str, object]:
    """Somebody of the rehearsal's institution."""
    from serve.api.enrolment import SIGN
    from serve.issuer import secret_hash

    secret = secrets.token_urlsafe(24)
    _write_private(credentials, {"client_id": name, "client_secret": secret})
    return {"secretHash": secret_hash(secret), "carriers": [], "scopes": [SIGN]}


def _beside(url: str) -> Path:
    if not url.startswith("sqlite:///"):
        raise BadInput("with a PostgreSQL store set SIMVIGIA_ISSUER and SIMVIGIA_KEY_FILE")
    folder = Path(url.removeprefix("sqlite:///")).parent
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _client(known: Path, credentials: Path, carriers: tuple[str, ...]) -> None:
    """One client that may do everything for its carriers."""
    from serve.api.enrolment import VOUCH
    from serve.api.subscriptions import SCOPES as SUBSCRIBING
    from serve.issuer import secret_hash

    name, secret = "rehearsal", secrets.token_urlsafe(24)
    held = {
        "secretHash": secret_hash(secret),
        "carriers": list(carriers),
        "scopes": sorted({*SCOPES, *SUBSCRIBING, *DISPUTE_SCOPES, VOUCH}),
    }
    _write_private(known, {name: held})
    _write_private(credentials, {"client_id": name, "client_secret": secret})


def _reviewers(known: Path, credentials: Path, carriers: tuple[str, ...]) -> None:
    """Two people who may review: some cases need both."""
    from serve.issuer import secret_hash
    from serve.review.api import SCOPES as REVIEWING

    held, told = json.loads(known.read_text("utf-8")), {}
    for name in ("reviewer-1", "reviewer-2"):
        told[name] = secrets.token_urlsafe(24)
        held[name] = {
            "secretHash": secret_hash(told[name]),
            "carriers": list(carriers),
            "scopes": sorted(REVIEWING),
        }
    _write_private(known, held)
    _write_private(credentials, told)


def _write_private(path: Path, content: object) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file, indent=1)


@click.command()
@click.option("--store", required=True, help=STORE_HELP)
@KEY_FILE
@click.option("--model", "folders", type=FOLDER, multiple=True,
              help="Folder with models that answered, at any depth; may be repeated. The shipped champion "
              "and the promotions kept beside a SQLite store are known.")  # fmt: skip
def replay(store: str, folders: tuple[Path, ...], key_file: Path | None) -> None:
    """Prove that a store's answers are what a replay of its events says, bit for bit.

    Score and decision are made again by the model that each answer names. A key is needed where the store
    was told of breaches or officials.
    """
    from detector.cli import CHAMPION
    from detector.console import bars
    from detector.pseudonym import Key
    from serve import assembly
    from serve.reference.live import readable
    from serve.replay import RULES, differences, models_in, versions
    from serve.store.books import Books
    from serve.store.database import snapshot

    kept = assembly.kept({assembly.STORE: store})
    models = models_in([CHAMPION, *folders, *([kept] if kept and kept.is_dir() else [])])
    checked = 0
    with bars() as report, snapshot(store) as own:  # whatever is answered meanwhile
        books = Books(own)
        tables = readable(store, books, key=Key.load(key_file) if key_file else None)
        found = differences(
            books, lambda share: report("Replaying", share), models=models, tables=tables
        )
        for difference in found:
            if difference is not None:
                click.echo(f"simvigia: {difference}", err=True)
                sys.exit(1)
            checked += 1
        named, others = versions(books)
    click.echo(f"{checked:,} assessments, every one the same in the replay.")
    if others:
        click.echo(f"{others:,} were made with other features than this program has: passed over.")
    for name, count in sorted(named.items()):
        said = (
            ""
            if name in {*models, RULES}
            else "; not here, so only the vectors were compared: --model"
        )
        click.echo(f"  {count:,} by {'model ' + name if name else 'rules alone'}{said}")


@click.command()
@click.option("--data", type=FOLDER, required=True,
              help="Folder with breaches and breach_members, officials, or both.")  # fmt: skip
@click.option("--store", required=True, help=STORE_HELP)
@click.option("--notifier", required=True, help="Who gave these rows.")
@click.option("--basis", required=True, help="By which right: the norm, order or consent.")
@KEY_FILE
def know(data: Path, store: str, *, notifier: str, basis: str, key_file: Path | None) -> None:
    """Tell a store of breaches and officials, by keyed tables that name nobody.

    Incidents and members add to what is known; officials are the whole register. Rows may be raw or
    tokenised; none is written down. With SIMVIGIA_TOKENS=custodian raw ones are refused. What was answered
    stays as it is.
    """
    from detector.console import bars
    from detector.pseudonym import Key, Pseudonymiser
    from serve.admission import CUSTODIAN, TokensOnly
    from serve.clock import system
    from serve.knowing import tell
    from serve.reference import notice
    from serve.reference.live import tables_of
    from serve.store.books import Books
    from serve.store.database import connect

    key, own = Key.load(key_file), connect(store)
    custodian = os.environ.get("SIMVIGIA_TOKENS", "").lower() == CUSTODIAN
    door = TokensOnly(key) if custodian else Pseudonymiser(key)
    given = notice.Provenance(notifier, basis, datetime.fromtimestamp(system() / 1e6, UTC).date())
    with bars() as report:
        told = notice.read(data, door, given, progress=lambda s: report("Reading", s))
    done = tell(Books(own), tables_of(store, own, key=key), told)
    click.echo(_told(done, len(told.rejections)))


def _told(done: Told, rejected: int) -> str:
    office = "" if done.officials is None else f" and {done.officials:,} officials"
    held = ", ".join(f"{count:,} in {kind}" for kind, count in done.held.items())
    missed = f" {rejected:,} rows were not taken." if rejected else ""
    return f"{done.members:,} breach members{office} told; the tables hold {held}.{missed}"


@click.command()
@click.option("--api", default=API_NAME, show_default=True,
              type=click.Choice([API_NAME, f"{API_NAME}-subscriptions"]), help="Which API.")  # fmt: skip
@click.option("--out", type=FILE, help="File to write; standard output unless given.")
def openapi(api: str, out: Path | None) -> None:
    """Write a published OpenAPI document."""
    from serve.documents import DOCUMENTS
    from serve.openapi import text

    made = text(DOCUMENTS[api]())
    if out is None:
        click.echo(made, nl=False)
    else:
        out.write_text(made, "utf-8")


@click.command()
@click.option("--data", type=FOLDER, required=True, help="Data folder with raw registrations.")
@click.option("--out", type=FOLDER, required=True, help="Folder for the store and its keys.")
@click.option("--model", type=FOLDER, help="Model folder; the shipped champion unless given.")
@click.option("--history", type=click.FloatRange(0.0), default=45.0, show_default=True,
              help="How many days before those are imported.")  # fmt: skip
@click.option("--days", type=click.FloatRange(0.01), default=7.0, show_default=True,
              help="How many days at the end of the data are streamed.")  # fmt: skip
@click.option("--seconds", type=click.FloatRange(1.0), default=40.0, show_default=True,
              help="How long that takes.")  # fmt: skip
def rehearse(
    data: Path, out: Path, model: Path | None, *, history: float, days: float, seconds: float
) -> None:
    """Serve a data folder: import its past, stream its last days over HTTP, prove the answers."""
    from detector.console import bars
    from serve.rehearsal import Plan, Rehearsal

    plan = Plan(data, out, model=model, history=history, days=days, seconds=seconds)
    click.echo(Rehearsal(plan, lambda text: click.echo(f"{text}\n", err=True), bars).run())
