"""The ground a country stands on: habits, municipalities, carriers, shops and the calendar."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.random import Generator

from detector.lands.neighbours.numbers import STATES, Flags, Floats, Ints

KINDS = ("plain", "hard", "sparse")
OPERATIONS = ("new_line", "link_existing", "port_in", "relink", "sim_replacement")
NEW, LINK, PORT, RELINK, REPLACE = range(5)
CHANNELS = ("web", "app", "service_center", "dealer", "bulk")
WEB, APP, CENTER, DEALER, BULK = range(5)
OPENING = datetime(2026, 1, 9, 6, tzinfo=UTC)  # midnight in the centre of Mexico
DAY = 86_400
OPTIONAL = [
    "document_type", "validation_result", "validation_attempts", "liveness_score", "iccid", "imei",
    "device_id", "ip", "point_of_sale_id", "agent_id", "place", "line_first_seen_on", "contact",
]  # fmt: skip
NAMES = ("norte", "sierra", "bajio", "golfo", "pacifico", "altiplano", "frontera")


@dataclass(frozen=True, slots=True)
class Habits:
    """What differs from one country to the next among honest people; shares unless said."""

    remote: float  # of individuals who register from home
    street: float  # of new SIMs bought in the street or a corner shop, registered elsewhere
    loyal: float  # of a household on its main carrier
    shared_device: float  # of people whose phone work is done on a relative's device
    second_hand: float  # of people using a handset another person used before
    mobile_data: float  # of remote registrations that leave by the carrier's shared addresses
    look_alike: float  # of devices whose fingerprint many others bear
    borrowed_contact: float  # of people who leave a relative's or the shop's contact
    no_contact: float
    demo_phone: float  # of shops which try every SIM in their own handset
    lease: float  # days a household keeps its address
    skew: float  # how much busier the busiest shops are
    abandoned: float
    spare: float  # of new lines which lie in a drawer or go to somebody far away
    forgetful: float  # of verdicts that are wrong: holders forget, analysts err


@dataclass(frozen=True, slots=True)
class Land:
    """A country before anybody registers."""

    kind: str
    size: int
    days: int
    habits: Habits
    carrier_share: Floats
    sim_width: Ints
    box: Ints  # SIMs in a carrier's box
    gaps: Floats  # carrier x optional column: share left empty
    minute: Flags  # carriers that note the minute, not the second
    numbered: Flags  # carriers whose folios count up
    silent: Flags  # carriers that record no handset and no place after the registration
    state: Ints  # of each municipality
    code: Ints
    people: Floats  # share of each municipality
    urban: Flags
    shop_town: Ints  # dealers first, sorted by municipality; then each carrier's service centres
    shop_weight: Floats
    dealers: int
    centers: Ints  # first service centre of each carrier, and the end
    agents: Ints  # first agent of each shop, and the end
    tablets: Ints  # first tablet of each shop, and the end
    demo: Flags

    @property
    def carriers(self) -> int:
        """How many carriers there are."""
        return len(self.carrier_share)

    @property
    def towns(self) -> int:
        """How many municipalities there are."""
        return len(self.people)

    def dealer_in(self, town: Ints, rng: Generator) -> Ints:
        """A dealer of each municipality, the busy ones more often."""
        ends = np.cumsum(self.shop_weight[: self.dealers])
        first = np.searchsorted(self.shop_town[: self.dealers], town, side="left")
        last = np.searchsorted(self.shop_town[: self.dealers], town, side="right") - 1
        start = ends[first] - self.shop_weight[first]
        aim = start + rng.random(len(town)) * (ends[last] - start) * (1 - 1e-9)
        return np.clip(np.searchsorted(ends, aim, side="right"), first, last).astype(np.int64)

    def center_for(self, town: Ints, carrier: Ints) -> Ints:
        """The service centre of a carrier which people of a municipality go to."""
        count = self.centers[carrier + 1] - self.centers[carrier]
        nearest: Ints = self.dealers + self.centers[carrier] + self.state[town] % count
        return nearest

    def staff(self, shop: Ints, bounds: Ints, rng: Generator) -> Ints:
        """One of the agents (or tablets) of each shop; the first works most."""
        count = bounds[shop + 1] - bounds[shop]
        turn = (rng.random(len(shop)) ** 1.5 * count).astype(np.int64)
        chosen: Ints = bounds[shop] + turn
        return chosen

    def carrier_for(self, n: int, rng: Generator) -> Ints:
        """Carriers by market share."""
        return rng.choice(self.carriers, n, p=self.carrier_share).astype(np.int64)

    def within(self, at: Ints) -> Ints:
        """Moments folded back into the country's time at both ends."""
        last = self.days * DAY - 1
        folded: Ints = last - np.abs(last - np.abs(at) % (2 * last))
        return folded

    def day_of_link(self, digit: Ints, rng: Generator) -> Ints:
        """Days on which existing lines are linked: early, at the first cut-off, at their own."""
        n = len(digit)
        first = int(self.days * 0.55)
        own = first + ((digit + 1) * (self.days - first - 1)) // 10
        eager = (rng.random(n) ** 1.3 * self.days).astype(np.int64)
        rush = first - rng.exponential(9, n).astype(np.int64)
        wave = own - rng.exponential(4, n).astype(np.int64)
        which = rng.choice(3, n, p=[0.45, 0.25, 0.3])
        day: Ints = np.clip(np.choose(which, [eager, rush, wave]), 0, self.days - 1)
        return day

    def day_of_sale(self, n: int, rng: Generator) -> Ints:
        """Days on which lines are bought: paydays and Saturdays above the rest, Sundays below."""
        day = np.arange(self.days)
        week = np.array([1.0, 0.95, 0.95, 1.0, 1.25, 1.4, 0.7])[(day + 4) % 7]
        payday = 1 + 0.5 * np.isin((day + 9) % 15, (0, 1))
        weight = week * payday
        return rng.choice(self.days, n, p=weight / weight.sum()).astype(np.int64)

    def second_of_day(self, channel: Ints, rng: Generator) -> Ints:
        """Opening hours at a counter, any hour but the small ones at home."""
        n = len(channel)
        counter = np.where(rng.random(n) < 0.5, rng.normal(12.6, 1.6, n), rng.normal(17.5, 1.5, n))
        home = np.where(rng.random(n) < 0.35, rng.normal(12, 3, n), rng.normal(19, 3.2, n)) % 24
        hour = np.where(channel <= APP, home, np.clip(counter, 8.2, 20.9))
        seconds: Ints = (hour * 3600).astype(np.int64) + rng.integers(0, 60, n)
        return np.clip(seconds, 0, DAY - 1)


