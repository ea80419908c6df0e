"""The API keys of the user's own account."""
