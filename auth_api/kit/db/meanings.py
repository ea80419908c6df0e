"""The meaning of database errors: one table for services, the circuit breaker, the doctor and all commands.

No text quotes the database: its words contain rows, statements and sometimes a password.
"""

import socket
import sqlite3
import ssl
from enum import Enum, auto
from typing import Final, NamedTuple

import asyncpg


class Kind(Enum):
    """What follows from an error. Clients get 503 for each kind; only the last two count for the circuit breaker."""

    CONFLICT = auto()
    """The transaction was rolled back completely and may be repeated."""
    BUSY = auto()
    """The statement took too long, for example because another one holds a lock."""
    WRITES_REFUSED = auto()
    """Changes fail at present, while reads work."""
    FAULT = auto()
    """Some statements fail until an operator applies the fix."""
    OUTAGE = auto()
    """The database cannot work for any request at present."""
    UNUSABLE = auto()
    """The database cannot work for any request until an operator applies the fix."""


class Meaning(NamedTuple):
    """The meaning of an error: its kind, and for operators the reason (after "PostgreSQL at …:") and the fix."""

    kind: Kind
    reason: str
    fix: str


SQLITE_READONLY_DBMOVED: Final = 1032
"""The file is no longer where it was opened."""

FILE_ERRORS: Final = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
"""Errors of files that the driver reads; they do not name the file."""

_CHECK_ADDRESS: Final = "Check host and port in DATABASE_URL, and whether the server is running."
_CHECK_TLS: Final = "Correct sslmode in DATABASE_URL, and the PEM files of sslrootcert, sslcert, sslkey and sslcrl."
_OWN_SCHEMA: Final = "If they belong to another program, use a database or a schema of its own for auth_api."
_MAKE_OWNER: Final = "Make the server's user the owner of the file and of its folder: SQLite writes to both."
_RESTORE: Final = "Restore the last good copy of the file."
_FREE_SPACE: Final = "Free space on the disk of the database."

_LOST: Final = Meaning(Kind.OUTAGE, "the connection was lost", _CHECK_ADDRESS)
_FAILED: Final = Meaning(Kind.OUTAGE, "the connection failed", _CHECK_ADDRESS)
_UNKNOWN_HOST: Final = Meaning(Kind.OUTAGE, "the host name cannot be resolved", "Check the host in DATABASE_URL.")
_NO_TLS: Final = Meaning(
    Kind.OUTAGE, "it does not accept TLS", "Enable ssl in PostgreSQL, or correct sslmode in DATABASE_URL."
)
_BAD_FILE: Final = Meaning(
    Kind.OUTAGE, "a file that it needs cannot be read", "Check the files and the socket that DATABASE_URL names."
)
_INVALID_PARAMETER: Final = Meaning(
    Kind.UNUSABLE,
    "the driver rejects a parameter of the connection",
    "Correct the parameters after `?` in DATABASE_URL. sslmode=verify-full also needs sslrootcert.",
)
_NO_RESPONSE: Final = Meaning(
    Kind.OUTAGE, "no response in time", "Check host and port in DATABASE_URL, and whether a firewall drops packets."
)
_STANDBY: Final = Meaning(
    Kind.OUTAGE,
    "it accepts no changes: it is a standby, or default_transaction_read_only is set",
    "Connect to the primary: correct the host in DATABASE_URL, or add target_session_attrs=read-write.",
)
_UNMIGRATED: Final = Meaning(
    Kind.FAULT, "its tables are not those of this version", f"Run: auth-api migrate. {_OWN_SCHEMA}"
)
_FOREIGN: Final = Meaning(
    Kind.FAULT, "tables or indexes with the names of auth_api's exist already", f"Check who made them. {_OWN_SCHEMA}"
)
_STATEMENT_MOVED: Final = Meaning(
    Kind.CONFLICT,
    "a pooler uses a prepared statement on another connection",
    "Set DATABASE_STATEMENT_CACHE_SIZE=0 (docs/deployment.md).",
)
_CONFLICT: Final = Meaning(Kind.CONFLICT, "another transaction changed the same rows", "Repeat the command.")
_LOCKED: Final = Meaning(Kind.BUSY, "another transaction holds a lock", "Repeat the command once that one has ended.")
_TOO_SLOW: Final = Meaning(
    Kind.BUSY, "a statement exceeded its time limit", "Check the load of PostgreSQL and its locks."
)
_BAD_PARAMETER: Final = Meaning(
    Kind.UNUSABLE,
    "it rejected a parameter of the connection",
    "Remove or correct the parameters after `?` in DATABASE_URL, and PG… variables.",
)

