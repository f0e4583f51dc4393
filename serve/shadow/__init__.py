"""A challenger in the shadow: what it would have answered, worked out after the fact and apart."""
