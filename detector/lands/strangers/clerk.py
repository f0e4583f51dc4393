"""The carriers' clerk: turns wishes into registrations, with whatever a wish left open as usual."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.strangers import calendar, ids
from detector.lands.strangers.carriers import APP, CENTER, DEALER, WEB
from detector.lands.strangers.places import STATES
from detector.lands.strangers.world import (
    DEMO,
    FIRM,
    HOUSE_PC,
    LINK,
    NEW,
    PORT,
    SWAP,
    TABLET,
    World,
)

HOUSE, SHARED_ADDRESS, OLD_BOX, WAREHOUSE = 10**9, 2 * 10**9, 5 * 10**9, 6 * 10**9
DOCUMENTS = np.array(["ine", "passport", "curp_card", "tax_certificate"], object)
VALIDATIONS = np.array(["match", "partial", "not_found", "deceased", "unavailable"], object)
PHONE_CONTACT = 0.25


def settled(world: World, wish: pd.DataFrame) -> pd.DataFrame:
    """Wishes with every cell filled, in order of time."""
    at = {str(name): column.to_numpy().copy() for name, column in wish.items()}
    _who(world, at)
    _how(world, at)
    _when(world, at)
    order = np.argsort(at["time"], kind="stable")
    at = {name: column[order] for name, column in at.items()}
    _with_what(world, at)
    _sims(world, at)
    return pd.DataFrame(at)


def _fill(at: dict[str, np.ndarray], name: str, value: np.ndarray) -> None:
    at[name] = np.where(at[name] == -1, value, at[name])


def _who(world: World, at: dict[str, np.ndarray]) -> None:
    _fill(at, "identity", at["person"])
    _fill(at, "doer", at["person"])
    _fill(at, "user", at["person"])
    _fill(at, "line", world.fresh(len(at["person"])))
    size, rng = len(at["person"]), world.rng
    main = world.people.carrier[at["user"]]
    other = rng.choice(len(world.kind.carriers), size, p=[c.share for c in world.kind.carriers])
    _fill(at, "carrier", world.either(0.85, main, other))


def _how(world: World, at: dict[str, np.ndarray]) -> None:
    """Channel by the carrier's mix; the old and the rural come in person more often."""
    rng, folk = world.rng, world.people
    size = len(at["person"])
    mix = np.array([c.mix for c in world.kind.carriers])[at["carrier"]]
    shy = (
        np.clip((folk.age[at["doer"]] - 45) / 60, 0, 0.6)
        + 0.15 * world.where.rural[folk.now[at["doer"]]]
    )
    in_person = np.minimum(0.97, mix[:, 2] * (0.75 + 1.2 * shy)) * (mix[:, 2] > 0)
    web = mix[:, 0] / np.maximum(mix[:, 0] + mix[:, 1], 1e-9)
    remote = np.where(rng.random(size) < web, WEB, APP)
    dealers = np.array([c.dealers / (c.dealers + 3 * c.centers) for c in world.kind.carriers])
    wants_dealer = dealers[at["carrier"]] * np.where(at["operation"] == NEW, 0.9, 0.35)
    counter = np.where(rng.random(size) < wants_dealer, DEALER, CENTER)
    _fill(at, "channel", np.where(rng.random(size) < in_person, counter, remote))
    digital = mix[at["channel"] == APP][:, 1] == 0
    at["channel"][np.flatnonzero(at["channel"] == APP)[digital]] = WEB
    _fill(at, "plan", rng.random(size) < np.where(at["tag"] & FIRM, 0.7, 0.14))
    _fill(at, "digit", rng.integers(0, 10, size))


def _when(world: World, at: dict[str, np.ndarray]) -> None:
    remote = at["channel"] <= APP
    _fill(at, "second", calendar.seconds(world.rng, remote))
    at["time"] = at["day"] * 86400 + at["second"]