_BY_SQLSTATE: Final[dict[str, Meaning]] = {
    "08": _LOST,
    "08P01": Meaning(
        Kind.UNUSABLE,
        "a pooler rejected the connection or a parameter of it",
        "Set DATABASE_STATEMENT_TIMEOUT=0 if the pooler does not support statement_timeout (docs/deployment.md), "
        "or read its log.",
    ),
    "2200H": Meaning(Kind.FAULT, "a sequence has no values left", "Change the type of its column to bigint."),
    "22023": _BAD_PARAMETER,  # no statement of this program causes it
    "22P05": Meaning(
        Kind.FAULT, "its encoding lacks a character", "Move to a database with ENCODING 'UTF8' (docs/deployment.md)."
    ),
    "23503": _CONFLICT,
    "23505": Meaning(
        Kind.FAULT,
        "a new row got a key that exists already: a sequence is behind its table",
        "Run auth-api doctor: it prints the statement that corrects the sequence.",
    ),
    "25006": _STANDBY,
    "25P03": _TOO_SLOW,
    "25P04": _TOO_SLOW,
    "26000": _STATEMENT_MOVED,
    "28": Meaning(Kind.UNUSABLE, "it rejected the login", "Check user and password in DATABASE_URL, and pg_hba.conf."),
    "3D000": Meaning(
        Kind.UNUSABLE,
        "the database does not exist",
        "Create it (CREATE DATABASE), or correct its name in DATABASE_URL.",
    ),
    "3F000": Meaning(
        Kind.FAULT,
        "no schema of the search_path exists",
        "Create it (CREATE SCHEMA), or correct it: ALTER ROLE … SET search_path = …",
    ),
    "40001": _CONFLICT,
    "40P01": _CONFLICT,
    "42501": Meaning(
        Kind.FAULT,
        "the role lacks a privilege",
        "To migrate, it needs GRANT USAGE, CREATE ON SCHEMA public; to serve, the privileges on the tables that "
        "docs/administration.md lists.",
    ),
    "42701": _FOREIGN,
    "42703": _UNMIGRATED,
    "42704": _BAD_PARAMETER,
    "42710": _FOREIGN,
    "42P01": _UNMIGRATED,
    "42P05": _STATEMENT_MOVED,
    "42P07": _FOREIGN,
    "53": Meaning(Kind.OUTAGE, "it lacks memory or another resource", "Read the log of PostgreSQL."),
    "53100": Meaning(Kind.WRITES_REFUSED, "its disk is full", _FREE_SPACE),
    "53300": Meaning(
        Kind.OUTAGE, "all of its connections are in use", "Raise max_connections, or lower DATABASE_MAX_POOL_SIZE."
    ),
    "55000": Meaning(
        Kind.OUTAGE, "it does not accept this at present", "Connect to a primary that accepts connections."
    ),
    "55006": _LOCKED,
    "55P02": _BAD_PARAMETER,
    "55P03": _LOCKED,
    "57": Meaning(Kind.OUTAGE, "it is starting or stopping", "Repeat the command once it accepts connections."),
    "57014": _TOO_SLOW,
    "58": Meaning(Kind.OUTAGE, "its disk or a file of it failed", "Read the log of PostgreSQL."),
    "72000": _TOO_SLOW,
    "F0": Meaning(Kind.OUTAGE, "its configuration is invalid", "Read the log of PostgreSQL."),
    "XX": Meaning(Kind.OUTAGE, "it reported an internal error", "Read the log of PostgreSQL."),
}
"""By SQLSTATE, or by the class of the SQLSTATE: its first two characters. All others are bugs of this program."""

