"""Open, check, refresh and end sessions. This package does not know how users prove their identity."""
