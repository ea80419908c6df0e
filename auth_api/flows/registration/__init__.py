"""Registration: creates an account and its first session."""
