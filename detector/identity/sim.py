"""ICCID of a SIM (ITU-T E.118) and IMEI of a handset (3GPP TS 23.003)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.compiled import njit
from detector.identity.luhn import digits_of, holds
from detector.registration import MISSING, Bool, Int16, Int32
from detector.spans import ABSENT, Bytes, Spans, from_matrix

TAC_DIGITS = 8
HANDSET_DIGITS = 14


@dataclass(frozen=True, slots=True)
class Sims:
    """SIMs in canonical form. The block is a thousand neighbours in number."""

    sim: Spans
    block: Spans
    offset: Int16  # position inside the block, MISSING where there is none
    fine: Bool
    checked: Bool  # False where the check digit does not hold


@dataclass(frozen=True, slots=True)
class Handsets:
    """Handsets in canonical form: the fourteen digits that all lengths of an IMEI share."""

    handset: Spans
    model: Spans  # TAC
    fine: Bool
    checked: Bool


def sims(values: Spans) -> Sims:
    """ICCIDs of 18 digits (no check digit), 19 or 20 (Luhn).

    A SIM is its body without the check digit, so that carriers who print it and carriers who do
    not agree; where the digit does not hold it may be part of the number, and stays.
    """
    matrix, lengths, bodies, checked = _sims(values.data, values.starts, values.lengths)
    sim = from_matrix(matrix, lengths)
    blocks = np.where(bodies > 0, bodies - 3, ABSENT).astype(np.int32)
    return Sims(sim, sim.prefix(blocks), _offsets(matrix, bodies), lengths >= 0, checked)


def _offsets(matrix: Bytes, bodies: Int32) -> Int16:
    rows = np.arange(len(bodies))
    last = [matrix[rows, np.maximum(bodies, 3) - k].astype(np.int16) - 48 for k in (3, 2, 1)]
    number = last[0] * 100 + last[1] * 10 + last[2]
    return np.where(bodies > 0, number, MISSING).astype(np.int16)


def handsets(values: Spans) -> Handsets:
    """IMEIs of 14 digits, 15 (Luhn) or 16 (software version); no handset has a TAC of zeros."""
    matrix, fine, checked = _handsets(values.data, values.starts, values.lengths)
    handset = from_matrix(matrix, np.where(fine, HANDSET_DIGITS, ABSENT).astype(np.int32))
    model = handset.prefix(np.where(fine, TAC_DIGITS, ABSENT).astype(np.int32))
    return Handsets(handset, model, fine, checked)


@njit(nogil=True, cache=True)
def _sims(
    data: Bytes, starts: np.ndarray, lengths: Int32
) -> tuple[Bytes, Int32, Int32, np.ndarray]:
    matrix = np.zeros((len(starts), 20), np.uint8)
    kept = np.full(len(starts), -1, np.int32)
    bodies = np.zeros(len(starts), np.int32)
    checked = np.ones(len(starts), np.bool_)
    for i in range(len(starts)):
        count = digits_of(data, starts[i], lengths[i], matrix[i])
        if count < 18:
            continue
        bodies[i] = 18 if count == 18 else count - 1
        checked[i] = count == 18 or holds(matrix[i], count)
        kept[i] = bodies[i] if checked[i] else count
    return matrix, kept, bodies, checked


@njit(nogil=True, cache=True)
def _handsets(
    data: Bytes, starts: np.ndarray, lengths: Int32
) -> tuple[Bytes, np.ndarray, np.ndarray]:
    matrix = np.zeros((len(starts), 16), np.uint8)
    fine = np.zeros(len(starts), np.bool_)
    checked = np.ones(len(starts), np.bool_)
    for i in range(len(starts)):
        count = digits_of(data, starts[i], lengths[i], matrix[i])
        if count < 14 or not np.any(matrix[i, :8] != 48):
            continue
        fine[i] = True
        checked[i] = count != 15 or holds(matrix[i], 15)
    return matrix, fine, checked