_SQLITE_DISK_FAILED: Final = Meaning(Kind.WRITES_REFUSED, "the disk is full or failing", _FREE_SPACE)
_SQLITE_LOCKED: Final = Meaning(
    Kind.WRITES_REFUSED, "another process has locked it", "Repeat the command once that process has ended."
)
_BY_SQLITE_CODE: Final[dict[int, Meaning]] = {
    sqlite3.SQLITE_BUSY: _SQLITE_LOCKED,
    sqlite3.SQLITE_LOCKED: _SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY: Meaning(Kind.WRITES_REFUSED, "it is not writable", _MAKE_OWNER),
    sqlite3.SQLITE_IOERR: Meaning(Kind.OUTAGE, "its disk failed", "Check the disk. " + _RESTORE),
    sqlite3.SQLITE_CORRUPT: Meaning(Kind.OUTAGE, "the file is damaged", _RESTORE),
    sqlite3.SQLITE_FULL: Meaning(Kind.WRITES_REFUSED, "the disk is full", _FREE_SPACE),
    sqlite3.SQLITE_CANTOPEN: Meaning(
        Kind.OUTAGE, "the file cannot be opened", "Check the path in DATABASE_URL. " + _MAKE_OWNER
    ),
    sqlite3.SQLITE_NOTADB: Meaning(
        Kind.OUTAGE, "the file is not a SQLite database", "Correct the path in DATABASE_URL. " + _RESTORE
    ),
    SQLITE_READONLY_DBMOVED: Meaning(
        Kind.OUTAGE, "the file was moved, removed or replaced", "Put it back, or restart the server."
    ),
    sqlite3.SQLITE_IOERR_WRITE: _SQLITE_DISK_FAILED,
    sqlite3.SQLITE_IOERR_FSYNC: _SQLITE_DISK_FAILED,
    sqlite3.SQLITE_IOERR_DIR_FSYNC: _SQLITE_DISK_FAILED,
    sqlite3.SQLITE_IOERR_TRUNCATE: _SQLITE_DISK_FAILED,
}
"""By extended or primary result code."""

_PRIMARY_CODE: Final = 0xFF

_BY_TYPE: Final[tuple[tuple[type[Exception], Meaning], ...]] = (
    (asyncpg.InvalidCachedStatementError, _CONFLICT),  # a migration changed the table of a prepared statement
    (
        asyncpg.TargetServerAttributeNotMatched,
        Meaning(
            Kind.OUTAGE,
            "no host is in the state that target_session_attrs requires",
            "Check hosts and target_session_attrs in DATABASE_URL.",
        ),
    ),
    (asyncpg.InternalClientError, _LOST),  # the server's last message came before the statement was sent
    (asyncpg.ClientConfigurationError, _INVALID_PARAMETER),
    (
        ssl.SSLCertVerificationError,
        Meaning(
            Kind.OUTAGE,
            "its certificate is not trusted for this host",
            "Use the host name of the certificate in DATABASE_URL, and set sslrootcert to its certificate authority.",
        ),
    ),
    (ssl.SSLError, Meaning(Kind.OUTAGE, "the TLS connection failed", _CHECK_TLS)),
    (socket.gaierror, _UNKNOWN_HOST),
    (UnicodeError, _UNKNOWN_HOST),  # a part of the name has more than 63 characters
    (TimeoutError, _NO_RESPONSE),
    *((kind, _BAD_FILE) for kind in FILE_ERRORS),
    (ConnectionRefusedError, Meaning(Kind.OUTAGE, "the connection was refused", _CHECK_ADDRESS)),
    (OSError, _FAILED),
)
"""The first type that matches; read before the SQLSTATE."""


def meaning_of(error: BaseException) -> Meaning | None:
    """Return the meaning of an error; None for bugs of this program, and for errors of other systems."""
    if type(error) is ConnectionError:  # asyncpg's, if the server does not accept its request for TLS
        return _NO_TLS
    for kind, meaning in _BY_TYPE:
        if isinstance(error, kind):
            return meaning
    if isinstance(error, asyncpg.PostgresError):
        sqlstate = error.sqlstate or ""
        return _BY_SQLSTATE.get(sqlstate) or _BY_SQLSTATE.get(sqlstate[:2])
    if isinstance(error, asyncpg.InterfaceError):  # its subclasses are invalid calls
        return _LOST if type(error) is asyncpg.InterfaceError else None
    if isinstance(error, sqlite3.DatabaseError):
        return _meaning_in_sqlite(error)
    return None


def _meaning_in_sqlite(error: sqlite3.DatabaseError) -> Meaning | None:
    code: int = getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_ERROR:  # only the text tells these apart
        text = str(error)
        if text.startswith(("no such table", "no such column")):
            return _UNMIGRATED
        return _FOREIGN if text.endswith("already exists") else None
    return _BY_SQLITE_CODE.get(code) or _BY_SQLITE_CODE.get(code & _PRIMARY_CODE)
