"""What only the strangers promise: every pattern of misuse can be made, as often as it is wanted."""

from detector.lands.strangers.attacks import DEEDS
from detector.lands.strangers.honest import honest
from detector.lands.strangers.world import world


def test_every_pattern_makes_as_many_lines_as_asked_for() -> None:
    somewhere = world("hard", size=1_500, seed=1)
    base = honest(somewhere, 1_500)

    made = {deed.__name__: deed(somewhere, 24, base) for deed in DEEDS}

    assert {name: int(rows["fraud"].sum()) for name, rows in made.items()} == dict.fromkeys(
        made, 24
    )
    assert all((rows.loc[rows["fraud"] == 1, "ring"] >= 0).all() for rows in made.values())
    assert all(rows["day"].between(0, 249).all() for rows in made.values())
