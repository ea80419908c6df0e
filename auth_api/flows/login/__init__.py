"""Login: verify the password, then open a session."""
