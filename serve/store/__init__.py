"""Where the service keeps what it knows: SQLite as the embedded default, PostgreSQL for several workers."""
