"""Review by people: cases, claims, verdicts, rulings on what was held, and notes that clear a pattern."""
