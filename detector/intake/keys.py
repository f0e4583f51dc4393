"""The keyed columns of a table: raw values brought to canonical form, tokens taken as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from detector import spans
from detector.compiled import njit
from detector.identity import line, network, sim
from detector.identity.people import FAULTS, People, people
from detector.intake.columns import LONGEST_TEXT, texts, whole_numbers
from detector.intake.rejects import SHAPE, Faults, Notes
from detector.intake.source import Batch
from detector.pseudonym import PREFIX, Pseudonymiser, TokenSource, token_ids, token_texts
from detector.registration import (
    MISSING,
    NO_DATE,
    NOTES,
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt32,
)
from detector.spans import Bytes, Spans

TOKEN_PREFIX = np.frombuffer(PREFIX, np.uint8)


@dataclass(frozen=True, slots=True)
class Keyed:
    """One key column: canonical raw values (of one producer or several) and tokens already made."""

    raw: tuple[Spans, ...]
    given: Spans

    @property
    def present(self) -> Bool:
        """Which rows have this key."""
        held: Bool = np.logical_or.reduce([part.present for part in (*self.raw, self.given)])
        return held

    def tokens(self, domain: str, pseudonymiser: Pseudonymiser) -> Bytes:
        """Sixteen bytes per row."""
        out = self._made(domain, pseudonymiser)
        rows = np.flatnonzero(self.given.present)
        if len(rows):
            _fill(out, self.given, pseudonymiser.given(self.given.take(rows)))
        return out

    def _made(self, domain: str, source: TokenSource) -> Bytes:
        """Sixteen bytes per row, zero where its token was given."""
        out = source.tokens(domain, self.raw[0])
        for part in self.raw[1:]:
            _fill(out, part, source.tokens(domain, part.take(np.flatnonzero(part.present))))
        return out

    def ids(self, domain: str, pseudonymiser: Pseudonymiser) -> Int64:
        """The engine's keys, 0 where a row has none."""
        return token_ids(self.tokens(domain, pseudonymiser), self.present)

    def texts(self, domain: str, source: TokenSource) -> Spans:
        """Tokens as text; one that was given stays as it is written."""
        made = token_texts(self._made(domain, source), self.present)
        return spans.merged(made.where(~self.given.present), self.given)


def _fill(out: Bytes, part: Spans, made: Bytes) -> None:
    if len(made):
        out[part.present] = made


def split(values: Spans) -> tuple[Spans, Spans]:
    """Raw values, and those that are tokens."""
    tokens = _are_tokens(values.data, values.starts, values.lengths, TOKEN_PREFIX)
    return values.where(~tokens), values.where(tokens)


@njit(nogil=True, cache=True)
def _are_tokens(data: Bytes, starts: Int64, lengths: Int32, prefix: Bytes) -> Bool:
    out = np.zeros(len(starts), np.bool_)
    for i in range(len(starts)):
        if lengths[i] > 5:
            same = True
            for j in range(5):
                same &= data[starts[i] + j] == prefix[j]
            out[i] = same
    return out


def identity(batch: Batch, kinds: Int8, days: Int32, faults: Faults) -> tuple[Keyed, People]:
    """The identities of any table; what is missing or not well formed is a fault of its row."""
    raw, given = _required(batch, "identity_value", faults)
    checked = people(raw, kinds, days)
    for code, words in FAULTS.items():
        faults.reject(checked.faults == code, "identity_value", words)
    return Keyed((checked.identity,), given), checked


def handset(batch: Batch, notes: Notes) -> tuple[Keyed, Spans]:
    """Handsets of any table, and the model of those that came raw."""
    raw, given = _optional(batch, "imei", notes)
    checked = sim.handsets(raw)
    notes.malformed(raw.present & ~checked.fine)
    notes.note(checked.fine & ~checked.checked, "imei_check_digit")
    return Keyed((checked.handset,), given), checked.model


@dataclass(frozen=True, slots=True)
class Keys:
    """Every key of a batch of registrations and the facts that lie in their numbers."""

    keyed: Mapping[str, Keyed]
    block_offset: Int16
    last_two: Int8
    rfc_since: Int32
    groups: Int16  # of who is named in clear, for the audit alone


def registration_keys(batch: Batch, kinds: Int8, days: Int32, faults: Faults, notes: Notes) -> Keys:
    """The keys of registrations, but for those that a carrier's name goes into (`scoped`)."""
    who, checked = identity(batch, kinds, days, faults)
    notes.bits |= checked.notes
    lines, line_block, last_two = _lines(batch, faults, notes)
    card, block, offset = _sims(batch, notes)
    phone, model = handset(batch, notes)
    place, net = _addresses(batch, notes)
    keyed = {
        "identity": who,
        "root": _beside(checked.root, batch, "identity_root", who),
        "line": lines,
        "line_block": line_block,
        "sim": card,
        "block": block,
        "handset": phone,
        "model": _beside(model, batch, "tac", phone),
        "device": _free_text(batch, "device_id", notes),
        "ip": place,
        "network": net,
        "contact": _contacts(batch, notes),
    }
    return Keys(keyed, offset, last_two, checked.rfc_since, checked.groups)


