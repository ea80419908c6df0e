"""The journey from a proof of identity to a session."""
