"""From the live store to what analysts learn from, and back: its export, and what a release let pass."""
