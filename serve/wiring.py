"""Which store, which model, which clock, which keys: the service put together from the environment."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter, FastAPI

from detector.decision import Policy
from detector.errors import BadInput, KeyMissing
from detector.model.signing import Seal
from detector.pseudonym import Key, Pseudonymiser
from serve.admission import CUSTODIAN, Admission, TokensOnly
from serve.answers import Assessment, Unavailable
from serve.api.audit import audit_routers
from serve.api.oracle import oracle_router
from serve.api.subscriptions import view
from serve.app import built_in, create_app
from serve.audit.keeper import Keeper
from serve.champion import Champion
from serve.clock import Clock, clock
from serve.deliveries.addresses import Reach
from serve.deliveries.dispatcher import Chore
from serve.deliveries.outbox import Subscribers
from serve.deliveries.sealing import Vault
from serve.delivering import Delivering, delivering, derived, now
from serve.desk import QueueDesk
from serve.disputing import disputing
from serve.engine import Engine
from serve.forwarding import Forwarding
from serve.judge import Judge
from serve.notices import answered
from serve.notices.keys import NoticeKeys
from serve.notices.outfit import KEY_FILE, outfit
from serve.noticing import Noticing, noticing, open_ways
from serve.oracle.keeping import Writer, load
from serve.oracle.rules import Rules
from serve.oracle.watch import Watch
from serve.portal.locks import Locks
from serve.promoted import Promoted, patient
from serve.reading import Reader
from serve.reference.live import Tables, readable, tables_of
from serve.releasing import Releasing, anybody_enrolled, release
from serve.review.opening import Changed
from serve.reviewing import Reviewing, reviewing
from serve.roots import Roots
from serve.settings import Settings
from serve.shadow.keeper import Keeper as Shadow
from serve.store.books import Books
from serve.store.database import Connection, connect
from serve.store.keys import ENGINE_FILE, WORKER_FILE, found
from serve.store.retention import FROZEN_DAYS, LOG_DAYS, Retention
from serve.tracing import OURS, endpoint, provider
from serve.warm import warm
from serve.witness import Witness
from serve.world import World

MODELS = Path(__file__).resolve().parent.parent / "models"
POLICY = MODELS / "policy.toml"
STORE, MODEL, CLOCK = "SIMVIGIA_STORE", "SIMVIGIA_MODEL", "SIMVIGIA_CLOCK"
REGISTRY, SEAL, PROMOTED = "SIMVIGIA_REGISTRY", "SIMVIGIA_SEAL", "SIMVIGIA_PROMOTED"
REHEARSAL = "SIMVIGIA_REHEARSAL"  # on: events may go to this machine, without TLS
DEFAULT_STORE = "sqlite:///simvigia.db"


@dataclass(frozen=True, slots=True)
class Parts:
    """What runs behind the application."""

    desk: QueueDesk
    champion: Champion
    deliveries: Delivering
    reviews: Reviewing
    shadow: Shadow
    keeper: Keeper
    watch: Watch
    routers: tuple[APIRouter, ...]
    promoted: Promoted | None = None
    notices: Noticing | None = None

    def start(self) -> None:
        """Begin to answer."""
        if self.promoted:
            self.promoted.watch()
        self.champion.watch()
        self.deliveries.background.start()
        if self.notices and self.notices.watcher:
            self.notices.watcher.start()
        self.keeper.start()
        self.desk.start()
        self.shadow.start()

    def stop(self) -> None:
        """Answer what waits, then end."""
        self.desk.stop()
        self.shadow.stop()
        if self.notices and self.notices.watcher:
            self.notices.watcher.stop()
        self.deliveries.background.stop()
        self.keeper.stop()
        self.champion.close()
        if self.promoted:
            self.promoted.close()


def parts(
    environment: Mapping[str, str] = os.environ, *, settings: Settings | None = None
) -> Parts:
    """Store, engine and model, and the watch over askers as the settings say.

    Raises BadInput, KeyMissing and Unavailable.
    """
    key, settings = Key.load(environment=environment), settings or Settings.load(environment)
    door, enrolling_door = doors(key, settings.tokens)
    url = environment.get(STORE) or DEFAULT_STORE
    time = clock(environment.get(CLOCK, ""))
    promoted = promotions(environment)
    champion = Champion(promoted or shipped(environment))
    told = [Subscribers(view, now=now).changed for _ in range(2)]
    reviews = reviewing(url, key, policy=POLICY, clock=time, changed=told)
    judge = _judge(environment, url, key, champion=champion, reviews=reviews)
    warm(Pseudonymiser(key), judge)
    notices = noticing(url, environment, now=now, clock=time)
    disputes = disputing(url, key, enrolling_door, notices=notices, view=view, now=now)
    chores: tuple[Chore, ...] = (*reviews.chores, *disputes.chores, _retention(environment, time))
    deliveries = _deliveries(environment, url, key, notices=notices, chores=chores)
    own, tables = _opened(url, environment, key)
    engine = Engine(
        own,
        pseudonymiser=door,
        body_key=derived(key, "body"),
        judge=judge,
        clock=time,
        changed=_changed(deliveries, reviews, notices),
        locked=Locks(notices.box).locked if notices else None,
        country=World(own, tables),
    )
    engine.take(())  # folds the journal before the first carrier asks
    watch, writer = _watch(url, key, _rules(settings))
    keeper = _keeper(url, key, champion, writer)
    admission = _admission(settings, url)
    desk = QueueDesk(
        engine,
        Reader(Books(connect(url)), door),
        admission=admission,
        forwarding=Forwarding(connect(url), derived(key, "forwarding")),
        within=settings.answer_within,
        roots=Roots(connect(url), derived(key, "roots")),
        disagreed=watch.disagreed,
        health=lambda: {
            "model": champion.state,
            "tokens": admission.state,
            "tables": tables.state,
            "deliveries": "ok" if deliveries.background.alive() else "stopped",
            **_health(promoted, notices),
            "audit": "ok" if keeper.alive() else "stopped",
        },
    )
    disputes.telling.desk = desk
    enrolling = (notices.router(url, enrolling_door, now),) if notices else ()
    return Parts(
        desk,
        champion,
        deliveries,
        reviews,
        Shadow(url),
        keeper,
        watch,
        (*deliveries.routers, *disputes.routers, *enrolling),
        promoted,
        notices,
    )


def _opened(url: str, environment: Mapping[str, str], key: Key) -> tuple[Books, Tables]:
    """The store that the engine writes, and the tables that it names. Raises TableRefused and KeyMissing."""
    own = Books(connect(url))
    tables = tables_of(url, own.own, environment, key=key)
    tables.opened(own)
    return own, tables


def _admission(settings: Settings, url: str) -> Admission:
    carriers = Books(connect(url)).carriers
    return Admission(settings.tokens, several=settings.several_carriers, carriers=carriers)


def doors(key: Key, mode: str) -> tuple[Pseudonymiser, Pseudonymiser]:
    """What registrations come through, and what enrolments do: with a custodian both take tokens of
    identities only, but who is to be written to gives an address."""
    if mode == CUSTODIAN:
        return TokensOnly(key), TokensOnly(key, but=("contact", "line"))
    return Pseudonymiser(key), Pseudonymiser(key)


def _judge(
    environment: Mapping[str, str], url: str, key: Key, *, champion: Champion, reviews: Reviewing
) -> Judge:
    """The model in force, and after it what people cleared and the small release."""
    Policy.load(POLICY)
    releasing = Releasing(release(environment, key), enrolled=anybody_enrolled(connect(url)))
    return Judge(champion, policy=version(POLICY), seconds=(reviews.clearing, releasing))


def _deliveries(
    environment: Mapping[str, str],
    url: str,
    key: Key,
    *,
    notices: Noticing | None,
    chores: Sequence[Chore],
) -> Delivering:
    """The outbox, with the ways that notices leave by."""
    rehearsal = environment.get(REHEARSAL) == "on"
    made = delivering(
        url,
        key,
        reach=Reach(http=rehearsal, private=rehearsal),
        others=notices.channels if notices else lambda *_: {},
        chores=chores,
    )
    if notices:
        open_ways(url, notices.outfit, made.addresses)
    return made


def _changed(deliveries: Delivering, reviews: Reviewing, notices: Noticing | None) -> Changed:
    """Everybody who hears of new answers, in their transaction."""

    def changed(own: Connection, assessments: Sequence[Assessment]) -> None:
        deliveries.subscribers.changed(own, assessments)
        reviews.opening.changed(own, assessments)
        if notices:
            answered.note(own, assessments)

    return changed


def _keeper(url: str, key: Key, champion: Champion, writer: Writer) -> Keeper:
    """Who writes the audit log."""
    return Keeper(
        lambda: Books(connect(url)),
        signer=Ed25519PrivateKey.from_private_bytes(derived(key, "audit checkpoints")),
        now=now,
        key_id=derived(key, "id")[:8].hex(),
        model=lambda: model.version if (model := champion()) else "",
        chores=(writer,),
    )


def _retention(environment: Mapping[str, str], time: Clock) -> Retention:
    """What the store forgets by itself. Raises BadInput."""
    return Retention(
        time,
        log_days=whole(environment, "SIMVIGIA_LOG_DAYS", LOG_DAYS),
        frozen_days=whole(environment, "SIMVIGIA_FROZEN_DAYS", FROZEN_DAYS),
    )


def whole(environment: Mapping[str, str], name: str, default: int) -> int:
    """A setting that is a whole number from 1 up. Raises BadInput."""
    text = environment.get(name) or str(default)
    if not text.isdigit() or not int(text):
        raise BadInput(f"{name} is a whole number from 1 up")
    return int(text)


def shipped(environment: Mapping[str, str]) -> Path:
    """The folder that answers where nothing was promoted."""
    return Path(environment.get(MODEL) or MODELS / "champion")


def promotions(environment: Mapping[str, str]) -> Promoted | None:
    """Where promotions come from; none where no registry is configured. Raises BadInput and KeyMissing."""
    registry = environment.get(REGISTRY, "")
    if not registry:
        return None
    if not environment.get(SEAL):
        raise BadInput(f"{REGISTRY} is set without {SEAL}: whose promotions are to be believed?")
    patient()
    folder = kept(environment)
    if folder is None:
        raise BadInput(f"{REGISTRY} is set without {PROMOTED}: where are promoted models kept?")
    return Promoted(registry, Seal.of(environment[SEAL]), shipped=shipped(environment), kept=folder)


def kept(environment: Mapping[str, str]) -> Path | None:
    """Where promoted models are kept: beside a SQLite store unless the environment says."""
    named, url = environment.get(PROMOTED, ""), environment.get(STORE) or DEFAULT_STORE
    if named or not url.startswith("sqlite:///"):
        return Path(named) if named else None
    return Path(url.removeprefix("sqlite:///")).parent / "promoted"


def _health(promoted: Promoted | None, notices: Noticing | None) -> dict[str, str]:
    """Parts that not every service has."""
    told = {"registry": promoted.state()} if promoted else {}
    if notices:
        watcher = notices.watcher
        told["notices"] = "ok" if watcher is None or watcher.alive() else "stopped"
    return told


def _rules(settings: Settings) -> Rules:
    return Rules(
        agent=settings.agent_budget,
        point_of_sale=settings.point_of_sale_budget,
        client=settings.client_budget,
        refuse=settings.refuse_askers,
    )


def _watch(url: str, key: Key, rules: Rules) -> tuple[Watch, Writer]:
    """Over askers, with what it knew before this process, and who writes that down."""
    watch = Watch(derived(key, "oracle"), rules, now=now)
    vault = Vault(derived(key, "oracle state"))
    own = connect(url)
    load(own, watch, vault)
    own.close()
    return watch, Writer(watch, vault)


def version(path: Path) -> str:
    """A hash of a file's content, short."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def application() -> FastAPI:
    """The application of one worker process, as the environment describes it."""
    settings = Settings.load()
    behind, issuer = parts(settings=settings), built_in(settings)
    routers = behind.reviews.routers(issuer, secure=os.environ.get(REHEARSAL) != "on")
    traces = provider(os.environ)
    app = create_app(
        behind.desk,
        settings,
        routers=(
            *behind.routers,
            *routers,
            *audit_routers(behind.keeper),
            oracle_router(behind.watch),
        ),
        development=issuer,
        witness=Witness(behind.keeper, behind.watch),
        tracer=traces.get_tracer(OURS) if traces else None,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        behind.start()
        yield
        behind.stop()
        if traces:
            traces.shutdown()

    app.router.lifespan_context = lifespan
    return app


def checked(environment: Mapping[str, str]) -> None:
    """Raises BadInput where the environment is not enough to serve."""
    Settings.load(environment)
    Key.load(environment=environment)
    promotions(environment)
    _check_store(environment)
    endpoint(environment)
    if environment.get(KEY_FILE):
        NoticeKeys.load(Path(environment[KEY_FILE]))
        outfit(environment)
    url = environment.get(STORE, DEFAULT_STORE)
    if not url:
        raise BadInput(f"{STORE} is empty")
    opening = found(url, environment)
    if opening is None:
        raise KeyMissing(f"set {ENGINE_FILE}: `simvigia keys new FOLDER` makes a store's keys")
    if opening.worker is None:
        raise KeyMissing(f"set {WORKER_FILE}: this service reads its own log")


def _check_store(environment: Mapping[str, str]) -> None:
    """Raises BadInput and KeyMissing where a store that is there was told of tables that cannot be used."""
    url = environment.get(STORE) or DEFAULT_STORE
    with contextlib.suppress(Unavailable):  # what does not answer yet may do so later
        books = Books(connect(url))
        if tables := readable(url, books, environment):
            tables.opened(books)
        books.own.close()
