"""Rings: agents with a budget, a method and a wish to stay unseen.

A ring decides which tools it can afford to throw away after use and which it keeps. A careless one keeps
nearly everything; a careful one slips with one or two kinds, a few times, and learns over the year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.lands.travellers import twists
from detector.lands.travellers.acts import (
    APP,
    BULK,
    NEW,
    WEB,
    YEAR,
    Acts,
    acts,
    clock,
    column,
    join,
    moments,
    stand_at,
)
from detector.lands.travellers.people import World
from detector.lands.travellers.twists import Twist
from detector.lands.travellers.writing import Flags, Floats, Ints

TOOLS = ("device", "handset", "ip", "contact", "stock", "shop", "user")
_DEAR = ("device", "handset", "contact", "shop")  # what costs money or effort to replace


@dataclass(frozen=True, slots=True)
class Method:
    """How a kind of ring works: whom it names, how fast, through which door, and where its lines end."""

    name: str
    victims: str
    lines: tuple[int, int] = (1, 2)  # on one identity
    size: float = 14.0  # median number of lines
    span: float = 25.0  # median days at work
    remote: float = 0.8
    slips: tuple[str, ...] = TOOLS  # tools it tends to keep
    ends: str = "street"  # street, spread, own, farm or prison
    delay: float = 40.0  # median hours until a line is used
    strain: float = 0.2
    weight: float = 1.0
    twist: Twist | None = None


METHODS = (
    Method("star_official", "officials", lines=(5, 10), size=9, span=6),
    Method("list_spread", "exposed", size=30, slips=("device", "ip", "contact"), weight=2.5),
    Method("insider_upsell", "anybody", size=14, remote=0.0, twist=twists.upsell, weight=1.5),
    Method("copied_papers", "anybody", size=14, remote=0.5, twist=twists.copied, weight=1.2),
    Method("aid_pretext", "villagers", lines=(1, 1), size=25, span=3, remote=0.0, ends="spread"),
    Method("business_front", "companies", lines=(6, 30), size=24, remote=0.0, ends="spread",
           weight=0.6),
    Method("dead_souls", "dead", lines=(1, 4), size=12, remote=0.5, strain=0.3),
    Method("farm", "exposed", lines=(1, 3), size=40, ends="farm", delay=12, slips=("user", "stock")),
    Method("sim_swap", "exposed", lines=(1, 1), size=8, ends="own", delay=1, remote=0.4,
           slips=("handset", "contact", "shop", "ip"), span=60, weight=1.2, twist=twists.sim_swap),
    Method("port_out", "exposed", lines=(1, 1), size=8, ends="own", delay=20, span=60,
           slips=("handset", "contact", "stock", "ip"), twist=twists.port_out),
    Method("relinked", "exposed", size=9, ends="own", slips=("device", "ip", "contact"),
           twist=twists.relinked, weight=0.4),
    Method("prison", "exposed", size=18, ends="prison", slips=("user", "stock", "contact")),
    Method("paid_mule", "anybody", lines=(5, 10), size=8, span=10, ends="spread", strain=0.0,
           twist=twists.mule, weight=0.5),
    Method("slow_drip", "exposed", lines=(1, 1), size=16, span=170, slips=("contact", "ip", "device")),
    Method("mockery", "celebrity", lines=(9, 25), size=10, span=4, ends="own", strain=0.4,
           twist=twists.strangers, weight=0.5),
    Method("invented", "invented", lines=(1, 3), size=14, strain=0.5, slips=("device", "stock", "ip")),
    Method("proxy_nomads", "exposed", lines=(1, 1), size=20, slips=("stock", "handset"), ends="spread"),
    Method("rented_phones", "exposed", lines=(1, 2), size=14, slips=("contact", "stock", "user"),
           twist=twists.rented),
    Method("aged_lines", "exposed", lines=(1, 2), size=16, slips=("handset", "stock", "device"),
           twist=twists.aged, ends="spread"),
    Method("kin", "relatives", lines=(1, 2), size=1, ends="own", strain=0.0, twist=twists.kin,
           weight=0.25),
    Method("runners", "exposed", lines=(1, 1), size=18, remote=0.0, slips=("shop", "stock", "contact"),
           ends="spread", weight=0.9),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Care:
    """How many registrations each tool serves before it is thrown away, and how many make a sitting."""

    uses: dict[str, int]
    sitting: int


def _care(world: World, method: Method, start: float) -> Care:
    """What a ring of this country can and will throw away; those who start late have read the news."""
    rng = world.rng
    kept, often, sitting = {
        "plain": (int(rng.integers(4, 7)), 14.0, 6),
        "hard": (2, 8.0, 3),
        "sparse": (int(rng.integers(2, 4)), 5.0, 3),
    }[world.habits.kind]
    learnt = 1.15 - 0.4 * start / YEAR
    uses = dict.fromkeys(TOOLS, 1)
    # Money decides: of the tools it tends to keep, a ring renews the cheap ones first.
    usual = sorted(rng.permutation(method.slips).tolist(), key=lambda tool: tool not in _DEAR)
    seldom = [tool for tool in rng.permutation(TOOLS).tolist() if tool not in usual]
    for tool in (usual + seldom)[:kept]:
        uses[tool] = 3 + int(rng.exponential(often * learnt))
    if method.ends in ("farm", "prison"):
        uses["user"] = max(uses["user"], 4)  # a box has few slots, a cell few telephones
    return Care(uses, int(rng.integers(1, sitting + 1)))


def campaign(world: World, honest: Acts, count: int) -> Acts:
    """About `count` registrations by the rings that happen to work in this country."""
    rng = world.rng
    working = rng.random(len(METHODS)) < 0.85
    share = rng.gamma(2.5, 1.0, len(METHODS)) * working * [method.weight for method in METHODS]
    quota = share / share.sum() * count
    plans: list[Acts] = []
    for number, method in enumerate(METHODS):
        done = 0
        while done < quota[number] - 0.5:
            # No ring is the whole of a small country's trouble.
            most = max(min(1.2 * (quota[number] - done), count / 12), 1)
            usual = method.size * (2.5 if world.habits.kind == "plain" else 1.5)
            size = int(np.clip(rng.lognormal(np.log(usual), 0.5), 1, most))
            plan = _ring(world, honest, method, size).assign(ring=len(plans), pattern=number)
            plans.append(plan)
            done += len(plan)
    return join(plans)


def _ring(world: World, honest: Acts, method: Method, size: int) -> Acts:
    """One ring's registrations."""
    middle = float(moments(honest)[world.rng.integers(0, len(honest))]) / 86_400
    care = _care(world, method, middle)
    plan = _plan(world, method, care, size, middle)
    return method.twist(world, honest, plan) if method.twist else plan


