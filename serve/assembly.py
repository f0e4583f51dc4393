"""What the processes of a service are put together from: keys, store, model, and who hears of answers."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

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
from serve.app import create_app
from serve.audit.keeper import Keeper
from serve.audit.sources import SOURCES, Source
from serve.champion import Champion
from serve.clock import Clock, clock
from serve.deliveries.addresses import Reach
from serve.deliveries.dispatcher import Chore
from serve.deliveries.outbox import Subscribers
from serve.deliveries.sealing import Vault
from serve.delivering import Delivering, delivering, derived, now
from serve.desk import QueueDesk
from serve.engine import Engine
from serve.forwarding import Forwarding
from serve.grouping import Grouping
from serve.issuer import Issuer
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
from serve.store.books import Books
from serve.store.database import Connection, connect
from serve.store.keys import ENGINE_FILE, StoreKeys, found
from serve.store.retention import FROZEN_DAYS, LOG_DAYS, Retention
from serve.tracing import OURS, endpoint, provider
from serve.warm import warm
from serve.witness import Witness
from serve.world import Country

MODELS = Path(__file__).resolve().parent.parent / "models"
POLICY = MODELS / "policy.toml"
STORE, MODEL, CLOCK = "SIMVIGIA_STORE", "SIMVIGIA_MODEL", "SIMVIGIA_CLOCK"
REGISTRY, SEAL, PROMOTED = "SIMVIGIA_REGISTRY", "SIMVIGIA_SEAL", "SIMVIGIA_PROMOTED"
REHEARSAL = "SIMVIGIA_REHEARSAL"  # on: events may go to this machine, without TLS
DEFAULT_STORE = "sqlite:///simvigia.db"


@dataclass(frozen=True, slots=True)
class Ground:
    """What every process that answers stands on."""

    environment: Mapping[str, str]
    settings: Settings
    key: Key
    url: str
    time: Clock
    door: Pseudonymiser
    enrolling_door: Pseudonymiser
    promoted: Promoted | None
    champion: Champion
    reviews: Reviewing
    judge: Judge
    notices: Noticing | None

    @classmethod
    def of(cls, environment: Mapping[str, str], settings: Settings | None = None) -> Ground:
        """As the environment says. Raises BadInput, KeyMissing and Unavailable."""
        key, settings = Key.load(environment=environment), settings or Settings.load(environment)
        door, enrolling_door = doors(key, settings.tokens)
        url = environment.get(STORE) or DEFAULT_STORE
        time = clock(environment.get(CLOCK, ""))
        promoted = promotions(environment)
        champion = Champion(promoted or shipped(environment))
        told = [Subscribers(view, now=now).changed for _ in range(2)]
        reviews = reviewing(url, key, policy=POLICY, clock=time, changed=told)
        judge = judge_of(environment, url, key, champion=champion, reviews=reviews)
        warm(Pseudonymiser(key), judge)
        notices = noticing(url, environment, now=now, clock=time)
        return cls(
            environment,
            settings,
            key,
            url,
            time,
            door,
            enrolling_door,
            promoted,
            champion,
            reviews,
            judge,
            notices,
        )

    def engine(self, country: Country, books: Books, deliveries: Delivering) -> Engine:
        """An engine over this country, which has learnt what was committed before."""
        made = Engine(
            books,
            pseudonymiser=self.door,
            body_key=derived(self.key, "body"),
            judge=self.judge,
            clock=self.time,
            changed=told_of(deliveries, self.reviews, self.notices),
            locked=Locks(self.notices.box).locked if self.notices else None,
            country=country,
            grouping=Grouping.load(self.environment),
        )
        made.take(())  # before the first carrier asks
        return made

    def reader(self) -> Reader:
        """Looks answers up, over a connection of its own."""
        return Reader(Books(connect(self.url)), self.door)

    def desk_parts(self, watch: Watch, admission: Admission) -> dict[str, Any]:
        """What a desk does before the engine sees a question."""
        return {
            "admission": admission,
            "forwarding": Forwarding(connect(self.url), derived(self.key, "forwarding")),
            "within": self.settings.answer_within,
            "roots": Roots(connect(self.url), derived(self.key, "roots")),
            "disagreed": watch.disagreed,
        }


def opened(url: str, environment: Mapping[str, str], key: Key) -> tuple[Books, Tables]:
    """The store that the engine writes, and the tables that it names. Raises TableRefused and KeyMissing."""
    own = Books(connect(url))
    tables = tables_of(url, own.own, environment, key=key)
    tables.opened(own)
    return own, tables


def admission_of(settings: Settings, url: str) -> Admission:
    """Which questions the engine may see."""
    carriers = Books(connect(url)).carriers
    return Admission(settings.tokens, several=settings.several_carriers, carriers=carriers)


def doors(key: Key, mode: str) -> tuple[Pseudonymiser, Pseudonymiser]:
    """What registrations come through, and what enrolments do: with a custodian both take tokens of
    identities only, but who is to be written to gives an address."""
    if mode == CUSTODIAN:
        return TokensOnly(key), TokensOnly(key, but=("contact", "line"))
    return Pseudonymiser(key), Pseudonymiser(key)


def judge_of(
    environment: Mapping[str, str], url: str, key: Key, *, champion: Champion, reviews: Reviewing
) -> Judge:
    """The model in force, and after it what people cleared and the small release."""
    Policy.load(POLICY)
    releasing = Releasing(release(environment, key), enrolled=anybody_enrolled(connect(url)))
    return Judge(champion, policy=version(POLICY), seconds=(reviews.clearing, releasing))


def deliveries_of(
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


def told_of(deliveries: Delivering, reviews: Reviewing, notices: Noticing | None) -> Changed:
    """Everybody who hears of new answers, in their transaction."""

    def changed(own: Connection, assessments: Sequence[Assessment]) -> None:
        deliveries.subscribers.changed(own, assessments)
        reviews.opening.changed(own, assessments)
        if notices:
            answered.note(own, assessments)

    return changed


def keeper_of(
    url: str,
    key: Key,
    champion: Champion,
    *,
    chores: Sequence[Chore],
    sources: Mapping[str, Source] = SOURCES,
) -> Keeper:
    """Who writes the audit log; without `sources` only what leaves no row elsewhere."""
    return Keeper(
        lambda: Books(connect(url)),
        signer=Ed25519PrivateKey.from_private_bytes(derived(key, "audit checkpoints")),
        now=now,
        key_id=derived(key, "id")[:8].hex(),
        model=lambda: model.version if (model := champion()) else "",
        chores=chores,
        sources=sources,
    )


def retention_of(environment: Mapping[str, str], time: Clock) -> Retention:
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


def health_of(promoted: Promoted | None, notices: Noticing | None) -> dict[str, str]:
    """Parts that not every service has."""
    told = {"registry": promoted.state()} if promoted else {}
    if notices:
        watcher = notices.watcher
        told["notices"] = "ok" if watcher is None or watcher.alive() else "stopped"
    return told


def rules_of(settings: Settings) -> Rules:
    """From when on somebody is told of an asker."""
    return Rules(
        agent=settings.agent_budget,
        point_of_sale=settings.point_of_sale_budget,
        client=settings.client_budget,
        refuse=settings.refuse_askers,
    )


def watch_of(url: str, key: Key, rules: Rules) -> tuple[Watch, Writer]:
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


class Behind(Protocol):
    """What runs behind an application."""

    @property
    def desk(self) -> QueueDesk:
        """Who answers."""

    @property
    def keeper(self) -> Keeper:
        """Who writes the audit log."""

    @property
    def watch(self) -> Watch:
        """The watch over askers."""

    def start(self) -> None:
        """Begin to answer."""

    def stop(self) -> None:
        """Answer what waits, then end."""


def app_of(
    behind: Behind, settings: Settings, issuer: Issuer | None, routers: Sequence[APIRouter]
) -> FastAPI:
    """The application over what runs behind it, which begins and ends with it."""
    traces = provider(os.environ)
    app = create_app(
        behind.desk,
        settings,
        routers=(*routers, *audit_routers(behind.keeper), oracle_router(behind.watch)),
        development=issuer,
        witness=Witness(behind.keeper, behind.watch),
        tracer=traces.get_tracer(OURS) if traces else None,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        behind.start()
        gc.freeze()  # nobody waits while what is here to stay is looked through for garbage
        yield
        gc.unfreeze()
        behind.stop()
        if traces:
            traces.shutdown()

    app.router.lifespan_context = lifespan
    return app


def checked(environment: Mapping[str, str]) -> StoreKeys:
    """The store's keys. Raises BadInput and KeyMissing where the environment is not enough to serve."""
    Settings.load(environment)
    Key.load(environment=environment)
    promotions(environment)
    Grouping.load(environment)
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
    return opening


def _check_store(environment: Mapping[str, str]) -> None:
    """Raises BadInput and KeyMissing where a store that is there was told of tables that cannot be used."""
    url = environment.get(STORE) or DEFAULT_STORE
    with contextlib.suppress(Unavailable):  # what does not answer yet may do so later
        books = Books(connect(url))
        if tables := readable(url, books, environment):
            tables.opened(books)
        books.own.close()
