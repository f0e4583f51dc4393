"""What leaves the service by itself: events for subscribers and notices, sent at least once and signed."""
