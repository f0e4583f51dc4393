"""How things are numbered: SIMs out of boxes, telephone numbers out of blocks, handsets by model.

Numbers are given out for honest people and attackers together, after everything has happened. Boxes and
blocks come in a scrambled order, so a number tells its neighbours and its carrier, never its age.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.registration import Bool, Int64
from detector.simulate.country import Market
from detector.simulate.ledger import Ledger
from detector.simulate.places import Places
from detector.simulate.spelling import Matrix, constant, digits, luhn_digit, scrambled, side_by_side

SLEEVE = 50  # SIMs that go to one shop together
SLEEVES = 20  # per box of a thousand
BLOCK = 1000  # numbers per block and last digit


@dataclass(frozen=True, slots=True)
class Numbers:
    """Every SIM's box and offset, every line's national number, every handset's IMEI body."""

    box: Int64
    offset: Int64
    issuer: Int64
    national: Int64
    imei: Int64  # 14 digits, without check digit

    def iccids(self, sim: NDArray[np.integer]) -> Matrix:
        """19 digits with Luhn."""
        body = side_by_side(
            constant("8952", len(sim)),
            digits(self.issuer[sim], 2),
            digits(self.box[sim], 9),
            digits(self.offset[sim], 3),
        )
        return side_by_side(body, luhn_digit(body))

    def imeis(self, handset: NDArray[np.integer]) -> Matrix:
        """15 digits with Luhn."""
        body = digits(self.imei[handset], 14)
        return side_by_side(body, luhn_digit(body))

    def msisdns(self, line: NDArray[np.integer]) -> Matrix:
        """E.164."""
        return side_by_side(constant("+52", len(line)), digits(self.national[line], 10))


@dataclass(frozen=True, slots=True)
class _Sims:
    box: Int64
    offset: Int64
    issuer: Int64


def numbers_of(
    ledger: Ledger,
    places: Places,
    *,
    market: Market,
    since: int,
    rng: np.random.Generator,
) -> Numbers:
    """Numbers for everything in the ledger; the market's hosted carriers share one issuer.

    `since` (seconds since 1970) parts the SIMs sold in the span from older ones.
    """
    sims = _boxes(ledger, places, market=market, since=since, rng=rng)
    return Numbers(
        box=sims.box,
        offset=sims.offset,
        issuer=sims.issuer,
        national=_national(ledger, places, rng),
        imei=_imeis(ledger, market.cloned_handsets, rng),
    )