def _plan(world: World, method: Method, care: Care, size: int, middle: float) -> Acts:
    """Whom, when and where, and with which tools."""
    rng = world.rng
    at = _times(rng, method, care, size, middle)
    towns = rng.choice(len(world.places.code), int(rng.integers(1, 5)), p=world.places.weight)
    anywhere = rng.choice(len(world.places.code), size, p=world.places.weight)
    place = np.where(rng.random(size) < 0.4, anywhere, rng.choice(towns, size))
    carrier = rng.choice(len(world.habits.carriers), size, p=_taste(world))
    frame = acts(
        size,
        at=at,
        who=_victims(world, method, size, towns),
        carrier=carrier,
        operation=np.full(size, NEW),
        channel=np.where(rng.random(size) < 0.45, APP, WEB),
        postpaid=rng.random(size) < 0.08,
        device=_tools(world, care, "device", world.things.take(size)),
        handset=_tools(world, care, "handset", _handsets(world, size)),
        ip=_tools(world, care, "ip", _ips(world, carrier, at)),
        contact=_tools(world, care, "contact", _mailboxes(world, size)),
        place=place,
        stock=_tools(world, care, "stock", world.shop_for(place, carrier)),
        strain=rng.random(size) * method.strain,
    )
    frame["bought"] = _lots(rng, care, frame)
    _at_counters(world, method, care, frame)
    _ends(world, method, care, frame, towns)
    return frame


def _taste(world: World) -> Floats:
    """A ring knows one or two carriers best."""
    taste = world.habits.market * world.rng.gamma(2.0, 1.0, len(world.habits.market))
    return np.asarray(taste / taste.sum())


def _times(
    rng: np.random.Generator, method: Method, care: Care, size: int, middle: float
) -> Floats:
    """Sittings spread over the days at work, at the hours at which everybody is about."""
    span = rng.lognormal(np.log(method.span), 0.5) * (1 + size / 60)
    number = np.arange(size) // care.sitting
    days = middle + (rng.random(number[-1] + 1) - 0.5) * span
    # What would fall outside the year is done within it, as far from its end as it was beyond.
    days = np.clip(np.where(days < 0, -days, np.minimum(days, 2 * (YEAR - 1) - days)), 0, YEAR - 1)
    begin = clock(rng, days.astype(np.int64))[number]
    return np.sort(begin + rng.lognormal(5.3, 0.7, size) * (np.arange(size) % care.sitting))


