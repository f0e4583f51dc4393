"""The worker as a process of its own: it alone has the key that opens the log, and does what needs it."""
