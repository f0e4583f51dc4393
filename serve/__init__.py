"""The service that carriers ask: an HTTP API over the engine, with a store that keeps what it answered."""
