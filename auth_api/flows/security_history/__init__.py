"""Administrators read the security history of all users."""
