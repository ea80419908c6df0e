"""The second factors of the user's own account."""
