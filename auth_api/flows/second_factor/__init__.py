"""The second step of a login: a code of an authenticator app, or a recovery code."""
