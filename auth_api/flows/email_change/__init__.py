"""The journey of an account to another address, and back."""
