"""Mailed secrets: each for one purpose, one use, and a short life. Hands out the secret once, keeps its digest."""
