"""Who is hurt: how often honest people of each group are bothered, apart from the model.

Groups come from the truth of a simulated country, from the registrations' own columns and, where
the identity is in clear, from what a CURP says of a person (sex, age, born abroad). These last are
never features, and nothing else in the engine reads truth segments. Small cells stay hidden: a
count below ten could point at people, and a group with fewer than a hundred expected false alarms
proves nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from detector import folder, spans
from detector.dates import DAY
from detector.identity import groups
from detector.identity.people import people
from detector.intervals import Interval, ratio, wilson
from detector.registration import IDENTITY_TYPES, Bool, Int16, Int64

HIDDEN_BELOW = 10
EXPECTED_AT_LEAST = 100.0
PAIR_LIMIT = 1.5
AVERAGE_LIMIT = 3.0
TOO_FEW = "too few to judge"
CURP, NO_KIND = IDENTITY_TYPES.index("curp"), -1
TRUTH = "truth"  # groups that the truth names; they overlap
# Groups to be treated as everyone else is, whatever the word: leaked, women and men, country, town.
PAIRED = re.compile(
    r"breach|leak|exposed|victim|wom[ae]n|mujer|\bm[ae]n\b|hombre|male|\bsexo?\b|rural|urban", re.I
)
# What a registration is rather than who somebody is: shown, but no reason to be treated alike.
COLUMNS = {
    "carrier": "carrier_id",
    "channel": "channel",
    "operation": "operation",
    "identity": "identity_type",
}


@dataclass(frozen=True, slots=True)
class Segments:
    """Which registrations belong to which groups: `member[g]` are positions, sorted."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    member: tuple[Int64, ...]

    def before(self, n: int) -> Segments:
        """The same among the first `n` registrations."""
        return replace(self, member=tuple(rows[rows < n] for rows in self.member))

    def also(self, others: Segments) -> Segments:
        """These groups and others of the same registrations."""
        return Segments(
            self.names + others.names, self.kinds + others.kinds, self.member + others.member
        )


def of_codes(codes: Int16) -> Segments:
    """The groups that codes of `detector.identity.groups` say, one code for each position."""
    found = [(kind, name, np.flatnonzero(who)) for kind, name, who in groups.named(codes)]
    return Segments(
        names=tuple(name for _, name, _ in found),
        kinds=tuple(kind for kind, _, _ in found),
        member=tuple(rows for _, _, rows in found),
    )


@dataclass(frozen=True, slots=True)
class SegmentRate:
    """How often the honest people of one group are bothered, against everyone else.

    `false_alarms` and what follows from it is none where fewer than ten people stand behind it.
    `verdict`: `within`, `above` or `below` the limits, `undecided` where the interval spans one,
    `too few to judge`, or `no limit` where the group is no group of people.
    """

    segment: str
    kind: str
    innocents: int | None
    expected: float
    false_alarms: int | None
    rate: float | None
    interval: Interval | None
    against_others: float | None
    against_others_interval: Interval | None
    against_average: float | None
    against_average_interval: Interval | None
    limit: float | None
    compared_with: str | None  # "others" or "average"
    verdict: str


@dataclass(frozen=True, slots=True)
class Audit:
    """One way of being bothered, and whom it hits. `average` is the rate over all honest people."""

    stage: str
    bothered_by: str
    innocents: int
    false_alarms: int
    average: float
    average_interval: Interval | None
    segments: tuple[SegmentRate, ...]


def read_segments(data: Path, key: pa.Array) -> Segments:
    """The groups of a folder's registrations, `key` naming those that positions refer to."""
    told = _told(data, key)
    # Where the truth already says sex:f, the same read from the CURP would be told twice.
    kinds = {kind for kind, _ in told}
    found = told | {
        group: rows for group, rows in _seen(data, key).items() if group[0] not in kinds
    }
    return Segments(
        names=tuple(name for _, name in found),
        kinds=tuple(kind for kind, _ in found),
        member=tuple(found.values()),
    )


Groups = dict[tuple[str, str], Int64]


def _told(data: Path, key: pa.Array) -> Groups:
    """Groups that the truth names."""
    path = folder.table_path(data, "truth")
    if path is None:
        return {}
    told = folder.columns(path, folder.KEY, ("segments",))
    row = folder.positions(folder.keys(told), key)
    codes, sets = pd.factorize(told["segments"].astype("str").where(told["segments"].notna()))
    rows_of = _rows_by_code(codes, row, len(sets))
    members: dict[str, list[Int64]] = {}
    for names, rows in zip(sets, rows_of, strict=True):
        for name in sorted(set(str(names).split("|")) - {""}):
            members.setdefault(name, []).append(rows)
    return {_group(name): np.sort(np.concatenate(members[name])) for name in sorted(members)}


def _group(name: str) -> tuple[str, str]:
    """Kind and name of a group: `age:60+` is one of the ages, `migrant` stands for itself."""
    kind, _, rest = name.rpartition(":")
    return kind or TRUTH, rest


def _seen(data: Path, key: pa.Array) -> Groups:
    """Groups that the registrations themselves show."""
    path = folder.table_path(data, "registrations")
    if path is None:
        return {}
    frame = folder.columns(path, folder.KEY, (*COLUMNS.values(), "identity_value", "registered_at"))
    row = folder.positions(folder.keys(frame), key)
    found: Groups = {}
    for kind, column in COLUMNS.items():
        found |= _by_value(kind, frame[column], row)
    return found | _curp_groups(frame, row)


def _by_value(kind: str, values: pd.Series, row: Int64) -> Groups:
    codes, names = pd.factorize(values.astype("str").where(values.notna()), sort=True)
    rows_of = _rows_by_code(codes, row, len(names))
    return {(kind, str(name)): rows for name, rows in zip(names, rows_of, strict=True)}


