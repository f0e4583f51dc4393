"""Telling people that a line was registered in their name, through a channel that was theirs before."""
