"""A country of households: who registers for whom, who keeps whose papers, who lends a handset."""

from detector.lands.villagers.census import tables

__all__ = ["tables"]
