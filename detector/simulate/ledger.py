"""Everything that exists once and can be shared: lines, SIMs, handsets, devices, contacts, identities.

Whoever needs one asks the ledger, honest or not, and gets its number; how it is written (IMEI, ICCID,
telephone number) is decided at the end for all alike, so that no identifier tells who asked for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.registration import Int32
from detector.simulate.identities import Identities

MODELS = 900  # handset models (TACs) on the market, Zipf-like


class Shelf:
    """Columns that grow by blocks; what was put there is known by its position."""

    def __init__(self) -> None:
        self._blocks: list[dict[str, NDArray[Any]]] = []
        self._count = 0

    def put(self, n: int, **columns: Any) -> Int32:
        """Positions of `n` new entries with the given attributes."""
        self._blocks.append({k: np.array(np.broadcast_to(v, n)) for k, v in columns.items()})
        self._count += n
        return np.arange(self._count - n, self._count, dtype=np.int32)

    def column(self, name: str) -> NDArray[Any]:
        """One attribute of everything there."""
        return np.concatenate([block[name] for block in self._blocks])

    def first_block(self) -> dict[str, NDArray[Any]]:
        """What was put there first."""
        return self._blocks[0]

    def __len__(self) -> int:
        return self._count


class Ledger:
    """The shelves."""

    def __init__(self, models: NDArray[np.float64]) -> None:
        self._lines, self._sims, self._handsets = Shelf(), Shelf(), Shelf()
        self._devices, self._contacts, self._identities = Shelf(), Shelf(), Shelf()
        self._model_steps = np.cumsum(models / models.sum())

    def lines(self, n: int, *, carrier: Any, place: Any, digit: Any) -> Int32:
        """Telephone numbers by carrier, place (its dialling code) and last digit."""
        return self._lines.put(
            n,
            carrier=np.asarray(carrier, np.int8),
            place=np.asarray(place, np.int32),
            digit=np.asarray(digit, np.int8),
        )

    def sims(
        self, n: int, *, carrier: Any, place: Any, stock: Any, bought_at: Any, tight: Any
    ) -> Int32:
        """SIMs out of a shop's stock, in the order of purchase; `tight` ones leave no gap before them."""
        return self._sims.put(
            n,
            carrier=np.asarray(carrier, np.int8),
            place=np.asarray(place, np.int32),
            stock=np.asarray(stock, np.int64),
            bought_at=np.asarray(bought_at, np.int64),
            tight=np.asarray(tight, np.bool_),
        )

    def handsets(self, n: int, rng: np.random.Generator) -> Int32:
        """Handsets of popular and rare models."""
        model = np.searchsorted(self._model_steps, rng.random(n)).clip(0, MODELS - 1)
        return self._handsets.put(n, model=model.astype(np.int16))

    def handsets_of_one_model(self, n: int, rng: np.random.Generator) -> Int32:
        """A batch bought together."""
        return self._handsets.put(n, model=np.int16(rng.integers(0, MODELS)))

    def devices(self, n: int) -> Int32:
        """Browsers, apps and tablets that run registrations."""
        return self._devices.put(n, one=np.int8(1))

    def contacts(self, n: int) -> Int32:
        """E-mail addresses and telephone numbers left as contact."""
        return self._contacts.put(n, one=np.int8(1))

    def identities(self, entries: Identities) -> Int32:
        """Further people, firms and inventions."""
        return self._identities.put(
            len(entries), **{name: getattr(entries, name) for name in Identities.__slots__}
        )

    @property
    def line_table(self) -> Shelf:
        """Numbers: carrier, place, digit."""
        return self._lines

    @property
    def sim_table(self) -> Shelf:
        """SIMs: carrier, stock, bought_at, tight."""
        return self._sims

    @property
    def handset_models(self) -> NDArray[np.int16]:
        """The model of every handset."""
        return self._handsets.column("model")

    @property
    def device_count(self) -> int:
        """How many devices there are."""
        return len(self._devices)

    def first_identities(self) -> Identities:
        """Those entered first and together: the country's adults."""
        return Identities(**self._identities.first_block())

    def everybody(self) -> Identities:
        """All identities."""
        return Identities(**{n: self._identities.column(n) for n in Identities.__slots__})
