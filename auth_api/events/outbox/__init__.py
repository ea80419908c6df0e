"""Mail that a transaction decided on, sent after its commit.

A row says what to write and to whom, never a token and never a text: both are made at the moment of sending.
"""
