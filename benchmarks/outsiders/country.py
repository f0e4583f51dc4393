"""A country: its carriers, places, counters and people, and the habits that make it unlike the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.outsiders import identity as ids
from benchmarks.outsiders.identity import Bools, Floats, Ints, Texts

DAY = 86_400.0
DAYS = 300
DEADLINES = (218, 234, 249, 264, 279, 295)
OPTIONAL = (
    "document_type", "validation_result", "validation_attempts", "liveness_score", "iccid", "imei",
    "device_id", "ip", "point_of_sale_id", "agent_id", "place", "line_first_seen_on", "contact",
)  # fmt: skip
BRANDS = ("nopal", "caracol", "cenote", "jacaranda", "colibri", "ajolote", "maguey", "obsidiana")
HOURS = np.array(
    [2, 1, 1, 1, 1, 2, 5, 12, 25, 50, 70, 80, 78, 62, 58, 66, 72, 78, 80, 66, 45, 26, 12, 5]
)


@dataclass(frozen=True)
class Habits:
    """What is usual in one country and not in another; drawn once from the seed."""

    remote: float  # share of registrations done at home
    existing: float  # share that links a line people already had
    loyalty: float  # chance to stay with the carrier of one's household
    busy: float  # how unequal counters are
    borrowed: float  # chance to register on somebody else's device
    second_hand: float  # chance that a handset had another owner
    tester: float  # chance that a counter tries the SIM in its own handset
    filler_contact: float  # chance that staff writes the shop's own contact
    pool: float  # chance that a phone leaves through a carrier's shared address
    moved: float  # chance to register away from home
    dormant: float  # chance that a new SIM waits in a drawer
    fumbles: float  # chance that an attempt is given up and made again
    box: int  # SIMs in a box
    wave: float  # how much of the country waits for the deadline
    shop_size: float  # registrations per counter over the year
    fraud: float
    labelled: float


def draw_habits(rng: np.random.Generator, kind: str) -> Habits:
    """One country's habits."""
    u = rng.uniform
    return Habits(
        remote=u(0.35, 0.65), existing=u(0.45, 0.65), loyalty=u(0.55, 0.9), busy=u(0.6, 1.3),
        borrowed=u(0.05, 0.14), second_hand=u(0.02, 0.06), tester=u(0.02, 0.14),
        filler_contact=u(0.01, 0.05), pool=u(0.3, 0.6), moved=u(0.04, 0.12), dormant=u(0.08, 0.2),
        fumbles=u(0.03, 0.08), box=int(rng.choice([25, 50, 100])), wave=u(0.2, 0.6),
        shop_size=u(60, 140), fraud=u(0.0055, 0.0098),
        labelled=u(0.11, 0.15) if kind == "sparse" else u(0.13, 0.22),
    )  # fmt: skip


@dataclass(frozen=True)
class People:
    """Everybody with an identity: residents first, then companies, the dead, and the never born."""

    text: Texts
    type: Texts
    status: Ints  # 0 alive, 1 company, 2 dead, 3 invented, 4 another CURP's sibling, 5 a typo
    base: Ints  # whose CURP a sibling or a typo resembles
    born: Ints
    female: Bools
    home: Ints
    carrier: Ints
    household: Ints
    official: Bools
    migrant: Bools
    exposure: Floats  # how gravely leaked, 0 to 1
    residents: int

    def of(self, status: int) -> Ints:
        """Everybody of a status."""
        return np.flatnonzero(self.status == status)


@dataclass(frozen=True)
class Shops:
    """Counters, sorted by carrier and place so that a customer finds one by arithmetic."""

    first: Ints  # by carrier * places + place
    count: Ints
    place: Ints
    carrier: Ints
    dealer: Bools
    tablets: Ints
    agents: Ints


