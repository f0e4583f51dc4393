"""What a country is like. `Country()` resembles Mexico in 2026; `Country.draw(seed)` is any other.

A drawn country differs in everything that may differ between real ones, so that what a model learns
from many of them is what holds everywhere. Shares are 0-1, durations in days unless a name says otherwise.
Default figures: market and officials from the regulator's and the statistics office's counts, fraud
prevalence from India's face matching (0.47-0.50 % of lines), the rest guesses that look plausible.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np

from detector.simulate.rows import PATTERNS

Shares = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Society:
    """People."""

    adults_per_household: Shares = (0.25, 0.45, 0.18, 0.12)
    minors_per_household: float = 0.8
    participation: float = 0.85  # adults who register anything
    lines_per_adult: Shares = (0.66, 0.23, 0.08, 0.03)
    rural_share: float = 0.22
    migrants: float = 0.05
    foreigners: float = 0.012  # of registrations
    business_lines: float = 0.05  # of registrations
    traders: float = 0.006  # of registrations
    officials: float = 0.05
    officials_listed: float = 0.92
    aides: float = 0.05  # officials for whom somebody registers lines
    minors_on_parent: float = 0.45
    helped: float = 0.22  # remote registrations on a relative's device
    family_sessions: float = 0.25
    one_visit: float = 0.45  # people who see to all their lines at once
    errands: float = 0.1  # people who see to them within a fortnight
    kiosk: float = 0.05
    dead: float = 0.012
    deaths_known: float = 0.75
    namesakes: float = 0.004
    typos: float = 0.004
    untidy: float = 0.02


@dataclass(frozen=True, slots=True)
class Market:
    """Carriers and how they sell."""

    shares: Shares = (0.50, 0.15, 0.14, 0.09, 0.05, 0.03, 0.02, 0.02)
    hosted: int = 5  # the last so many are virtual operators on one host
    operations: Shares = (0.30, 0.66, 0.04)  # new, existing, port-in, as a first act
    relinked: float = 0.03
    replaced: float = 0.03
    remote_existing: float = 0.62
    remote_new: float = 0.50
    app_share: float = 0.4
    centre_existing: float = 0.75  # of registrations in a shop
    centre_new: float = 0.4
    postpaid: float = 0.17
    rows_per_centre: int = 1500
    rows_per_dealer: int = 350
    agents_per_centre: int = 6
    tablets_shared: float = 0.5
    demo_handset: float = 0.06  # new lines activated in the shop's own handset
    cgnat_users: int = 150
    cgnat_share: float = 0.45
    lease: int = 30
    same_handset: float = 0.45  # second line in the same handset
    cloned_handsets: float = 0.002
    bought_for_others: float = 0.12
    new_handset: float = 0.06
    contact_given: float = 0.55
    shared_contact: float = 0.12
    abandoned: float = 0.02
    unlinked: float = 0.015
    never_attached: float = 0.03
    gathered: float = 0.06  # rows that happen at drives, queues, campaigns
    sims_travel: float = (
        0.06  # SIMs and numbers sold in another town than the one they are registered in
    )
    box_regions: int = (
        32  # regions among which a carrier deals out its boxes: 1 is the whole country
    )
    sold_unseen: float = 0.7  # of the SIMs a shop sells, how many are not in the data
    gateways: float = 0.04  # remote rows whose place is that of the network's gateway
    second_hand: float = 0.03  # handsets that were somebody else's before
    tried_elsewhere: float = 0.03  # SIMs first put into the handset of whoever sold them or helps
    loyal: float = 0.75  # lines with the carrier that the person usually has


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When people register."""

    starts_on: date = date(2026, 1, 9)
    days: int = 200
    waves: int = 10  # deadlines by last digit: 1, 2, 5 or 10 groups; 0 none
    first_wave: float = 0.3  # share of the span gone by the first deadline
    pull: float = 0.45  # share of a group that comes in the last days
    rush_days: float = 3.0
    sunday: float = 0.6
    after: int = 14  # days of line events after the last registration
    labels_after: int = 60


@dataclass(frozen=True, slots=True)
class Threat:
    """Attackers. `mix` weighs the patterns of PATTERNS; `care` 0-1 is how unseen they mean to stay."""

    fraud_share: float = 0.009
    mix: Shares = (
        0.08, 0.20, 0.10, 0.07, 0.08, 0.06, 0.11, 0.06, 0.05, 0.06, 0.04, 0.03, 0.03, 0.01, 0.06, 0.04,
    )  # fmt: skip
    care: float = 0.42
    ring_size: float = 11.0  # median lines of a ring
    ring_days: float = 9.0
    fresh_lists: float = 0.6  # identities from breaches with images rather than from old rolls
    officials_liked: float = 0.12  # share of stolen identities that are officials'
    hand_over: float = 0.85
    near_home: float = 0.45  # rings that work where the identities' owners live
    borrowed: float = 0.2  # rings that work on real people's telephones and connections
    spotless: float = 0.15  # chance, for each kind of tool, that a ring never uses one twice
    innocent_buyers: float = 0.35


