"""A country by other hands: written from the data contract and public facts alone. See README.md."""

from detector.lands.strangers.country import tables

__all__ = ["tables"]
