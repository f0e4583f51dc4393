"""Where a person sees the lines in their name, says which are theirs, and hears what became of it."""
