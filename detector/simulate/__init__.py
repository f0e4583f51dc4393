"""A country to practise on: agents with lives and rings with intentions, never sampled fraud rows.

    tables = simulate(Country.draw(7), registrations=60_000, seed=7)
    write(tables, Path("data"))

Every figure measured on such a country is a figure on a simulated country.
"""

from detector.simulate.country import Country
from detector.simulate.simulation import simulate
from detector.simulate.write import write

__all__ = ["Country", "simulate", "write"]
