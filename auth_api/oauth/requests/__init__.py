"""Requests of applications: for authorization, of devices, and to sign out."""
