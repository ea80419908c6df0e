"""The journey from nothing to an account with a first session."""
