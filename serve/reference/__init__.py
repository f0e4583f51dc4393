"""Who was in which breach and who holds office, as keyed tables of millions of rows without one raw row."""