def _with_what(world: World, at: dict[str, np.ndarray]) -> None:
    """Device, address, counter, place, contact and handset."""
    folk, rng, size = world.people, world.rng, len(at["person"])
    counter = (at["channel"] == CENTER) | (at["channel"] == DEALER)
    spot = world.either(0.93, folk.now[at["doer"]], folk.home[at["doer"]])
    shop = world.shops.at(rng, at["carrier"], spot, at["channel"] == DEALER)
    at["shop"] = np.where(at["shop"] >= 0, at["shop"], np.where(counter, shop, -1))
    served = np.maximum(at["shop"], 0)
    _fill(at, "agent", (rng.random(size) ** 1.4 * world.shops.agents[served]).astype(int))
    _fill(at, "tablet", (rng.random(size) * world.shops.tablets[served]).astype(int))
    phone = folk.phone[at["doer"]]
    own = np.where(
        (at["channel"] == WEB) & (rng.random(size) < 0.35),
        HOUSE_PC + folk.household[at["doer"]],
        phone,
    )
    own = world.either(0.05, world.fresh(size), own)  # a private window, a new browser
    _fill(at, "device", np.where(counter, TABLET + at["shop"] * 20 + at["tablet"], own))
    _fill(at, "ip", _addresses(world, at))
    nearby = world.either(0.82, folk.now[at["doer"]], world.where.near(rng, folk.now[at["doer"]]))
    _fill(at, "place", np.where(at["shop"] >= 0, world.shops.place[served], nearby))
    _fill(at, "contact", _contacts(world, at))
    demo = (at["channel"] == DEALER) & (at["operation"] == NEW) & (rng.random(size) < 0.3)
    _fill(at, "imei", np.where(demo, DEMO + at["shop"], folk.phone[at["user"]]))
    at["ip"] = np.where(counter, -1, at["ip"])


def _addresses(world: World, at: dict[str, np.ndarray]) -> np.ndarray:
    """Home lines change their address every few weeks; mobile data comes out of a few shared ones."""
    folk = world.people
    home = HOUSE + folk.household[at["doer"]] * 16 + at["day"] // 45
    state = world.where.state[folk.now[at["doer"]]]
    pool = 8 + (np.array([s[2] for s in STATES])[state] * world.size / 40_000).astype(int)
    share = ids.below(at["doer"] * 64 + at["day"] // 5, world.seed, 1 << 40) % pool
    mobile = SHARED_ADDRESS + (at["carrier"] * 40 + state) * 10_000 + share
    return world.either(np.where(at["channel"] == APP, 0.6, 0.25), mobile, home)


def _contacts(world: World, at: dict[str, np.ndarray]) -> np.ndarray:
    """Mostly the applicant's own, now and then that of whoever does it for them."""
    return np.asarray(
        world.either(np.where(at["doer"] != at["person"], 0.4, 0.02), at["doer"], at["person"])
    )


def _sims(world: World, at: dict[str, np.ndarray]) -> None:
    """SIMs come in boxes of a hundred; a shop sells its box in order, the warehouse keeps several open."""
    size, rng = len(at["person"]), world.rng
    old = (at["operation"] == LINK) | (at["operation"] > PORT) & (at["operation"] != SWAP)
    stock = np.where(at["shop"] >= 0, at["shop"], WAREHOUSE + _outlets(world, at))
    rank = pd.Series(stock[~old]).groupby(stock[~old]).cumcount().to_numpy()
    box, slot = np.zeros(size, np.int64), rng.integers(0, 100, size)
    box[old] = (
        OLD_BOX
        + ids.below(world.people.home[at["user"][old]], at_salt(world), 10**5) * 500
        + rng.integers(0, 60, int(old.sum()))
    )
    length = 20 + ids.below(
        stock[~old], at_salt(world) + 1, 60
    )  # a box is often split between shops
    box[~old] = stock[~old] * 4096 + rank // length
    slot[~old] = rank % length + ids.below(box[~old], at_salt(world) + 2, 100 - 79)
    slot[~old] = np.where(
        rng.random(int((~old).sum())) < 0.3, rng.integers(0, 100, int((~old).sum())), slot[~old]
    )
    own = at["box"] >= 0
    at["box"] = np.where(own, at["box"] + (1 << 50), box * 8 + at["carrier"] % 8)
    at["slot"] = np.where(own, at["slot"] % 100, slot)


def _outlets(world: World, at: dict[str, np.ndarray]) -> np.ndarray:
    """Where a SIM registered from home was bought: at a corner shop, or by mail from the state's store."""
    place = world.people.now[at["user"]]
    corners = 2 + (world.where.share[place] * world.size / 60).astype(int)
    corner = place * 1000 + (world.rng.random(len(place)) * np.minimum(corners, 900)).astype(int)
    mail = 3 * 10**6 + world.where.state[place] * 10 + world.rng.integers(0, 4, len(place))
    return np.asarray(world.either(0.12, mail, corner) * 8 + at["carrier"] % 8)


def at_salt(world: World) -> int:
    """A number of this country's own for hidden orders."""
    return world.seed * 7919 + 11
