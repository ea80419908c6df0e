"""The token endpoint, at which applications get access tokens, ID tokens and refresh tokens."""
