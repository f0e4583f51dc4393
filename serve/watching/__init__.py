"""Watching a running service from its store: what to look at, in words and for machines."""
