"""Servers that the application calls: identity providers in the process of the tests, with TLS, that can lie."""
