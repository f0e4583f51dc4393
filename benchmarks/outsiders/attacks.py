"""How rings get lines: from case files, one function a pattern.

Each takes a ring and returns about its n rows. A pattern names the tools that are natural to it; how
many of them the ring really reuses, and how often, is the ring's poverty and carefulness (`ring.py`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.outsiders.country import DAY
from benchmarks.outsiders.ordinary import (
    APP,
    BULK,
    EXISTING,
    NEW,
    PORT,
    RELINK,
    REPLACE,
    WEB,
    at_counter,
    put,
)
from benchmarks.outsiders.ring import Ring

Attack = Callable[[Ring], pd.DataFrame]


def cap_star(ring: Ring) -> pd.DataFrame:
    """One leaked official, up to the cap and again at the next carrier."""
    country = ring.country
    known = np.flatnonzero(country.people.official)
    each = 2 if ring.careful else 8
    person = country.rng.choice(known, 1 + ring.n // each)[np.arange(ring.n) // each]
    frame = ring.rows(person, 3.0 if not ring.careful else 40.0, counter=0.2)
    put(
        frame,
        country.rng.random(ring.n) < 0.6,
        carrier=country.rng.choice(len(country.share), ring.n),
    )
    at_counter(country, frame, country.rng.random(ring.n) < 0.2)
    return ring.lend(frame, ("device", "handset", "address", "contact", "pack"))


def list_spread(ring: Ring) -> pd.DataFrame:
    """One line on each of many leaked identities, from a laptop with a face on video."""
    frame = ring.rows(ring.victims(4.0), 12.0, counter=0.05)
    return ring.lend(frame, ("device", "address", "contact", "pack", "handset"))


def agent_overregisters(ring: Ring) -> pd.DataFrame:
    """A clerk tells the customer that the network failed: one SIM for her, another for the drawer."""
    real = ring.anchors((ring.honest["shop"] >= 0) & (ring.honest["segment"] == ""))
    shop = real["shop"].value_counts().index[: 1 + ring.n // (8 if ring.careful else 15)]
    real = real[real["shop"].isin(shop)] if len(shop) else real
    real = real.sample(ring.n, replace=True, random_state=ring.country.rng)
    frame = real.assign(
        line=ring.country.fresh(ring.n), handset=ring.country.fresh(ring.n), operation=NEW, age=0
    )
    pause = ring.country.rng.lognormal(2.3 if not ring.careful else 3.8, 1.2, ring.n) * 60
    frame["at"] = ring.clipped(real["at"].to_numpy() + pause)
    frame["agent"] = frame["shop"] * 8
    return ring.sold(frame.reset_index(drop=True))


def aid_pretext(ring: Ring) -> pd.DataFrame:
    """A false brigade for a programme: the faces of a village, lines that never ring there."""
    rural = np.flatnonzero(ring.country.rural)
    place = int(ring.country.rng.choice(rural))
    home = ring.country.people.home[: ring.country.people.residents]
    locals_ = np.flatnonzero(home == place)
    person = ring.country.rng.choice(locals_ if len(locals_) else len(home), ring.n)
    frame = ring.rows(person, 4.0).assign(place=place)
    at_counter(ring.country, frame, np.zeros(ring.n, bool))
    frame["channel"] = APP
    return ring.lend(frame, ("device", "pack", "contact", "handset"))


def business_front(ring: Ring) -> pd.DataFrame:
    """A young RFC with a rented address that needs many lines for no trade."""
    firms = ring.country.people.of(1)
    person = ring.country.rng.choice(firms, 1 + ring.n // 15)[np.arange(ring.n) // 15]
    frame = ring.rows(person, 20.0, counter=0.5)
    put(frame, ring.country.rng.random(ring.n) < 0.6, channel=BULK, plan=1)
    return ring.lend(frame, ("contact", "pack", "device", "address"))


def graveyard(ring: Ring) -> pd.DataFrame:
    """The dead, whose deaths the registry has not heard of everywhere."""
    person = ring.country.rng.choice(ring.country.people.of(2), ring.n)
    return ring.lend(ring.rows(person, 60.0), ("device", "contact", "handset", "counter"))


def farm(ring: Ring) -> pd.DataFrame:
    """SIM boxes in a flat: bought identities, hundreds of SIMs, one cell, changing IMEIs."""
    frame = ring.rows(ring.victims(), 15.0, counter=0.1)
    place = int(ring.country.rng.integers(len(ring.country.weight)))
    ring.used_at(frame, place, 5.0)
    return ring.lend(frame, ("pack", "device", "address", "handset"))


def port_takeover(ring: Ring) -> pd.DataFrame:
    """A victim's number carried to another carrier overnight, for the bank's codes."""
    real = ring.anchors((ring.honest["operation"] == EXISTING) & (ring.honest["at"] > 0))
    frame = ring.rows(real["person"].to_numpy(), 30.0)
    frame["at"] = ring.clipped(
        real["at"].to_numpy() + ring.country.rng.exponential(25 * DAY, ring.n)
    )
    frame["operation"], frame["line"], frame["age"] = PORT, real["line"].to_numpy(), 0
    frame["wait"] = ring.country.rng.lognormal(-0.5, 1.0, ring.n)
    return ring.lend(frame, ("use_handset", "contact", "device", "counter")).assign(disown=0.4)


def sim_swap(ring: Ring) -> pd.DataFrame:
    """A replacement SIM for a line whose owner still holds the old one."""
    real = ring.anchors((ring.honest["operation"] == EXISTING) & (ring.honest["at"] > 0))
    frame = ring.rows(real["person"].to_numpy(), 30.0, counter=0.7)
    frame["at"] = ring.clipped(
        real["at"].to_numpy() + ring.country.rng.exponential(25 * DAY, ring.n)
    )
    frame["operation"], frame["line"] = REPLACE, real["line"].to_numpy()
    frame["carrier"], frame["age"] = real["carrier"].to_numpy(), real["age"].to_numpy() + 20
    at_counter(ring.country, frame, ring.country.rng.random(ring.n) < 0.7)
    frame["wait"] = ring.country.rng.lognormal(-0.8, 1.0, ring.n)
    return ring.lend(frame, ("use_handset", "counter", "contact")).assign(disown=0.5)


def prison(ring: Ring) -> pd.DataFrame:
    """Lines that visitors carry in: their own relatives' identities, few telephones, one cell."""
    frame = ring.rows(ring.victims(0.5), 50.0, counter=0.5)
    ring.used_at(frame, int(ring.country.rng.choice(ring.country.prison)), 3.0)
    frame["wait"] = ring.country.rng.lognormal(3.4, 0.9, ring.n)
    return ring.lend(frame, ("handset", "contact", "pack")).assign(complain=0.3)


