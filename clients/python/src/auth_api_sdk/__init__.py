"""Clients of auth_api: log in, keep a session, and check tokens in your own service."""

from auth_api_sdk.errors import AuthError, TokenRejected, Unavailable
from auth_api_sdk.principal import Principal

__all__ = ["AuthError", "Principal", "TokenRejected", "Unavailable"]

__version__ = "0.1.0"
