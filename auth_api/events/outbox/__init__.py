"""Mails that are stored in the transaction that causes them, and sent after its commit.

A row contains the kind and the recipient, never a token or a rendered text: both are created right before sending. The
token is derived from the row and a secret that is not in the database, so that it is the same at each attempt.
"""
