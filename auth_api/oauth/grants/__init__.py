"""What applications hold for users: grants, with their refresh tokens."""
