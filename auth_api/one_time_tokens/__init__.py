"""Tokens that are sent by mail: each works once, for one purpose and a limited time. Only the digest is stored."""
