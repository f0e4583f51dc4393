"""The carriers' book: orders written down in the contract's columns, through one door for all."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator

from detector.lands.neighbours.land import CHANNELS, DAY, NAMES, OPENING, OPERATIONS, OPTIONAL, Land
from detector.lands.neighbours.numbers import Floats, Ints, Texts, digits, iccids, imeis, text
from detector.lands.neighbours.orders import FRESH, NONE, POOLED
from detector.lands.neighbours.people import RFC, People

RESULTS = np.array(["match", "partial", "not_found", "deceased", "unavailable"])
ANSWERS = np.array(  # of a source, to papers that are in order, doubtful, made up, a dead person's
    [
        [0.895, 0.062, 0.014, 0.0006, 0.0284],
        [0.6, 0.25, 0.11, 0.01, 0.03],
        [0.3, 0.22, 0.45, 0.0, 0.03],
        [0.55, 0.05, 0.02, 0.35, 0.03],
    ]
)
TRIES = np.array([[0.86, 0.1, 0.04], [0.62, 0.24, 0.14], [0.62, 0.24, 0.14], [0.8, 0.14, 0.06]])
DOCUMENTS = np.array(["ine", "passport", "curp_card", "tax_certificate"])


@dataclass(frozen=True, slots=True)
class Names:
    """What things are called: sorted numbers of a kind, and a text for each."""

    number: Ints
    label: Texts

    def of(self, wanted: Ints) -> pd.Series:
        """Each thing's text; things that were never recorded stay empty."""
        place = np.searchsorted(self.number, wanted)
        found: pd.Series = pd.Series(self.label[np.minimum(place, len(self.label) - 1)], dtype=str)
        return found.where(wanted >= 0)


def draw(rows: Floats, rng: Generator) -> Ints:
    """One column for each row of probabilities."""
    chosen = (np.cumsum(rows, axis=1) < rng.random(len(rows))[:, None]).sum(axis=1)
    bounded: Ints = np.minimum(chosen, rows.shape[1] - 1)
    return bounded


def handset_names(handset: Ints, rng: Generator) -> Names:
    """IMEIs."""
    number = np.unique(handset)
    return Names(number, imeis(number, rng))


def _codes(number: Ints, prefix: str, rng: Generator) -> Names:
    """Opaque codes in no order."""
    known = np.unique(number)
    code = rng.choice(max(10**6, 2 * len(known)), len(known), replace=False)
    return Names(known, np.char.add(prefix, text(digits(code, 7))))


def _fingerprints(device: Ints, rng: Generator) -> Names:
    number = np.unique(device)
    high, low = rng.integers(0, 2**32, (2, len(number)))
    return Names(number, np.array([f"{a:08x}{b:08x}" for a, b in zip(high, low, strict=True)]))


def _contacts(contact: Ints, rng: Generator) -> Names:
    """Addresses and telephone numbers, of domains nobody owns."""
    number = np.unique(contact)
    n = len(number)
    word = np.array(["luna", "sol", "rio", "ana", "mar", "lupe", "beto", "paz", "flor", "maiz"])
    host = np.array(["@correo.example", "@mail.example", "@buzon.example", "@example.org"])
    tail = rng.integers(0, 10**6, n).astype(str)
    mail = np.char.add(np.char.add(rng.choice(word, n), tail), rng.choice(host, n))
    phone = np.char.add("+52", text(digits(rng.integers(2 * 10**9, 10**10, n), 10)))
    return Names(number, np.where(rng.random(n) < 0.35, phone, mail))


def _addresses(orders: pd.DataFrame, rng: Generator) -> Names:
    """Carriers' shared addresses first, then homes, neighbours in number living in one town."""
    used = orders.loc[orders["net"] >= 0, ["net", "town"]].drop_duplicates("net").sort_values("net")
    number = used["net"].to_numpy()
    pooled = (number >= POOLED) & (number < FRESH) & (number < POOLED + 10**6)
    town = np.where(pooled, -1, used["town"].to_numpy())
    place = np.lexsort((np.where(pooled, number, rng.random(len(number))), town))
    address = np.empty(len(number), dtype=np.int64)
    address[place] = (187 << 24) + (16 << 16) + np.cumsum(rng.integers(1, 4, len(number)))
    parts = np.stack([address >> shift & 255 for shift in (24, 16, 8, 0)]).astype(str)
    label = parts[0]
    for part in parts[1:]:
        label = np.char.add(np.char.add(label, "."), part)
    modern = np.flatnonzero((rng.random(len(number)) < 0.15) & ~pooled)
    six = [f"2001:db8:{int(a) >> 8 & 65535:x}:{int(a) & 255:x}::1" for a in address[modern]]
    label = label.astype("U40")
    label[modern] = six
    return Names(number, label)


