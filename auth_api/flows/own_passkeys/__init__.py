"""The passkeys of the user's own account."""
