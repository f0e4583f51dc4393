"""Simulated countries by people who did not write the engine: regulators and prosecutors.

What is written here comes from case files (how rings, prisons, clerks and forgers get lines) and from
the complaints of innocent people (what a registry asks of the poor, the rural, the old and migrants).
"""

from benchmarks.outsiders.simulation import KINDS, tables

__all__ = ["KINDS", "tables"]
