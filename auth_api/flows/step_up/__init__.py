"""Step-up: users prove their identity again within a session, before a sensitive operation."""
