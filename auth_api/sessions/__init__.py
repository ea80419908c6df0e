"""Owns sessions and refresh tokens: opening, checking, rotating and ending them. Knows nothing of passwords."""
