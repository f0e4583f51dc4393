"""Simulated countries as a carrier's fraud desk in the north would draw them.

They know how a SIM travels (factory, box, strip, dealer, street seller, user), who earns a
commission on the way, and how that is abused. `tables` writes one country as a data folder.
"""

from detector.lands.neighbours.country import tables

__all__ = ["tables"]
