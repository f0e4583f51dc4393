"""What a CURP says of who somebody is, coarsely: sex, age and where they were born, as one number.

For the audit alone (`detector.audit`): never a feature, never beside a registration in the clear. The
letters are those of the *Instructivo Normativo* for the CURP (DOF, 18 October 2021).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from detector.compiled import njit
from detector.dates import day_number
from detector.registration import Bool, Int16
from detector.spans import Bytes

# The 32 states where somebody may be born, and NE for abroad.
STATES = {
    "AS": "Aguascalientes", "BC": "Baja California", "BS": "Baja California Sur", "CC": "Campeche",
    "CH": "Chihuahua", "CL": "Coahuila", "CM": "Colima", "CS": "Chiapas", "DF": "Ciudad de México",
    "DG": "Durango", "GR": "Guerrero", "GT": "Guanajuato", "HG": "Hidalgo", "JC": "Jalisco",
    "MC": "Estado de México", "MN": "Michoacán", "MS": "Morelos", "NE": "another country", "NL": "Nuevo León",
    "NT": "Nayarit", "OC": "Oaxaca", "PL": "Puebla", "QR": "Quintana Roo", "QT": "Querétaro",
    "SL": "Sinaloa", "SP": "San Luis Potosí", "SR": "Sonora", "TC": "Tabasco", "TL": "Tlaxcala",
    "TS": "Tamaulipas", "VZ": "Veracruz", "YN": "Yucatán", "ZS": "Zacatecas",
}  # fmt: skip
STATE_CODES = np.zeros((26, 26), np.int16)  # by two letters, from 1; 0 where there is no such state
STATE_CODES[tuple(np.array([[ord(c) - 65 for c in code] for code in STATES]).T)] = np.arange(
    1, len(STATES) + 1
)
AGES = (18, 30, 45, 60)
AGE_NAMES = (
    f"under {AGES[0]}",
    *(f"{low} to {high - 1}" for low, high in pairwise(AGES)),
    f"{AGES[-1]} or over",
)
SEX_NAMES = ("men", "women", "another sex")
NOBODY = 0  # nothing is known: no CURP, or none that can be
_SEXES, _AGES = len(SEX_NAMES) + 1, len(AGE_NAMES) + 1
CODES = _SEXES * _AGES * (len(STATES) + 1)


@njit(nogil=True, cache=True)
def group(line: Bytes, born: tuple[int, int, int], day: int, state: int) -> int:
    """The code of a CURP's holder, born in a year, month and day, at a day since 1970; no age before birth."""
    sex = 1 if line[10] == 72 else (2 if line[10] == 77 else 3)
    age = 0
    year, month, date = born
    if day_number(year, month, date) <= day:
        age = 1
        for edge in AGES:
            age += day_number(year + edge, month, date) <= day
    return sex + _SEXES * (age + _AGES * state)


def named(codes: Int16) -> Iterator[tuple[str, str, Bool]]:
    """Kind and name of every group that somebody is in, and who."""
    codes = np.asarray(codes)
    rest = codes // _SEXES
    for kind, names, held in (
        ("sex", SEX_NAMES, codes % _SEXES),
        ("age", AGE_NAMES, rest % _AGES),
        ("born in", tuple(STATES.values()), rest // _AGES),
    ):
        for number, name in enumerate(names, 1):
            if (mine := held == number).any():
                yield kind, name, mine
