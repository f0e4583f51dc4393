"""Travellers: countries seen through the online sessions of a year, to judge an engine that never saw them."""

from detector.lands.travellers.country import tables

__all__ = ["tables"]