def paid_mules(ring: Ring) -> pd.DataFrame:
    """People in need who sell their own face five times on their own telephone."""
    rng, country = ring.country.rng, ring.country
    each = 3 if ring.careful else 6
    person = rng.integers(0, country.people.residents, 1 + ring.n // each)[
        np.arange(ring.n) // each
    ]
    frame = ring.rows(person, 10.0, counter=0.2)
    home = frame["shop"].to_numpy() < 0
    put(frame, home, device=person, place=country.people.home[person])
    put(frame, rng.random(ring.n) < 0.5, carrier=rng.choice(len(country.share), ring.n))
    at_counter(country, frame, ~home)
    put(frame, home, device=person)
    return ring.lend(frame, ("pack", "contact", "use_handset")).assign(care=0.02, disown=0.01)


def slow_drip(ring: Ring) -> pd.DataFrame:
    """One registration every few days for months; the only thing kept is a mailbox or a browser."""
    frame = ring.rows(ring.victims(), 150.0, counter=0.15)
    kind = str(ring.country.rng.choice(["contact", "device", "address"]))
    ring.reuse(frame, kind, 6.0 if ring.careful else 30.0)
    return frame


def mockery(ring: Ring) -> pd.DataFrame:
    """Strangers who register a famous name for a laugh: a burst without a ring behind it."""
    known = np.flatnonzero(ring.country.people.official)
    person = np.full(ring.n, ring.country.rng.choice(known))
    frame = ring.rows(person, 5.0, counter=0.02)
    put(frame, ring.country.rng.random(ring.n) < 0.4, operation=EXISTING, age=400)
    return frame.assign(give_up=0.35, wait=ring.country.rng.lognormal(0.5, 1.5, ring.n))


def invented(ring: Ring) -> pd.DataFrame:
    """CURPs made by a generator on the web, where validation is down or lazy."""
    person = ring.country.rng.choice(ring.country.people.of(3), ring.n)
    return ring.lend(ring.rows(person, 15.0, counter=0.2), ("device", "address", "pack", "contact"))


def sibling_identities(ring: Ring) -> pd.DataFrame:
    """A real CURP with another homoclave: the name and birthday are right, the person is not."""
    person = ring.country.rng.choice(ring.country.people.of(4), ring.n)
    base = ring.country.people.base[person]
    real = ring.country.rng.random(ring.n) < 0.3
    frame = ring.rows(np.where(real, base, person), 25.0, counter=0.3)
    return ring.lend(frame, ("device", "handset", "contact"))


