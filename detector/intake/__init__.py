"""The door: what a carrier, the simulator or the API sends becomes tables without a raw identifier.

One parser for every producer. `read_folder` takes a data folder, `read_registrations` a table,
`registration` one event; `tokenise` makes of raw rows what a client that blinds identities sends.
"""

from detector.intake.arriving import Arriving, arriving, folios, handset, identity
from detector.intake.folder import Intake, read_folder, read_registrations, registration
from detector.intake.rejects import RowRejected, write_rejections
from detector.intake.tokenised import tokenise

__all__ = [
    "Arriving",
    "Intake",
    "RowRejected",
    "arriving",
    "folios",
    "handset",
    "identity",
    "read_folder",
    "read_registrations",
    "registration",
    "tokenise",
    "write_rejections",
]
