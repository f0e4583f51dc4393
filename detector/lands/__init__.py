"""Countries to practise on, by several hands: `detector.lands.countries` makes them."""

HOME = "mexico"  # the project's own simulator
LANDS = (HOME, "strangers", "neighbours", "travellers", "villagers")
KINDS = (
    "plain",
    "hard",
    "sparse",
)  # of other lands: how careful rings are, how much is written down
