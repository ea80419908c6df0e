"""Why a connection to PostgreSQL cannot be made. Never in the server's words: they may quote what somebody typed."""

import socket
import ssl
from typing import Final

import asyncpg

_EXPLANATIONS: Final[tuple[tuple[type[Exception], str, str], ...]] = (
    (
        ssl.SSLCertVerificationError,
        "its certificate does not prove that it is this host",
        "Name the host in DATABASE_URL as its certificate does, and the authority in sslrootcert.",
    ),
    (ssl.SSLError, "it does not speak TLS as wanted", "Switch ssl on in PostgreSQL, or check sslmode in DATABASE_URL."),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "it refuses the login",
        "Check user and password in DATABASE_URL, and pg_hba.conf.",
    ),
    (
        asyncpg.InvalidCatalogNameError,
        "it has no such database",
        "Create it (CREATE DATABASE), or mend the name in DATABASE_URL.",
    ),
    (
        asyncpg.TooManyConnectionsError,
        "all of its connections are taken",
        "Raise max_connections, or lower DATABASE_MAX_POOL_SIZE.",
    ),
    (
        asyncpg.ProtocolViolationError,
        "a pooler refuses a parameter of the connection",
        "Set ignore_startup_parameters = statement_timeout in pgbouncer.ini (docs/deployment.md).",
    ),
    (socket.gaierror, "the name is not known", "Check the host in DATABASE_URL."),
    (
        TimeoutError,
        "no answer in time",
        "Check host and port in DATABASE_URL, and whether a firewall drops packets.",
    ),
    (OSError, "nothing listens there", "Check host and port in DATABASE_URL, and whether the server runs."),
)
"""The first kind that fits, with what it means and what to do."""


def explain_failure(error: Exception) -> tuple[str, str]:
    """Return what keeps a connection from being made, and what to do about it."""
    for kind, says, fix in _EXPLANATIONS:
        if isinstance(error, kind):
            reason = getattr(error, "verify_message", "")
            return f"{says} ({reason})" if reason else says, fix
    return f"it cannot be used ({type(error).__name__})", "Look at the log of PostgreSQL."