def _habits(rng: Generator) -> Habits:
    return Habits(
        remote=rng.uniform(0.35, 0.7),
        street=rng.uniform(0.25, 0.65),
        loyal=rng.uniform(0.5, 0.85),
        shared_device=rng.uniform(0.08, 0.3),
        second_hand=rng.uniform(0.02, 0.08),
        mobile_data=rng.uniform(0.25, 0.6),
        look_alike=rng.uniform(0.005, 0.04),
        borrowed_contact=rng.uniform(0.03, 0.15),
        no_contact=rng.uniform(0.08, 0.3),
        demo_phone=rng.uniform(0.02, 0.12),
        lease=rng.uniform(15, 120),
        skew=rng.uniform(0.6, 1.2),
        abandoned=rng.uniform(0.02, 0.06),
        spare=rng.uniform(0.08, 0.22),
        forgetful=rng.uniform(0.03, 0.12),
    )


def _gaps(kind: str, carriers: int, rng: Generator) -> Floats:
    """Which carrier never records what, and what it records badly."""
    gaps = rng.uniform(0.0, 0.06, (carriers, len(OPTIONAL)))
    for row in gaps:
        lacking = 6 if kind == "sparse" else int(rng.integers(0, 3))
        poor = int(rng.integers(1, 3))
        order = rng.permutation(len(OPTIONAL))
        row[order[:lacking]] = 1.0
        row[order[lacking : lacking + poor]] = rng.uniform(0.2, 0.7, poor)
    return gaps


def _bounds(count: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(count)]).astype(np.int64)


def _shops(towns: Floats, size: int, rng: Generator) -> tuple[Ints, int]:
    """The municipality of every dealer; each has one at least."""
    dealers = max(len(towns), int(size / rng.uniform(120, 350)))
    extra = rng.choice(len(towns), dealers - len(towns), p=towns)
    return np.sort(np.concatenate([np.arange(len(towns)), extra])).astype(np.int64), dealers


def draw_land(kind: str, size: int, rng: Generator) -> Land:
    """A new country of that kind."""
    habits = _habits(rng)
    carriers = int(rng.integers(1, 3)) if kind == "sparse" else int(rng.integers(3, 7))
    towns = int(np.clip(size // 700, 30, 400))
    state = rng.integers(0, len(STATES), towns)
    people = (1 / (1 + np.arange(towns)) ** 0.8)[rng.permutation(towns)]
    people /= people.sum()
    shop_town, dealers = _shops(people, size, rng)
    centers = _bounds(rng.integers(1, max(2, size // 25_000) + 2, carriers))
    center_town = rng.choice(towns, int(centers[-1]), p=people)
    shops = dealers + int(centers[-1])
    big = np.arange(shops) >= dealers
    return Land(
        kind=kind,
        size=size,
        days=int(rng.integers(150, 340)),
        habits=habits,
        carrier_share=rng.dirichlet(np.linspace(6, 1, carriers)),
        sim_width=rng.choice([18, 19, 19, 20], carriers) - 0,
        box=rng.choice([50, 100, 250], carriers).astype(np.int64),
        gaps=_gaps(kind, carriers, rng),
        minute=rng.random(carriers) < 0.2,
        numbered=rng.random(carriers) < 0.6,
        silent=rng.random(carriers) < (0.5 if kind == "sparse" else 0.15),
        state=state,
        code=(state + 1) * 1000 + 601 + rng.permutation(towns) % 399,
        people=people,
        urban=people > np.quantile(people, 0.6),
        shop_town=np.concatenate([shop_town, center_town]),
        shop_weight=rng.lognormal(0, habits.skew, shops),
        dealers=dealers,
        centers=centers,
        agents=_bounds(np.where(big, rng.integers(4, 16, shops), rng.integers(1, 5, shops))),
        tablets=_bounds(np.where(big, rng.integers(3, 10, shops), rng.integers(1, 3, shops))),
        demo=rng.random(shops) < habits.demo_phone,
    )
