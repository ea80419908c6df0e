"""Clients of auth_api: log in, keep a session, and check tokens in your own service."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from auth_api_sdk.errors import AuthError, ConfigurationError, SignedOut, TokenRejected, Unavailable
from auth_api_sdk.principal import Principal

if TYPE_CHECKING:
    from auth_api_sdk.async_client import AsyncAuthClient
    from auth_api_sdk.client import AuthClient
    from auth_api_sdk.models import LoggedIn, Tokens, User
    from auth_api_sdk.sqlite_store import SqliteStore
    from auth_api_sdk.stores import AsyncTokenStore, MemoryStore, TokenStore
    from auth_api_sdk.verification import AsyncTokenVerifier, TokenVerifier

__all__ = [
    "AsyncAuthClient",
    "AsyncTokenStore",
    "AsyncTokenVerifier",
    "AuthClient",
    "AuthError",
    "ConfigurationError",
    "LoggedIn",
    "MemoryStore",
    "Principal",
    "SignedOut",
    "SqliteStore",
    "TokenRejected",
    "TokenStore",
    "TokenVerifier",
    "Tokens",
    "Unavailable",
    "User",
]

__version__ = "0.1.0"

_MODULES = {
    "AsyncAuthClient": "auth_api_sdk.async_client",
    "AuthClient": "auth_api_sdk.client",
    "AsyncTokenStore": "auth_api_sdk.stores",
    "MemoryStore": "auth_api_sdk.stores",
    "SqliteStore": "auth_api_sdk.sqlite_store",
    "TokenStore": "auth_api_sdk.stores",
    "LoggedIn": "auth_api_sdk.models",
    "Tokens": "auth_api_sdk.models",
    "User": "auth_api_sdk.models",
    "AsyncTokenVerifier": "auth_api_sdk.verification",
    "TokenVerifier": "auth_api_sdk.verification",
}
"""Imported when they are first used, as they need more modules than most programs use."""


def __getattr__(name: str) -> Any:
    """Import a class."""
    if name not in _MODULES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_MODULES[name]), name)