def _tools(world: World, care: Care, kind: str, supply: Ints) -> Ints:
    """The tool used by each act, from a supply of one for each; kept ones come back later in half the rings."""
    uses, size = care.uses[kind], len(supply)
    if uses == 1:
        return supply
    if world.rng.random() < 0.5:
        return supply[np.arange(size) // uses]
    return supply[world.rng.integers(0, -(-size // uses), size)]


def _handsets(world: World, size: int) -> Ints:
    """New handsets, and used ones that belonged to somebody before."""
    rng = world.rng
    used = rng.integers(0, len(world.people.place), size)
    return np.where(rng.random(size) < 0.35, used, world.things.take(size))


def _ips(world: World, carrier: Ints, at: Floats) -> Ints:
    """Mobile data, other people's homes rented by the hour, or exits that anybody can rent."""
    rng, size = world.rng, len(at)
    homes = world.home_ip(rng.integers(0, len(world.people.place), size), at)
    mobile, sort = world.mobile_ip(carrier), rng.random()
    first = mobile if sort < 0.5 else homes if sort < 0.85 else world.exit_ip(size)
    return np.where(rng.random(size) < 0.15, mobile, first)


def _mailboxes(world: World, size: int) -> Ints:
    """New contacts, or none, or for some the victim's old mailbox found in the leak."""
    rng = world.rng
    leaked = rng.integers(0, len(world.people.place), size)
    sort = rng.random(size)
    return np.where(sort < 0.2, -1, np.where(sort < 0.4, leaked, world.things.take(size)))


def _lots(rng: np.random.Generator, care: Care, frame: Acts) -> Floats:
    """When each SIM was bought: SIMs from one shop in one go when the ring is careless, else one by one."""
    at = moments(frame)
    early = at - rng.exponential(3 * 86_400, len(at))
    together = frame.assign(at=early).groupby("stock")["at"].transform("min").to_numpy(np.float64)
    return together if care.uses["stock"] > 1 else early


def _at_counters(world: World, method: Method, care: Care, frame: Acts) -> None:
    """Some lines are registered face to face, with a forged card or a friend behind the counter."""
    mask: Flags = world.rng.random(len(frame)) >= method.remote
    shop = world.shop_for(column(frame, "place"), column(frame, "carrier"))
    stand_at(world, frame, mask, _tools(world, care, "shop", shop)[mask])
    frame.loc[mask & (column(frame, "stock") < 0), "stock"] = shop[0]
    if method.victims == "companies":
        frame.loc[mask & (world.rng.random() < 0.6), "channel"] = BULK


def _victims(world: World, method: Method, size: int, towns: Ints) -> Ints:
    """The identities named, some of them more than once, in no order."""
    low, high = method.lines
    times = world.rng.integers(low, high + 1, size)
    pool = _pool(world, method.victims, towns)
    named = pool[world.rng.integers(0, len(pool), size)]
    if method.victims == "invented":
        named = pool[(world.rng.integers(0, len(pool)) + np.arange(size)) % len(pool)]
    return world.rng.permutation(np.repeat(named, times)[:size])


def _pool(world: World, victims: str, towns: Ints) -> Ints:
    """Everybody whose identity this kind of ring can lay hands on."""
    people, rng = world.people, world.rng
    everybody = np.arange(len(people.place))
    exposed = people.exposed | (rng.random(len(everybody)) < 0.12)
    pools = {
        "officials": (people.tier >= 0) & exposed,
        "celebrity": people.tier == 0,
        "exposed": exposed & ~people.dead,
        "dead": people.dead,
        "villagers": np.isin(people.place, towns) & ~people.dead,
        "relatives": (people.head != everybody) & ~people.dead,
        "anybody": ~people.dead,
    }
    if victims == "companies":
        return world.company(np.arange(world.companies))
    if victims == "invented":
        return world.made_up(np.arange(world.invented))
    found = np.flatnonzero(pools[victims])
    return found if len(found) else everybody


def _ends(world: World, method: Method, care: Care, frame: Acts, towns: Ints) -> None:
    """Into whose hands the lines come, where, and how soon."""
    rng, people, size = world.rng, world.people, len(frame)
    buyer = rng.integers(0, len(people.place), size)
    local = rng.random(size) < 0.7
    market = np.where(local, frame["place"], rng.choice(len(world.places.code), size))
    handset = np.where(
        rng.random(size) < 0.5, people.handset(buyer, moments(frame)), _handsets(world, size)
    )
    kept = _tools(world, care, "user", handset)
    lives = {
        "street": market,
        "spread": people.place[buyer],
        "own": column(frame, "place"),
        "farm": np.full(size, towns[0]),
        "prison": np.full(size, towns[-1]),
    }[method.ends]
    frame["user"] = frame["handset"] if method.ends == "own" else kept
    frame["lives"] = lives
    delay = rng.lognormal(np.log(method.delay), 1.2, size)
    frame["delay"] = np.where(rng.random(size) < 0.10, -1.0, delay)
    frame["abandoned"] = rng.random(size) < 0.02
