"""Disputes: what holders say of the lines in their name, what carriers find, and the labels both make."""