@dataclass
class Country:
    """Everything that is there before the first registration, and the next free number."""

    kind: str
    size: int
    rng: np.random.Generator
    habits: Habits
    carriers: list[str]
    share: Floats
    recorded: Floats  # carrier by optional column: how often it is kept
    states: Ints
    weight: Floats  # of places
    rural: Bools
    prison: Ints
    days: Floats  # how busy each day is
    people: People
    shops: Shops
    spent: int

    def fresh(self, n: int) -> Ints:
        """Numbers nobody had: new phones, browsers, addresses, mailboxes."""
        self.spent += n
        return np.arange(self.spent - n, self.spent)

    def moments(self, n: int, first: float = 0.0, span: float = float(DAYS)) -> Floats:
        """Times as people come: by day within a window, then by hour."""
        low = int(np.clip(first, 0, DAYS - 1))
        high = int(np.clip(np.ceil(first + span), low + 1, DAYS))
        weight = self.days[low:high] / self.days[low:high].sum()
        day = low + self.rng.choice(high - low, n, p=weight)
        hour = self.rng.choice(24, n, p=HOURS / HOURS.sum())
        found: Floats = day * DAY + hour * 3600 + self.rng.integers(0, 3600, n)
        return found

    def shop(self, carrier: Ints, place: Ints) -> Ints:
        """A counter of the carrier in the place, the busy ones more often."""
        key = carrier * len(self.weight) + place
        skew = self.rng.random(len(key)) ** (1 + self.habits.busy)
        found: Ints = self.shops.first[key] + (skew * self.shops.count[key]).astype(np.int64)
        return found


def draw_days(rng: np.random.Generator, wave: float) -> Floats:
    """How busy each day is: noise, weekends, and a swell before each deadline."""
    day = np.arange(DAYS)
    busy = rng.gamma(20, 1 / 20, DAYS) * np.where(day % 7 >= 5, 0.75, 1.0)
    for deadline in DEADLINES:
        ahead = deadline - day
        busy += wave * 3 * np.where((ahead >= 0) & (ahead < 12), np.exp(-ahead / 3.5), 0)
    return np.asarray(busy)


def draw_recorded(rng: np.random.Generator, carriers: int, kind: str) -> Floats:
    """What each carrier keeps: all, most, or nothing of each optional column."""
    never, partly = (0.45, 0.25) if kind == "sparse" else (0.1, 0.3)
    fate = rng.random((carriers, len(OPTIONAL)))
    share = np.where(
        fate < never + partly, rng.uniform(0.5, 0.95, fate.shape), rng.uniform(0.97, 1, fate.shape)
    )
    return np.where(fate < never, 0.0, share)


def of_places(
    rng: np.random.Generator, status: Ints, weight: Floats, share: Floats, loyalty: float
) -> tuple[Ints, Ints, Ints]:
    """Households with a home and a usual carrier, from which some of their members stray."""
    n = len(status)
    household = (rng.random(n) < 0.3).cumsum()
    home = rng.choice(len(weight), n, p=weight)[household]
    carrier = rng.choice(len(share), n, p=share)
    return household, home, np.where(rng.random(n) < loyalty, carrier[household], carrier)


def identities(
    rng: np.random.Generator, status: Ints, base: Ints, curp: Texts, born: Ints
) -> tuple[Texts, Texts]:
    """What people identify with: mostly a CURP; RFCs in business, passports of migrants."""
    text, kind = curp.copy(), np.full(len(curp), "curp", object)
    luck, alive, firm = rng.random(len(curp)), status == 0, status == 1
    trader = alive & (luck < 0.012)
    migrant = alive & (luck > rng.uniform(0.96, 0.99))
    founded = (46_000 - rng.gamma(1.5, 2_000, int(firm.sum()))).clip(16_000, 45_980)
    text[firm] = ids.rfcs(rng, founded.astype(np.int64), company=True)
    text[trader] = ids.rfcs(rng, born[trader], company=False)
    number = ids.digits(rng.choice(9_000_000, int(migrant.sum()), replace=False), 7)
    land = np.array(ids.PASSPORTS)[rng.integers(0, len(ids.PASSPORTS), len(number))]
    text[migrant] = np.char.add(np.char.add(land, ":XX"), number)
    kind[firm | trader], kind[migrant] = "rfc", "passport"
    for copy, copies in ((4, ids.siblings), (5, ids.typos)):
        rows = np.flatnonzero((status == copy) & (kind[base.clip(0)] == "curp"))
        text[rows] = copies(rng, text[base[rows]])
    return text, kind


