"""The user's own account: profile, password, data export and deletion."""
