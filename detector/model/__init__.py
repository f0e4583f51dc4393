"""What learns, what it is measured by, and how the measurement is told."""
