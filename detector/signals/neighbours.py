"""The company a key keeps: how many of the *other* registrations on a device, agent, network or SIM block
are exposed, official, new, handed over, silent or later disowned, against what is usual in the country.

Label-derived ones count a verdict only from the moment it became known. Nothing here looks at the
registration's own status.
"""

from __future__ import annotations

from detector.context import Context
from detector.history import Column
from detector.signals.features import FREE, RISES, Feature, feature
from detector.signals.reasons import Reason
from detector.signals.signal import Signal
from detector.windows import FLAGS

LINKED, DISOWNED, SELLER, BATCH, ADDRESS = (
    "LINKED_RISK",
    "LINKED_DISOWNED",
    "SELLER_PATTERN",
    "SIM_BATCH",
    "ADDRESS_SHARED",
)
# Keys rare enough that a few people at most should share them: the worst of them speaks.
RARE = ("device", "handset", "contact", "ip", "sim")
HUBS = {
    "agent": (SELLER, ("new_line", "exposed", "grave", "official", "doubtful", "handed_over",
                       "travelled", "closed", "silent", "reported", "repeated", "shared", "disowned")),
    "pos": (SELLER, ("exposed", "grave", "handed_over", "silent", "closed", "repeated", "shared",
                     "disowned")),
    "network": (ADDRESS, ("exposed", "grave", "new_line", "doubtful", "handed_over", "shared",
                          "disowned")),
    "block": (BATCH, ("exposed", "grave", "official", "remote", "handed_over", "travelled",
                      "silent", "closed", "repeated", "shared", "disowned")),
    "line_block": (None, ("handed_over", "grave", "disowned")),
    "model": (None, ("grave", "doubtful", "handed_over", "disowned")),
    "place": (None, ("grave", "handed_over", "disowned")),
    "identity": (LINKED, ("handed_over", "travelled", "silent", "closed", "reported", "disowned",
                          "doubtful")),
    "root": (LINKED, ("disowned",)),
}  # fmt: skip


def _excess(key: str, flag: str, reason: str | None) -> Feature:
    def column(c: Context) -> Column:
        return c.excess(c.on(key), flag)

    column.__name__ = f"{key}_{flag}_excess"
    column.__doc__ = (
        f"By how many standard deviations more of the {key}'s others are {flag} than is usual."
    )
    speaks = DISOWNED if flag == "disowned" else reason
    return feature(reason=speaks, monotone=RISES if flag == "disowned" else FREE)(column)


def _worst(flag: str) -> Feature:
    def column(c: Context) -> Column:
        return c.worst_excess(RARE, flag)

    column.__name__ = f"linked_{flag}_excess"
    column.__doc__ = (
        f"The greatest excess of {flag} registrations among the others on its device, handset, SIM, "
        "contact or address, in standard deviations."
    )
    speaks = DISOWNED if flag == "disowned" else LINKED
    return feature(reason=speaks, monotone=RISES if flag == "disowned" else FREE)(column)


SIGNAL = Signal(
    name="neighbours",
    sees="B, C, D, F, I: agents, devices and batches through which stolen identities pass, also when each "
    "is used once; stock that is handed over or lies silent.",
    hurts="Customers of a bad agent; colleagues of a breached office; relief camps.",
    features=(
        *(_worst(flag) for flag in FLAGS if flag != "remote"),
        *(_excess(k, flag, reason) for k, (reason, flags) in HUBS.items() for flag in flags),
    ),
    reasons=(
        Reason(
            LINKED,
            "linked",
            "Otros registros vinculados a este presentan señales de uso indebido de identidad.",
            "Other registrations linked to this one show signs of identity misuse.",
            counts=("device", "handset", "contact", "ip", "sim", "identity", "root"),
        ),
        Reason(
            DISOWNED,
            "linked",
            "Titulares de registros vinculados a este dijeron que no eran suyos.",
            "Holders of registrations linked to this one said they were not theirs.",
        ),
    ),
)
