"""Users link their account to accounts at providers, and unlink it."""