def draw_people(
    rng: np.random.Generator,
    size: int,
    *,
    weight: Floats,
    states: Ints,
    share: Floats,
    loyalty: float,
) -> People:
    """Residents by household; then companies, the dead, and identities of nobody."""
    residents, few = int(size * 0.75), size // 60 + 40
    status = np.repeat(np.arange(6), [residents, few, few, few, few, size // 25 + 40])
    n = len(status)
    household, home, carrier = of_places(rng, status, weight, share, loyalty)
    born = (46_000 - np.clip(rng.gamma(4.2, 10, n) + 12, 18, 97) * 365.25).astype(np.int64)
    female = rng.random(n) < 0.51
    base = np.where(status >= 4, rng.integers(0, residents, n), -1)
    native = np.where(rng.random(n) < 0.85, states[home], rng.integers(0, 32, n))
    text, kind = identities(rng, status, base, ids.curps(rng, born, female, native), born)
    official = (status == 0) & (kind != "passport") & (rng.random(n) < rng.uniform(0.02, 0.05))
    grave = rng.random(n) < 0.12 + 0.1 * official
    exposure = np.where(grave, rng.uniform(0.5, 1, n), rng.uniform(0, 0.5, n))
    return People(
        text, kind, status, base, born=born, female=female, home=home, carrier=carrier,
        household=household, official=official, migrant=kind == "passport", exposure=exposure,
        residents=residents,
    )  # fmt: skip


def draw_shops(
    rng: np.random.Generator, size: int, weight: Floats, share: Floats, each: float
) -> Shops:
    """At least one counter of every carrier in every place; more where people are."""
    expected = (share[:, None] * weight[None, :]).ravel() * size * 0.5 / each
    count = 1 + rng.poisson(expected)
    key = np.repeat(np.arange(len(count)), count)
    n = len(key)
    return Shops(
        first=count.cumsum() - count, count=count, place=key % len(weight),
        carrier=key // len(weight), dealer=rng.random(n) < rng.uniform(0.3, 0.6),
        tablets=1 + rng.binomial(3, 0.25, n), agents=1 + rng.binomial(5, 0.3, n),
    )  # fmt: skip


def draw_country(kind: str, size: int, seed: int) -> Country:
    """The country that a kind, a size and a seed stand for."""
    rng = np.random.default_rng([seed, size, sum(map(ord, kind))])
    habits = draw_habits(rng, kind)
    carriers = int(rng.integers(1, 3) if kind == "sparse" else rng.integers(4, 8))
    share = np.sort(rng.dirichlet(np.full(carriers, 2.0)))[::-1] + 0.02
    share /= share.sum()
    places = int(np.clip(size / 350, 24, 240))
    weight = rng.permutation(1 / np.arange(1, places + 1) ** rng.uniform(0.7, 1.1))
    weight /= weight.sum()
    states = rng.integers(0, 32, places)
    people = draw_people(
        rng, size, weight=weight, states=states, share=share, loyalty=habits.loyalty
    )
    return Country(
        kind=kind, size=size, rng=rng, habits=habits,
        carriers=[str(name) for name in rng.permutation(BRANDS)[:carriers]], share=share,
        recorded=draw_recorded(rng, carriers, kind), states=states, weight=weight,
        rural=weight < np.quantile(weight, 0.6), prison=rng.choice(places, 3, replace=False),
        days=draw_days(rng, habits.wave), people=people,
        shops=draw_shops(rng, size, weight, share, habits.shop_size), spent=1_000_000 + len(people.text),
    )  # fmt: skip