def _boxes(
    ledger: Ledger, places: Places, *, market: Market, since: int, rng: np.random.Generator
) -> _Sims:
    """A shop sells sleeve after sleeve; between two SIMs of ours it sells others, unless bought together.

    A box holds sleeves that went to several shops of one region in different years; a region may be a
    state, several, or the whole country.
    """
    sims = ledger.sim_table
    stock, carrier = sims.column("stock"), sims.column("carrier").astype(np.int64)
    order = np.lexsort((sims.column("bought_at"), stock))
    ranked = stock[order]
    gap = rng.geometric(1 - market.sold_unseen, len(order))
    step = np.where(sims.column("tight")[order], 1, gap)
    sold = np.cumsum(step)
    first = np.searchsorted(ranked, ranked)
    position = sold - sold[first] + rng.integers(0, SLEEVE, len(order))[first]
    new_sleeve = np.ones(len(order), bool)
    new_sleeve[1:] = (np.diff(ranked) != 0) | (np.diff(position // SLEEVE) != 0)
    region = carrier[order] * 64 + places.state[sims.column("place")[order]] % market.box_regions
    sleeve = np.cumsum(new_sleeve) - 1
    slot = _slots(
        region[new_sleeve],
        recent=sims.column("bought_at")[order][new_sleeve] > since,
        filled=np.bincount(sleeve),
        rng=rng,
    )[sleeve]
    box, offset = np.empty(len(order), np.int64), np.empty(len(order), np.int64)
    box[order] = scrambled(slot // SLEEVES, bits=29, salt=int(rng.integers(0, 2**28)))
    offset[order] = slot % SLEEVES * SLEEVE + position % SLEEVE
    hosted_from = len(market.shares) - market.hosted
    return _Sims(box, offset, np.where(carrier >= hosted_from, 14, 2 + carrier))


def _slots(
    region: Int64, *, recent: Bool, filled: NDArray[np.integer], rng: np.random.Generator
) -> Int64:
    """A sleeve's place in the boxes of its region.

    Sleeves are dealt out by age and by how many of their SIMs we see, so that no box is newer or fuller than
    the next: else a box's number would tell how new its lines are, and with that half of the fraud.
    """
    order = np.lexsort((rng.random(len(region)), filled, recent, region))
    ranked = region[order]
    rank = np.arange(len(order)) - np.searchsorted(ranked, ranked)
    regions, sizes = np.unique(region, return_counts=True)
    boxes = -(-sizes // SLEEVES)
    mine = np.searchsorted(regions, ranked)
    start = np.cumsum(boxes) - boxes
    place = (rank // boxes[mine] * 7 + ranked) % SLEEVES
    slot = np.empty(len(order), np.int64)
    slot[order] = (start[mine] + rank % boxes[mine]) * SLEEVES + place
    return slot


def _national(ledger: Ledger, places: Places, rng: np.random.Generator) -> Int64:
    """Dialling code, a block of the carrier's, three digits, and the digit that was wanted."""
    lines = ledger.line_table
    dialling = places.dialling[lines.column("place")].astype(np.int64)
    carrier, digit = (
        lines.column("carrier").astype(np.int64),
        lines.column("digit").astype(np.int64),
    )
    rank = _rank((dialling * 16 + carrier) * 10 + digit, rng)
    blocks = dialling * 4096 + carrier * 256 + rank // BLOCK
    block = _block_code(blocks, dialling, rng)
    three = scrambled_below_1000(rank % BLOCK, blocks * 10 + digit)
    national: Int64 = dialling * 10**7 + block * 10**4 + three * 10 + digit
    return national


def scrambled_below_1000(values: Int64, salt: Int64) -> Int64:
    """A permutation of 0-999 that differs by salt."""
    return (values * 387 + salt * 911) % 1000


def _rank(key: Int64, rng: np.random.Generator) -> Int64:
    """A random position of each row among those with the same key."""
    order = np.lexsort((rng.random(len(key)), key))
    ranked = key[order]
    rank = np.empty(len(key), np.int64)
    rank[order] = np.arange(len(key)) - np.searchsorted(ranked, ranked)
    return rank


def _block_code(blocks: Int64, dialling: Int64, rng: np.random.Generator) -> Int64:
    """Three digits for each block, unique within its dialling code, in scrambled order."""
    distinct, first, place = np.unique(blocks, return_index=True, return_inverse=True)
    region = dialling[first]
    number = np.arange(len(distinct)) - np.searchsorted(region, region)
    turn = rng.integers(0, 1000, 1000)
    return ((number * 387 + turn[region % 1000]) % 1000)[place].astype(np.int64)


def _imeis(ledger: Ledger, clones: float, rng: np.random.Generator) -> Int64:
    """Model (TAC) and serial number; a few cheap handsets carry copied ones."""
    model = ledger.handset_models.astype(np.int64)
    serial = (_rank(model, rng) * 387_421 + model * 7_919) % 1_000_000
    tac = 35_000_000 + scrambled(model, bits=19, salt=int(rng.integers(0, 2**18)))
    imei = tac * 1_000_000 + serial
    copied = np.flatnonzero(rng.random(len(imei)) < clones)
    originals = imei[rng.integers(0, len(imei), max(len(copied) // 12, 1))]
    imei[copied] = originals[rng.integers(0, len(originals), len(copied))]
    return imei
