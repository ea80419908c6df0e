"""Explain why a connection to PostgreSQL fails, without the server's words: they may quote a password."""

import socket
import ssl
from typing import Final

import asyncpg

_EXPLANATIONS: Final[tuple[tuple[type[Exception], str, str], ...]] = (
    (
        ssl.SSLCertVerificationError,
        "its certificate is not trusted for this host",
        "Use the host name of the certificate in DATABASE_URL, and set sslrootcert to its certificate authority.",
    ),
    (ssl.SSLError, "the TLS connection failed", "Enable ssl in PostgreSQL, or check sslmode in DATABASE_URL."),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "it rejected the login",
        "Check user and password in DATABASE_URL, and pg_hba.conf.",
    ),
    (
        asyncpg.InvalidCatalogNameError,
        "the database does not exist",
        "Create it (CREATE DATABASE), or correct its name in DATABASE_URL.",
    ),
    (
        asyncpg.TooManyConnectionsError,
        "all of its connections are in use",
        "Raise max_connections, or lower DATABASE_MAX_POOL_SIZE.",
    ),
    (
        asyncpg.ProtocolViolationError,
        "a pooler rejected a parameter of the connection",
        "Set ignore_startup_parameters = statement_timeout in pgbouncer.ini (docs/deployment.md).",
    ),
    (socket.gaierror, "the host name cannot be resolved", "Check the host in DATABASE_URL."),
    (
        TimeoutError,
        "no response in time",
        "Check host and port in DATABASE_URL, and whether a firewall drops packets.",
    ),
    (
        ConnectionRefusedError,
        "the connection was refused",
        "Check host and port in DATABASE_URL, and whether the server is running.",
    ),
    (OSError, "the connection failed", "Check host and port in DATABASE_URL, and whether the server is running."),
)
"""The first type that matches, its meaning and the fix."""


def explain_failure(error: Exception) -> tuple[str, str]:
    """Return why the connection failed, and the fix."""
    for kind, message, fix in _EXPLANATIONS:
        if isinstance(error, kind):
            reason = getattr(error, "verify_message", "")
            return f"{message} ({reason})" if reason else message, fix
    return f"it cannot be used ({type(error).__name__})", "Read the log of PostgreSQL."
