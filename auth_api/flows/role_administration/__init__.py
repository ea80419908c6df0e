"""Administrators and operators manage roles, permissions, and who has which role."""
