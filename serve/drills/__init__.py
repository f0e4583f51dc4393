"""Attacks on our own service, run on purpose; what is weakened to show that they work is weakened here only."""
