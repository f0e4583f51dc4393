"""What happens at the counter and on the network, for honest people and attackers alike.

Each function fills columns of rows whose intent is known: who served, which SIM from whose stock, how
old the line is, when the SIM is first used.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.registration import Bool, Int32, Int64
from detector.simulate.calendar import DAY
from detector.simulate.commerce import CENTRES, DEALERS
from detector.simulate.rows import (
    APP,
    CENTRE,
    DEALER,
    EXISTING,
    NEW,
    NONE,
    PORT,
    RELINK,
    REPLACEMENT,
    WEB,
    Rows,
)
from detector.simulate.world import World

MINUTE = 60
HOUR = 3600


def serve(
    world: World, rows: Rows, which: NDArray[np.integer], *, rng: np.random.Generator
) -> None:
    """Let a shop near each row's place register it: shop, agent, tablet, place, sometimes its contact."""
    commerce = world.commerce
    kind = np.where(rows.channel[which] == CENTRE, CENTRES, DEALERS)
    shop = commerce.shop(rows.carrier[which], kind, rows.place[which], rng=rng)
    agent = commerce.agent(shop, rng)
    rows.pos[which], rows.agent[which] = shop, agent
    rows.device[which] = commerce.tablet(shop, agent)
    rows.place[which] = commerce.shops.place[shop]
    rows.ip[which] = NONE
    new = rows.operation[which] == NEW
    tried = new & (rng.random(len(which)) < world.country.market.demo_handset)
    rows.handset[which[tried]] = commerce.shops.demo[shop[tried]]
    hurried = rng.random(len(which)) < 0.06
    rows.contact[which[hurried]] = commerce.shops.contact[shop[hurried]]


def channels(
    world: World, *, remote: Bool, operation: NDArray[np.integer], rng: np.random.Generator
) -> NDArray[np.int8]:
    """Web or app for remote rows, service centre or dealer for the others."""
    market = world.country.market
    n = len(remote)
    by_app = rng.random(n) < market.app_share
    centre = np.where(operation == NEW, market.centre_new, market.centre_existing)
    in_centre = rng.random(n) < centre
    chosen = np.where(remote, np.where(by_app, APP, WEB), np.where(in_centre, CENTRE, DEALER))
    return chosen.astype(np.int8)


def birthdays(operation: NDArray[np.integer], at: Int64, rng: np.random.Generator) -> Int32:
    """First day the line was seen alive: years ago for existing ones, the shelf's days for new SIMs."""
    n = len(at)
    today = at // DAY
    years = rng.gamma(1.3, 1100, n) + 25
    shelf = rng.geometric(0.6, n) - 1
    recent = np.where(rng.random(n) < 0.15, rng.integers(3, 60, n), shelf)
    age = np.where(np.isin(operation, (NEW, PORT)), recent, years)
    return (today - age).astype(np.int32)


def stock(world: World, rows: Rows, town: Int32, rng: np.random.Generator) -> Int64:
    """Whose stock a row's SIM comes from: the shop that registers, or a corner shop in `town`."""
    retail = world.commerce.retail_stock(rows.carrier, town, rng)
    return np.where((rows.pos >= 0) & (town == rows.place), rows.pos.astype(np.int64), retail)


def _towns(world: World, rows: Rows, rng: np.random.Generator) -> Int32:
    """Where each row's SIM was sold."""
    travels = rng.random(len(rows)) < world.country.market.sims_travel
    return np.where(travels, world.places.draw(len(rows), rng), rows.place).astype(np.int32)


def bought(rows: Rows, rng: np.random.Generator) -> Int64:
    """When the SIM left the shop: at the counter, a while before a remote registration, years ago."""
    n = len(rows)
    carried = np.exp(rng.normal(np.log(5 * HOUR), 1.8, n)).astype(np.int64)
    recent = np.where(rows.pos >= 0, 0, carried)
    old = np.isin(rows.operation, (EXISTING, RELINK))
    return np.where(
        old, rows.first_seen.astype(np.int64) * DAY + rng.integers(0, DAY, n), rows.at - recent
    )


def equip(
    world: World,
    rows: Rows,
    rng: np.random.Generator,
    *,
    stocks: Int64 | None = None,
    bought_at: Int64 | None = None,
    tight: Any = False,
    sold_in: Int32 | None = None,
) -> None:
    """A number and a SIM for each row that has none yet, sold where it is registered or in `sold_in`.

    Without `sold_in`, a share of the country's SIMs comes from another town: brought along, sent by post.
    """
    ledger = world.ledger
    town = _towns(world, rows, rng) if sold_in is None else sold_in
    bare = np.flatnonzero(rows.sim < 0)
    part = rows.take(bare)
    tight_rows = np.broadcast_to(np.asarray(tight, bool), len(rows))[bare]
    rows.sim[bare] = ledger.sims(
        len(bare),
        carrier=part.carrier,
        place=town[bare],
        stock=stock(world, part, town[bare], rng) if stocks is None else stocks[bare],
        bought_at=bought(part, rng) if bought_at is None else bought_at[bare],
        tight=tight_rows,
    )
    nameless = np.flatnonzero(rows.line < 0)
    part = rows.take(nameless)
    digit = rng.integers(0, 10, len(nameless))
    rows.line[nameless] = ledger.lines(
        len(nameless), carrier=part.carrier, place=town[nameless], digit=digit
    )


def first_uses(world: World, rows: Rows, rng: np.random.Generator) -> Int64:
    """Seconds until the SIM is seen: soon where it was in use already, later where it is new."""
    n = len(rows)
    fresh = np.isin(rows.operation, (NEW, PORT, REPLACEMENT))
    middle = np.where(fresh, np.log(1.5 * HOUR), np.log(15 * MINUTE))
    delay = np.exp(rng.normal(middle, np.where(fresh, 1.9, 1.4))) + 20
    never = rng.random(n) < world.country.market.never_attached
    return np.where(never, NONE, delay.clip(20, 60 * DAY)).astype(np.int64)
