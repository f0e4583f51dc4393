"""Watches over who asks: a bribed clerk must be seen before the answers add up to a secret."""
