"""The stage: a country with its people, shops and calendar, before anybody registers anything."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from detector.registration import Bool
from detector.simulate.calendar import Calendar, calendar_of
from detector.simulate.commerce import Commerce, open_shops
from detector.simulate.country import Country
from detector.simulate.ledger import MODELS, Ledger
from detector.simulate.places import Places, draw_places
from detector.simulate.population import People, draw_people
from detector.simulate.rows import APP, WEB, Rows

PLACES_LEAST, PLACES_MOST, ROWS_PER_PLACE = 120, 2400, 90


@dataclass(frozen=True, slots=True)
class World:
    """Everything that lives and attacks refer to. Person `i` owns handset, device and contact `i`."""

    country: Country
    seed: int
    size: int  # registrations wanted
    places: Places
    people: People
    calendar: Calendar
    commerce: Commerce
    ledger: Ledger

    def rng(self, purpose: str) -> np.random.Generator:
        """A random source of its own for each purpose, so that one does not move another."""
        return np.random.default_rng([self.seed, crc32(purpose.encode())])


def open_world(country: Country, *, size: int, seed: int) -> World:
    """A stage for `size` registrations."""
    rng = np.random.default_rng([seed, 7])
    count = int(np.clip(size / ROWS_PER_PLACE, PLACES_LEAST, PLACES_MOST))
    places = draw_places(count, rural_share=country.society.rural_share, rng=rng)
    people = draw_people(_adults(country, size), society=country.society, places=places, rng=rng)
    ledger = Ledger(rng.permutation(1 / (np.arange(MODELS) + 6.0) ** 1.1))
    states = places.state[people.home]
    ledger.identities(
        people.identities(states=states, namesakes=country.society.namesakes, rng=rng)
    )
    ledger.handsets(len(people), rng)
    ledger.devices(len(people))
    ledger.contacts(len(people))
    commerce = open_shops(size, market=country.market, places=places, ledger=ledger, rng=rng)
    calendar = calendar_of(country.rhythm, rng)
    return World(country, seed, size, places, people, calendar, commerce, ledger)


def _adults(country: Country, size: int) -> int:
    """How many adults give about `size` registrations, with a margin that is dropped later."""
    society, market = country.society, country.market
    own = society.participation * (
        1 + sum(i * share for i, share in enumerate(society.lines_per_adult))
    )
    adults = sum(i * share for i, share in enumerate(society.adults_per_household, start=1))
    minors = (
        society.participation * society.minors_per_household * society.minors_on_parent / adults
    )
    personal = (own + minors) * (1 + market.relinked + market.replaced)
    others = (
        society.foreigners + society.business_lines + society.traders + country.threat.fraud_share
    )
    return int(size * (1 - min(others, 0.5)) / personal * 1.06) + 20


def is_remote(rows: Rows) -> Bool:
    """Rows registered from afar."""
    remote: Bool = (rows.channel == WEB) | (rows.channel == APP)
    return remote
