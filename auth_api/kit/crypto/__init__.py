"""Passwords, opaque tokens and signatures."""
