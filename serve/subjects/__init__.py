"""What a store knows of one person: shown to them, erased for them, or kept because a court says so."""