def scoped(batch: Batch, column: str, carriers: Spans, notes: Notes) -> Keyed:
    """A carrier's own names for its people and places: the same text elsewhere is another key."""
    raw, given = _optional(batch, column, notes)
    return Keyed((spans.joined(carriers, raw),), given)


def _lines(batch: Batch, faults: Faults, notes: Notes) -> tuple[Keyed, Keyed, Int8]:
    raw, given = _required(batch, "msisdn", faults)
    checked = line.lines(raw)
    faults.reject(raw.present & ~checked.fine, "msisdn", f"{SHAPE} (E.164)")
    told = whole_numbers(batch["last_two"], 0, 99)
    notes.malformed(told.malformed & given.present)
    last_two = np.where(given.present & told.fine, told.values, checked.last_two).astype(np.int8)
    keyed = Keyed((checked.line,), given)
    return keyed, _beside(checked.block, batch, "line_block", keyed), last_two


def _sims(batch: Batch, notes: Notes) -> tuple[Keyed, Keyed, Int16]:
    raw, given = _optional(batch, "iccid", notes)
    checked = sim.sims(raw)
    notes.malformed(raw.present & ~checked.fine)
    notes.note(checked.fine & ~checked.checked, "iccid_check_digit")
    keyed = Keyed((checked.sim,), given)
    block = _beside(checked.block, batch, "iccid_block", keyed)
    told = whole_numbers(batch["iccid_offset"], 0, 999)
    notes.malformed(told.malformed & ~checked.fine)
    offset = np.where(told.fine & ~checked.fine, told.values, checked.offset)
    return keyed, block, np.where(block.present, offset, MISSING).astype(np.int16)


def _addresses(batch: Batch, notes: Notes) -> tuple[Keyed, Keyed]:
    raw, given = _optional(batch, "ip", notes)
    checked = network.addresses(raw)
    notes.malformed(raw.present & ~checked.fine)
    keyed = Keyed((checked.ip,), given)
    return keyed, _beside(checked.network, batch, "ip_network", keyed)


def _contacts(batch: Batch, notes: Notes) -> Keyed:
    raw, given = _optional(batch, "contact", notes)
    checked = line.contacts(raw)
    notes.malformed(raw.present & ~checked.present)
    return Keyed((checked,), given)


def _free_text(batch: Batch, column: str, notes: Notes) -> Keyed:
    raw, given = _optional(batch, column, notes)
    return Keyed((raw,), given)


def _required(batch: Batch, column: str, faults: Faults) -> tuple[Spans, Spans]:
    values = texts(batch[column])
    faults.require(values, column)
    limited = _limited(values)
    faults.reject(values.present & ~limited.present, column, SHAPE)
    return split(limited)


def _optional(batch: Batch, column: str, notes: Notes) -> tuple[Spans, Spans]:
    values = texts(batch[column])
    limited = _limited(values)
    notes.malformed(values.present & ~limited.present)
    return split(limited)


def _limited(values: Spans) -> Spans:
    return values.where(values.lengths <= LONGEST_TEXT)


def _beside(derived: Spans, batch: Batch, column: str, main: Keyed) -> Keyed:
    """Structure made here from a raw value, or told by the column beside a value that is none."""
    if column not in batch:
        return Keyed((derived,), spans.absent(len(derived)))
    told = _limited(texts(batch[column])).where(~main.raw[0].present)
    raw, given = split(told)
    return Keyed((derived, raw), given)


def rfc_days(keys: Keys, told: Int32) -> Int32:
    """When companies say they were founded: what a token cannot tell, the column beside it does."""
    given = keys.keyed["identity"].given.present
    return np.where(given, told, np.where(given, NO_DATE, keys.rfc_since)).astype(np.int32)


def told_notes(batch: Batch) -> UInt32:
    """Facts that whoever made the tokens noted, as names joined by bars."""
    bits = np.zeros(len(batch), np.uint32)
    if "noted" not in batch:
        return bits
    names, codes = texts(batch["noted"]).coded()
    table = [_bits(text) for text in names]
    told: UInt32 = np.array([*table, 0], np.uint32)[codes]
    return told


def _bits(text: str) -> int:
    return sum({1 << NOTES.index(name) for name in text.split("|") if name in NOTES})
