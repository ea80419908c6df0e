"""The endpoints at which applications ask about tokens, and revoke them."""