def _rows_by_code(codes: Int64, row: Int64, count: int) -> list[Int64]:
    kept = (codes >= 0) & (row >= 0)
    codes, row = np.asarray(codes)[kept], row[kept]
    order = np.lexsort((row, codes))
    codes, row = codes[order], row[order]  # once: every piece is a view of it
    return [row[low:high] for low, high in pairwise(np.searchsorted(codes, np.arange(count + 1)))]


def _curp_groups(frame: pd.DataFrame, row: Int64) -> Groups:
    """Sex, age and birthplace as a CURP in clear says; a token says nothing."""
    values = spans.from_arrow(folder.texts(frame["identity_value"]))
    kinds = np.where(frame["identity_type"] == "curp", CURP, NO_KIND).astype(np.int8)
    days = (folder.times(frame["registered_at"]) // DAY).astype(np.int32)
    codes = people(values, kinds, days).groups
    return {(kind, name): np.sort(row[who & (row >= 0)]) for kind, name, who in groups.named(codes)}


def audit(
    segments: Segments, row: Int64, bothered: Bool, *, innocent: Bool, stage: str, by: str
) -> Audit:
    """False alarms by group. `row` says which registrations were scored; the masks go with it."""
    honest = row[innocent]
    hit = np.sort(row[innocent & bothered])
    scored = np.zeros(int(row.max(initial=-1)) + 1, bool)
    scored[honest] = True
    alarmed = np.zeros_like(scored)
    alarmed[hit] = True
    total, alarms = len(honest), len(hit)
    rates = []
    for name, kind, member in zip(segments.names, segments.kinds, segments.member, strict=True):
        mine = member[member < len(scored)]
        counts = int(scored[mine].sum()), int(alarmed[mine].sum())
        if 0 < counts[0] < total:
            rates.append(_rate(name, kind, *counts, total=total, alarms=alarms))
    rates = _without_remainders(rates)
    average = alarms / total if total else 0.0
    return Audit(stage, by, total, alarms, average, wilson(alarms, total), tuple(rates))


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a group is compared with, and how far it may be from that."""

    limit: float | None
    compared_with: str | None

    def verdict(self, found: Interval) -> str:
        if self.limit is None:
            return "no limit"
        if found.low > self.limit:
            return "above"
        lower = 1 / self.limit if self.compared_with == "others" else 0.0
        if found.high < lower:
            return "below"
        return "within" if found.high <= self.limit and found.low >= lower else "undecided"


def _rule(kind: str, name: str) -> _Rule:
    if kind in COLUMNS:
        return _Rule(None, None)
    if PAIRED.search(f"{kind} {name}".replace("_", " ")):
        return _Rule(PAIR_LIMIT, "others")
    return _Rule(AVERAGE_LIMIT, "average")


def _without_remainders(rates: list[SegmentRate]) -> list[SegmentRate]:
    """The same, with a second group hidden where one hidden group could be had by subtraction."""
    kept = list(rates)
    for kind in {rate.kind for rate in rates} - {TRUTH}:
        mine = [i for i, rate in enumerate(rates) if rate.kind == kind]
        shown = [i for i in mine if rates[i].false_alarms is not None]
        if shown and len(mine) - len(shown) == 1:
            least = min(shown, key=lambda i: rates[i].false_alarms or 0)
            kept[least] = _veiled(rates[least])
    return kept


def _rate(name: str, kind: str, people: int, hits: int, *, total: int, alarms: int) -> SegmentRate:
    average = alarms / total
    rule, expected = _rule(kind, name), people * average
    if people < HIDDEN_BELOW or hits < HIDDEN_BELOW:
        return _hidden(name, kind, people, expected=expected, rule=rule)
    rate, interval = hits / people, wilson(hits, people) or Interval(0.0, 1.0)
    others_rate = (alarms - hits) / (total - people)
    others = ratio(hits, people, alarms - hits, total - people)
    whole = Interval(interval.low / average, interval.high / average)
    judged = whole if rule.compared_with == "average" else others
    enough = expected >= EXPECTED_AT_LEAST and judged is not None
    return SegmentRate(
        segment=name,
        kind=kind,
        innocents=people,
        expected=expected,
        false_alarms=hits,
        rate=rate,
        interval=interval,
        against_others=rate / others_rate if others_rate else None,
        against_others_interval=others,
        against_average=rate / average,
        against_average_interval=whole,
        limit=rule.limit,
        compared_with=rule.compared_with,
        verdict=rule.verdict(judged) if enough and judged else TOO_FEW,
    )


def _hidden(name: str, kind: str, people: int, *, expected: float, rule: _Rule) -> SegmentRate:
    """A group behind which fewer than ten bothered people stand: nothing that tells how many.

    Fewer than ten where at least a hundred were expected is a ratio below a tenth all the same.
    """
    spared = Interval(0.0, HIDDEN_BELOW / max(expected, EXPECTED_AT_LEAST))
    return SegmentRate(
        segment=name,
        kind=kind,
        innocents=None if people < HIDDEN_BELOW else people,
        expected=expected,
        false_alarms=None,
        rate=None,
        interval=None,
        against_others=None,
        against_others_interval=None,
        against_average=None,
        against_average_interval=None,
        limit=rule.limit,
        compared_with=rule.compared_with,
        verdict=rule.verdict(spared) if expected >= EXPECTED_AT_LEAST else TOO_FEW,
    )


def _veiled(rate: SegmentRate) -> SegmentRate:
    """A group without its numbers but with the verdict on them."""
    return replace(
        rate,
        false_alarms=None,
        rate=None,
        interval=None,
        against_others=None,
        against_others_interval=None,
        against_average=None,
        against_average_interval=None,
    )
