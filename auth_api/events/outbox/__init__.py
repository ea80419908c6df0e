"""Mails that are stored in the transaction that causes them, and sent after its commit.

A row contains the kind and the recipient, never a token or a rendered text: both are created right before sending.
"""
