"""Resource servers, and the scopes of their access tokens."""