def _sims(orders: pd.DataFrame, land: Land, rng: Generator) -> Texts:
    """SIM numbers: boxes leave the factory in rows, go to a region, are sold from the top."""
    first = orders.drop_duplicates("sim")
    old = (first["outlet"] == NONE).to_numpy()
    serial = np.empty(len(first), dtype=np.int64)
    past = first[old]
    place = np.lexsort((rng.random(len(past)), past["town"], past["carrier"]))
    grown = np.cumsum(rng.integers(1, 40, len(past)))
    serial[np.flatnonzero(old)[place]] = grown
    serial[~old] = _from_boxes(first[~old], land, rng) + int(grown[-1]) + 10**5
    carrier = first["carrier"].to_numpy()
    label = iccids(carrier, serial + 31 * 10**6, land.sim_width[carrier])
    order = np.argsort(first["sim"].to_numpy())
    names = Names(first["sim"].to_numpy()[order], label[order])
    return names.of(orders["sim"].to_numpy()).to_numpy().astype(str)


def _from_boxes(new: pd.DataFrame, land: Land, rng: Generator) -> Ints:
    """Serials: the n-th SIM an outlet sells comes from its box, or the one open beside it."""
    n = len(new)
    box = land.box[new["carrier"].to_numpy()]
    loose = new["at"].to_numpy() + rng.exponential(0.5 * DAY, n)
    place = np.lexsort((loose, new["outlet"], new["carrier"]))
    key = (new["carrier"].to_numpy() * 10**10 + new["outlet"].to_numpy())[place]
    rank = np.arange(n) - np.searchsorted(key, key)
    opened = key * 1000 + rank // box[place]
    carton, start, which = np.unique(opened, return_index=True, return_inverse=True)
    region = (new["town"].to_numpy()[place] // 4)[start]
    shipped = np.lexsort((rng.random(len(carton)), loose[place][start] // (30 * DAY), region))
    base = np.empty(len(carton), dtype=np.int64)
    base[shipped] = np.arange(len(carton))
    serial = np.empty(n, dtype=np.int64)
    torn = rng.integers(0, 3, len(carton)) * 10
    serial[place] = base[which] * 250 + (torn[which] + rank) % box[place]
    return serial


def _folios(orders: pd.DataFrame, land: Land, rng: Generator) -> Texts:
    """Folios: some carriers count, others draw."""
    n = len(orders)
    carrier = orders["carrier"].to_numpy()
    counted = np.cumsum(rng.integers(1, 9, n)) + 4_000_000
    drawn = rng.choice(10**8, n, replace=False)
    number = np.where(land.numbered[carrier], counted, drawn)
    return np.char.add(np.array(list("FLRVTKM"))[carrier], text(digits(number, 8)))


def _lines(orders: pd.DataFrame, rng: Generator) -> Texts:
    """Telephone numbers; the last digit is the line's own."""
    line, first = np.unique(orders["line"].to_numpy(), return_index=True)
    upper = rng.choice(4 * 10**6, len(line), replace=False)
    area = 220 + orders["town"].to_numpy()[first] * 13 % 770
    number = (area * 10**6 + upper % 10**6) * 10 + orders["digit"].to_numpy()[first]
    label = np.char.add("+52", text(digits(number, 10)))
    return Names(line, label).of(orders["line"].to_numpy()).to_numpy().astype(str)


def _checks(orders: pd.DataFrame, people: People, rng: Generator) -> dict[str, pd.Series]:
    """The source's answer, the tries it took, the liveness vendor's score."""
    n = len(orders)
    person = orders["person"].to_numpy()
    state = np.where(people.dead[person], 3, orders["doubt"].to_numpy())
    tries = draw(TRIES[state], rng) + 1
    tired = 0.05 * people.elder[person] + 0.07 * (state == 1) + 0.03 * (state == 2)
    live = np.clip(rng.beta(9, 1.3, n) - tired * rng.random(n) * 2, 0, 1).round(3)
    remote = (orders["channel"] < 2).to_numpy()
    kind = people.kind[person]
    weights = np.array([[0.88, 0.05, 0.07, 0], [0.25, 0.02, 0, 0.73], [0, 1, 0, 0]])
    return {
        "document_type": pd.Series(DOCUMENTS[draw(weights[kind], rng)]),
        "validation_result": pd.Series(RESULTS[draw(ANSWERS[state], rng)]),
        "validation_attempts": pd.Series(tries, dtype="Int64"),
        "liveness_score": pd.Series(live).where(remote & (kind != RFC)),
    }


def moments(at: Ints) -> pd.Series:
    """Seconds since the opening as UTC timestamps."""
    return pd.Series(pd.Timestamp(OPENING) + pd.to_timedelta(at, unit="s")).dt.as_unit("us")


def registrations(
    orders: pd.DataFrame, land: Land, people: People, handsets: Names, rng: Generator
) -> pd.DataFrame:
    """The table, one row for each order, with each carrier's holes in it."""
    person, carrier = orders["person"].to_numpy(), orders["carrier"].to_numpy()
    shop = np.where(orders["shop"] >= 0, orders["shop"] * 10 + carrier, NONE)
    agent = np.where(orders["agent"] >= 0, orders["agent"] * 10 + carrier, NONE)
    at, device = orders["at"].to_numpy(), orders["device"].to_numpy()
    contact = orders["contact"].to_numpy()
    typed = pd.Series(people.value[person])
    book = pd.DataFrame(
        {
            "registration_id": _folios(orders, land, rng),
            "carrier_id": np.array(NAMES)[carrier],
            "registered_at": moments(np.where(land.minute[carrier], at // 60 * 60, at)),
            "operation": np.array(OPERATIONS)[orders["op"]],
            "channel": np.array(CHANNELS)[orders["channel"]],
            "plan": np.array(["prepaid", "postpaid"])[orders["plan"]],
            "identity_type": np.array(["curp", "rfc", "passport"])[people.kind[person]],
            "identity_value": typed.where(rng.random(len(typed)) > 0.01, typed.str.lower()),
            **_checks(orders, people, rng),
            "msisdn": _lines(orders, rng),
            "iccid": _sims(orders, land, rng),
            "imei": handsets.of(orders["handset"].to_numpy()),
            "device_id": _fingerprints(device, rng).of(device),
            "ip": _addresses(orders, rng).of(orders["net"].to_numpy()),
            "point_of_sale_id": _codes(shop, "PV", rng).of(shop),
            "agent_id": _codes(agent, "AG", rng).of(agent),
            "place": _places(orders, land, rng),
            "line_first_seen_on": _first_seen(orders, rng),
            "contact": _contacts(contact, rng).of(contact),
        }
    )
    for number, column in enumerate(OPTIONAL):
        book[column] = book[column].where(rng.random(len(book)) >= land.gaps[carrier, number])
    return book


def _places(orders: pd.DataFrame, land: Land, rng: Generator) -> pd.Series:
    """Municipalities; a page guesses from the address and is sometimes a town off."""
    town = orders["town"].to_numpy()
    lost = (orders["channel"] < 2).to_numpy() & (rng.random(len(town)) < 0.12)
    guess = np.where(lost, rng.integers(0, land.towns, len(town)), town)
    return pd.Series(text(digits(land.code[guess], 5)))


def _first_seen(orders: pd.DataFrame, rng: Generator) -> pd.Series:
    """The first day a line was alive, where the carrier has it; for some new lines, today."""
    n = len(orders)
    tenure = orders["tenure"].to_numpy()
    today = moments(orders["at"].to_numpy()).dt.tz_localize(None).dt.normalize()
    past = pd.Timestamp(OPENING).tz_localize(None).normalize()
    seen = today.where(tenure < 0, pd.Series(past - pd.to_timedelta(tenure, unit="D")))
    known = rng.random(n) < np.where(tenure < 0, 0.35, 0.8)
    dates: pd.Series = seen.where(known).dt.date
    return dates
