"""The kinds of errand, honest and not: who goes for whom, with whose things, and who uses the line.

An errand says what registrations of a group have in common. `keeps` names what they all share:
d device, i address, c contact, h handset, s box of SIMs, p shop, a agent, b handsets of later use.
`source` says whose papers they are, `route` where it happens, `use` who ends up with the line.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Errand:
    """What a group of registrations has in common; `share` is its weight among errands."""

    name: str
    share: float
    source: str
    size: tuple[int, int]
    route: str
    keeps: str
    use: str
    wake: str = "soon"
    new: float = 0.3  # of the lines are new ones
    repeat: float = 0.05  # the next line is for the same holder
    sitting: int = 4  # lines at one sitting
    pause: float = 4.0  # days between sittings
    own: float = 1.0  # chance that a kept thing is the helper's own


OWN = (
    Errand(
        "own_phone",
        0.0,
        "each",
        (1, 2),
        "phone",
        "",
        "holder",
        new=0.42,
        repeat=1,
        pause=60,
        sitting=2,
    ),
    Errand(
        "own_counter",
        0.0,
        "each",
        (1, 2),
        "counter",
        "",
        "holder",
        new=0.44,
        repeat=1,
        pause=60,
        sitting=2,
    ),
)

HONEST = (
    Errand("family_table", 14, "household", (2, 6), "phone", "dic", "holder", repeat=0.2, pause=9),
    Errand("kin_far", 8, "kin", (1, 4), "phone", "dic", "kin", "days", new=0.3, pause=12),
    Errand("minor_children", 6, "head", (2, 5), "phone", "d", "household", new=0.5, repeat=1),
    Errand("lent_handset", 6, "cluster", (2, 9), "phone", "dh", "holder", new=0.25, pause=6),
    Errand("kiosk", 14, "town", (6, 70), "machine", "di", "holder", new=0.3, sitting=2, pause=1.5),
    Errand("corner_shop", 7, "town", (3, 25), "phone", "ds", "holder", new=0.34, sitting=2),
    Errand("village_queue", 9, "town", (10, 80), "tablet", "dap", "holder", new=0.2, sitting=30,
           pause=2),
    Errand("parish_wifi", 6, "town", (8, 50), "phone", "i", "holder", sitting=3, pause=2),
    Errand("school_drive", 5, "town", (6, 35), "phone", "di", "household", new=0.35, sitting=14),
    Errand("ejido_assembly", 4, "cluster", (5, 30), "phone", "dc", "holder", new=0.25, sitting=12),
    Errand("programme_desk", 5, "town", (10, 60), "tablet", "dai", "holder", "days", new=0.45,
           sitting=20, pause=3),
    Errand("relief_chips", 2, "cluster", (8, 50), "tablet", "das", "holder", "weeks", new=0.5,
           sitting=25, pause=2),
    Errand("union_office", 4, "corridor", (5, 40), "counter", "pa", "holder", "days", new=0.5,
           sitting=10),
    Errand("crew_lines", 5, "corridor", (3, 18), "phone", "dsc", "crew", "days", new=0.36,
           sitting=5),
    Errand("season_camp", 4, "corridor", (4, 35), "phone", "di", "camp", new=0.34, sitting=8),
    Errand("company_fleet", 6, "company", (5, 60), "bulk", "s", "fleet", "days", new=0.75, repeat=1,
           sitting=20),
    Errand("posts_and_meters", 2, "company", (4, 30), "counter", "pab", "hub", "days", new=0.9,
           repeat=1, sitting=10),
    Errand("dealer_burst", 5, "corridor", (6, 50), "counter", "pas", "sold", "weeks", new=0.8,
           sitting=8, pause=2),
    Errand("sent_north", 4, "kin", (1, 4), "phone", "di", "abroad", "weeks", new=0.35),
    Errand("gift", 5, "self", (1, 3), "counter", "p", "kin", "weeks", new=0.6, repeat=1, pause=20),
    Errand("stall_lines", 3, "self", (3, 10), "counter", "", "crew", "days", new=0.7, repeat=1,
           pause=15),
    Errand("godparents", 3, "self", (2, 6), "phone", "d", "kin", "days", new=0.75, repeat=1),
    Errand("parents_estate", 3, "widow", (1, 3), "phone", "dc", "household", new=0.15, repeat=0.6),
    Errand("mandated_aide", 3, "official", (2, 9), "phone", "dic", "crew", "days", new=0.4,
           repeat=0.8, pause=14),
    Errand("shelter", 3, "nation", (4, 40), "phone", "di", "away", "days", new=0.32, sitting=3),
    Errand("traveller_helper", 3, "nation", (2, 12), "phone", "ds", "away", "days", new=0.36,
           sitting=2, pause=8),
    Errand("market_resale", 3, "nation", (2, 14), "phone", "dh", "sold", "weeks", new=0.36,
           sitting=2, pause=6),
)  # fmt: skip

MISUSE = (
    Errand("quiet_relative", 1.4, "household", (1, 3), "phone", "dihc", "doer", "days", new=0.85,
           repeat=0.5, pause=20, own=0.8),
    Errand("foreman_roll", 1.2, "corridor", (4, 18), "phone", "dsh", "crew", "days", new=0.95,
           sitting=5, own=0.6),
    Errand("promoter_list", 1.2, "town", (5, 30), "tablet", "das", "sold", "weeks", new=0.95,
           sitting=8, pause=3),
    Errand("party_rolls", 1.2, "town", (6, 36), "phone", "dshb", "hub", "weeks", new=0.97,
           sitting=6, pause=3),
    Errand("copy_shop", 1.2, "town", (4, 28), "machine", "dic", "sold", "weeks", new=0.92,
           sitting=2, pause=9),
    Errand("collector", 0.8, "corridor", (2, 12), "phone", "dhsb", "hub", "soon", new=0.97,
           sitting=2, pause=7, own=0.3),
    Errand("funeral_home", 0.9, "dead_here", (2, 10), "phone", "dc", "sold", "weeks", new=0.9,
           repeat=0.4, sitting=2, pause=14, own=0.4),
    Errand("clinic_file", 0.9, "elders", (3, 18), "phone", "dsh", "sold", "weeks", new=0.92,
           sitting=3, pause=6, own=0.2),
    Errand("school_file", 0.8, "cluster", (3, 16), "phone", "dsic", "hub", "days", new=0.95,
           sitting=4, own=0.3),
    Errand("coyote", 1.0, "cluster", (3, 16), "phone", "dsh", "border", "days", new=0.97, sitting=4,
           own=0.3),
    Errand("landlord", 0.7, "cluster", (1, 6), "counter", "pa", "sold", "days", new=0.85,
           repeat=0.5, pause=16),
    Errand("loan_app", 1.3, "nation", (8, 40), "phone", "dshb", "hub", "soon", new=0.9, sitting=6,
           pause=2, own=0.0),
    Errand("again_clerk", 1.0, "town", (3, 24), "counter", "pas", "sold", "weeks", new=0.95,
           repeat=0.75, sitting=4, pause=5),
    Errand("cacique_box", 0.9, "cluster", (6, 36), "tablet", "das", "hub", "weeks", new=0.97,
           sitting=10, pause=5),
    Errand("list_buyer", 1.4, "breach", (5, 40), "phone", "dshi", "sold", "weeks", new=0.93,
           repeat=0.2, sitting=4, pause=3, own=0.0),
    Errand("dead_list", 0.8, "dead", (4, 24), "phone", "dsh", "sold", "weeks", new=0.9, repeat=0.3,
           sitting=4, own=0.0),
    Errand("mocked_official", 0.7, "official", (2, 10), "phone", "dhi", "away", "days", new=0.9,
           repeat=0.9, sitting=3, pause=2, own=0.3),
    Errand("false_business", 0.7, "trader", (4, 24), "counter", "pcb", "sold", "days", new=0.95,
           repeat=0.85, sitting=6),
    Errand("aged_stock", 0.9, "breach", (4, 20), "phone", "dh", "sold", "weeks", new=0.15,
           repeat=0.3, sitting=2, pause=10, own=0.0),
)  # fmt: skip
