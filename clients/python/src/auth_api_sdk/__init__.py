"""Clients of auth_api: log in, keep a session, and check tokens in your own service."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from auth_api_sdk.errors import AuthError, ConfigurationError, TokenRejected, Unavailable
from auth_api_sdk.principal import Principal

if TYPE_CHECKING:
    from auth_api_sdk.verification import AsyncTokenVerifier, TokenVerifier

__all__ = [
    "AsyncTokenVerifier",
    "AuthError",
    "ConfigurationError",
    "Principal",
    "TokenRejected",
    "TokenVerifier",
    "Unavailable",
]

__version__ = "0.1.0"

_MODULES = {
    "AsyncTokenVerifier": "auth_api_sdk.verification",
    "TokenVerifier": "auth_api_sdk.verification",
}
"""Imported when they are first used, as they need an HTTP client."""


def __getattr__(name: str) -> Any:
    """Import a class."""
    if name not in _MODULES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_MODULES[name]), name)