def insider_clerk(ring: Ring) -> pd.DataFrame:
    """Somebody in a back office with colleagues' passwords: links without customer or tablet."""
    frame = ring.rows(ring.victims(1.0), 60.0, counter=1.0)
    put(frame, ring.country.rng.random(ring.n) < 0.6, operation=RELINK, age=300)
    desk = ring.country.fresh(1)[0]
    put(frame, ring.country.rng.random(ring.n) < (0.3 if ring.careful else 0.9), device=desk)
    return ring.lend(frame, ("handset", "contact", "counter"))


def rented_phones(ring: Ring) -> pd.DataFrame:
    """Neighbours' telephones, rented by the hour: every device honest, the SIMs out of one bag."""
    owners = ring.country.rng.integers(0, ring.country.people.residents, ring.n)
    frame = ring.rows(ring.victims(), 8.0, counter=0.0).assign(device=owners, handset=owners)
    return ring.lend(frame, ("pack", "address", "contact"))


def forged_documents(ring: Ring) -> pd.DataFrame:
    """Runners with printed INE cards who walk from counter to counter of one city."""
    frame = ring.rows(ring.victims(4.0), 6.0, counter=1.0)
    ring.lend(frame, ("handset", "contact", "use_handset", "counter"))
    return frame.assign(care=-0.02)


def false_jobs(ring: Ring) -> pd.DataFrame:
    """A call centre that asks applicants for their INE, and dials in their names."""
    young = np.flatnonzero(ring.country.people.born[: ring.country.people.residents] > 34_500)
    frame = ring.rows(ring.country.rng.choice(young, ring.n), 35.0, counter=0.15)
    place = int(ring.country.rng.choice(len(ring.country.weight), p=ring.country.weight))
    ring.used_at(frame, place, 4.0)
    return ring.lend(frame, ("address", "pack", "device")).assign(complain=0.25)


def kiosk_stock(ring: Ring) -> pd.DataFrame:
    """A kiosk that registers its stock on a few customers, and sells it over weeks."""
    each = 3 if ring.careful else 9
    person = np.sort(ring.victims(0.3)[np.arange(ring.n) // each])
    frame = ring.rows(person, 20.0, counter=0.4)
    frame["operation"], frame["age"] = NEW, 0
    frame["wait"] = ring.country.rng.lognormal(4.3, 1.2, ring.n)
    return ring.lend(frame, ("counter", "pack", "device")).assign(use_place=frame["place"])


def extortion_cell(ring: Ring) -> pd.DataFrame:
    """A cell that burns lines weekly: recycled numbers, old people of far villages as holders."""
    old = np.flatnonzero(
        (ring.country.people.born < 24_000) & (ring.country.people.status == 0)
        & ring.country.rural[ring.country.people.home]
    )  # fmt: skip
    frame = ring.rows(ring.country.rng.choice(old, ring.n), 90.0, counter=0.25)
    put(frame, ring.country.rng.random(ring.n) < 0.4, operation=RELINK, age=200)
    ring.used_at(frame, int(frame["place"].iloc[0]), 3.0)
    return ring.lend(frame, ("contact", "handset", "address")).assign(complain=0.35)


def carer(ring: Ring) -> pd.DataFrame:
    """A nephew who registers lines on the grandmother whose papers he keeps, from her own house."""
    old = np.flatnonzero((ring.country.people.born < 22_000) & (ring.country.people.status == 0))
    person = np.repeat(ring.country.rng.choice(old, 1 + ring.n // 3), 3)[: ring.n]
    frame = ring.rows(person, 30.0, counter=0.2)
    put(frame, frame["shop"].to_numpy() < 0, address=ring.country.people.household[person] * 7,
        place=ring.country.people.home[person])  # fmt: skip
    return ring.lend(frame, ("device", "use_handset"))


def shelter_traffickers(ring: Ring) -> pd.DataFrame:
    """Smugglers who hold migrants' passports and use them from the safe house."""
    who = np.flatnonzero(ring.country.people.migrant)
    frame = ring.rows(ring.country.rng.choice(who, ring.n), 20.0, counter=0.2)
    put(frame, frame["shop"].to_numpy() < 0, channel=WEB)
    return ring.lend(frame, ("address", "device", "pack", "contact"))


# Pattern, and the usual number of registrations of one ring.
ATTACKS: dict[str, tuple[Attack, float]] = {
    attack.__name__: (attack, size)
    for attack, size in (
        (cap_star, 18), (list_spread, 45), (agent_overregisters, 25), (aid_pretext, 25),
        (business_front, 25), (graveyard, 18), (farm, 60), (port_takeover, 8), (sim_swap, 7),
        (prison, 20), (paid_mules, 18), (slow_drip, 25), (mockery, 20), (invented, 25),
        (sibling_identities, 10), (insider_clerk, 20), (rented_phones, 18), (forged_documents, 22),
        (false_jobs, 30), (kiosk_stock, 20), (extortion_cell, 15), (carer, 3), (shelter_traffickers, 12),
    )
}  # fmt: skip