@dataclass(frozen=True, slots=True)
class Records:
    """What carriers write down: per optional column, the share missing (1: nobody has it)."""

    missing: dict[str, float] = field(default_factory=dict)
    uneven: float = 0.03  # how much carriers differ
    liveness_in_shops: bool = False


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How labels come about."""

    coverage: float = 0.45  # of fraud, in the end
    delay: float = 25.0  # median days
    accused: float = 0.0003  # honest rows called fraud
    cleared: float = 0.015  # honest rows confirmed
    reversed: float = 0.35  # of wrong accusations, later taken back
    ring_cases: float = 0.5  # how much of the coverage comes by whole rings


@dataclass(frozen=True, slots=True)
class Leaks:
    """Breaches over time."""

    rolls: Shares = (0.45, 0.2)  # old ones: share of the people in each
    shops: int = 6  # middling ones
    fresh: int = 5  # small ones within the span, with images
    official_lists: int = 2
    notified: float = 0.8  # members that the engine gets to know


@dataclass(frozen=True, slots=True)
class Country:
    """A country to practise on."""

    society: Society = Society()
    market: Market = Market()
    rhythm: Rhythm = Rhythm()
    threat: Threat = Threat()
    records: Records = Records()
    verdicts: Verdicts = Verdicts()
    leaks: Leaks = Leaks()

    @classmethod
    def draw(cls, seed: int) -> Country:
        """A country drawn at random; the same seed gives the same one."""
        rng = np.random.default_rng([seed, 271])
        return cls(
            society=_society(rng),
            market=_market(rng),
            rhythm=_rhythm(rng),
            threat=_threat(rng),
            records=_records(rng),
            verdicts=_verdicts(rng),
            leaks=_leaks(rng),
        )


def _around(value: float, spread: float, rng: np.random.Generator) -> float:
    return float(value * np.exp(rng.normal(0, spread)))


def _share(value: float, spread: float, rng: np.random.Generator) -> float:
    """A share near the default: its odds multiplied by a random factor."""
    odds = value / (1 - value) * np.exp(rng.normal(0, spread))
    return float(odds / (1 + odds))


def _dirichlet(means: Shares, strength: float, rng: np.random.Generator) -> Shares:
    return tuple(float(x) for x in rng.dirichlet(np.asarray(means) * strength + 0.05))


def _varied(base: Any, spread: float, names: tuple[str, ...], *, rng: np.random.Generator) -> Any:
    """The settings with each named share drawn anew around its default."""
    return replace(base, **{name: _share(getattr(base, name), spread, rng) for name in names})


def _society(rng: np.random.Generator) -> Society:
    names = (
        "participation", "rural_share", "migrants", "foreigners", "business_lines", "traders",
        "officials", "minors_on_parent", "helped", "family_sessions", "kiosk", "dead",
        "deaths_known", "namesakes", "typos", "untidy",
    )  # fmt: skip
    society: Society = _varied(Society(), 0.5, names, rng=rng)
    return replace(
        society,
        officials=min(society.officials, 0.12),
        participation=float(rng.uniform(0.7, 0.95)),
        adults_per_household=_dirichlet(society.adults_per_household, 20, rng),
        minors_per_household=float(rng.uniform(0.3, 1.6)),
        lines_per_adult=_dirichlet(society.lines_per_adult, 30, rng),
        officials_listed=float(rng.uniform(0.6, 1.0)),
        aides=float(rng.uniform(0.02, 0.3)),
        one_visit=float(rng.uniform(0.1, 0.7)),
        errands=float(rng.uniform(0.0, 0.6)),
    )


def _market(rng: np.random.Generator) -> Market:
    names = (
        "relinked", "replaced", "remote_existing", "remote_new", "app_share", "centre_existing",
        "centre_new", "postpaid", "tablets_shared", "demo_handset", "cgnat_share", "same_handset",
        "cloned_handsets", "bought_for_others", "new_handset", "contact_given", "shared_contact",
        "abandoned", "unlinked", "never_attached", "gathered",
    )  # fmt: skip
    market: Market = _varied(Market(), 0.6, names, rng=rng)
    carriers = int(rng.integers(1, 12))
    shares = np.sort(rng.dirichlet(np.full(carriers, 0.9)))[::-1] + 0.01
    return replace(
        market,
        shares=tuple(float(x) for x in shares / shares.sum()),
        hosted=int(rng.integers(0, max(carriers - 1, 1))),
        operations=_dirichlet(market.operations, 6, rng),
        rows_per_centre=int(_around(1500, 0.5, rng)),
        rows_per_dealer=int(_around(350, 0.5, rng)),
        agents_per_centre=int(rng.integers(1, 13)),
        cgnat_users=int(_around(150, 1.0, rng)) + 2,
        lease=int(rng.choice([2, 7, 30, 400])),
        sims_travel=float(rng.beta(0.7, 1.0)),
        box_regions=int(rng.choice([1, 4, 32])),
        sold_unseen=float(rng.uniform(0.05, 0.9)),
        gateways=float(rng.beta(0.5, 1.5)),
        second_hand=float(rng.uniform(0.0, 0.2)),
        tried_elsewhere=float(rng.beta(0.6, 3.0)),
        loyal=float(rng.uniform(0.4, 0.98)),
    )


def _rhythm(rng: np.random.Generator) -> Rhythm:
    return replace(
        Rhythm(),
        days=int(rng.integers(60, 241)),
        waves=int(rng.choice([0, 1, 2, 5, 10])),
        first_wave=float(rng.uniform(0.2, 0.7)),
        pull=float(rng.uniform(0.1, 0.6)),
        rush_days=float(rng.uniform(1, 6)),
        sunday=float(rng.uniform(0.3, 1.1)),
        after=int(rng.integers(0, 31)),
        labels_after=int(rng.integers(0, 121)),
    )


def _threat(rng: np.random.Generator) -> Threat:
    mix = rng.dirichlet(np.asarray(Threat().mix) * 12 + 0.2) * (rng.random(len(PATTERNS)) < 0.7)
    mix[1] += 0.02  # lists of leaked identities are worked everywhere
    return replace(
        Threat(),
        fraud_share=float(np.exp(rng.uniform(np.log(0.0034), np.log(0.0145)))),
        mix=tuple(float(x) for x in mix / mix.sum()),
        care=float(rng.uniform(0.25, 0.85)),
        ring_size=_around(11, 0.5, rng),
        ring_days=_around(9, 0.6, rng),
        fresh_lists=float(rng.uniform(0.2, 0.9)),
        officials_liked=float(rng.uniform(0.0, 0.3)),
        hand_over=float(rng.uniform(0.6, 0.95)),
        near_home=float(rng.uniform(0.1, 0.8)),
        borrowed=float(rng.uniform(0.1, 0.8)),
        spotless=float(rng.uniform(0.1, 0.7)),
        innocent_buyers=float(rng.uniform(0.1, 0.7)),
    )


_OFTEN_MISSING = {
    "document_type": 0.1, "validation_result": 0.08, "validation_attempts": 0.1,
    "liveness_score": 0.25, "iccid": 0.12, "imei": 0.2, "device_id": 0.25, "ip": 0.2,
    "point_of_sale_id": 0.12, "agent_id": 0.25, "place": 0.12, "line_first_seen_on": 0.15,
    "contact": 0.3,
}  # fmt: skip


def _records(rng: np.random.Generator) -> Records:
    """Some countries lack a column entirely; the others miss a little of it."""
    absent = {name: rng.random() < share for name, share in _OFTEN_MISSING.items()}
    missing = {name: 1.0 if gone else float(rng.beta(0.6, 6)) for name, gone in absent.items()}
    return Records(
        missing=missing,
        uneven=float(rng.uniform(0, 0.5)),
        liveness_in_shops=bool(rng.random() < 0.3),
    )


def _verdicts(rng: np.random.Generator) -> Verdicts:
    return Verdicts(
        coverage=float(rng.uniform(0.2, 0.6)),
        delay=_around(25, 0.6, rng),
        accused=_around(0.0003, 0.6, rng),
        cleared=_around(0.015, 0.9, rng),
        reversed=float(rng.uniform(0.1, 0.7)),
        ring_cases=float(rng.uniform(0.1, 0.9)),
    )


def _leaks(rng: np.random.Generator) -> Leaks:
    share = float(rng.uniform(0.05, 0.8))
    rolls = (share,) if rng.random() < 0.5 else (share * 0.8, share * 0.4)
    return Leaks(
        rolls=rolls,
        shops=int(rng.integers(0, 10)),
        fresh=int(rng.integers(1, 9)),
        official_lists=int(rng.integers(0, 4)),
        notified=float(rng.uniform(0.3, 1.0)),
    )
