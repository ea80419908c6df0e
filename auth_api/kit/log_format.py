"""The format of log lines: flat JSON for programs, text for people, and secrets redacted in both.

Tracebacks do not contain values of variables (`diagnose` is off where records are created).
"""

import re
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import asyncpg

from auth_api.kit.clock import rfc3339
from auth_api.kit.crypto.tokens import SECRET_KINDS
from auth_api.kit.printable import printable_json

if TYPE_CHECKING:
    from loguru import Record

request_id_of_context: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the current request, which is added to every line."""

REDACTED: Final = "[redacted]"

_SECRET_NAMES: Final = re.compile(
    r"password|secret|authorization|cookie|(^|_)token$|(^|_)dsn$|database_url"
    r"|^(?:code|code_verifier|recovery_codes?|otpauth_uri|credentials?)$",
    re.IGNORECASE,
)

_PREFIXES: Final = tuple(kind.prefix for kind in SECRET_KINDS)
_MIN_SECRET_CHARACTERS: Final = 20
"""After the prefix. A secret that was cut to fewer characters lacks at least half of its random bits."""

_SECRET_VALUES: Final = re.compile(
    rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, _PREFIXES))})[A-Za-z0-9_-]{{{_MIN_SECRET_CHARACTERS},}}"
    r"|(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}"  # JSON Web Tokens, or a part of one
    r"|\$argon2[a-z]*\$[^\s\"']+"
    r"|(?<=://)[^/\s@:]*:[^/\s]+(?=@)"  # user:password in a URL, up to the last @
)
"""Texts of clients are searched. A branch must never scan the same characters from two starts, or the time grows with
the square of the length (CWE-1333)."""

_MARKERS: Final = (*_PREFIXES, "eyJ", "$argon2", "://")
"""A text without any of these contains no secret value."""

MAX_LOGGED_PATH_CHARACTERS: Final = 512

_HARMLESS_TYPES: Final = (bool, int, float)


@lru_cache(maxsize=1024)
def _is_secret_name(name: str) -> bool:
    return _SECRET_NAMES.search(name) is not None


def _may_contain_secret(text: str) -> bool:
    """Search for prefixes of secrets. This takes a tenth of the time of the expression on a text without secrets."""
    for marker in _MARKERS:  # noqa: SIM110 - a generator would take three times as long, for each request
        if marker in text:
            return True
    return False


def redact(name: str, value: Any) -> Any:
    """Return the value of a log field, with `[redacted]` in place of secrets.

    Args:
        name: the field's name. Values of fields such as `password` are replaced completely, except true and false,
            which are facts such as `password_dropped`.
        value: the value. In all other fields, tokens, hashes and passwords in URLs are replaced.
    """
    if _is_secret_name(name) and not isinstance(value, bool):
        return REDACTED
    if isinstance(value, str):
        return _SECRET_VALUES.sub(REDACTED, value) if _may_contain_secret(value) else value
    if value is None or isinstance(value, _HARMLESS_TYPES):
        return value
    if isinstance(value, Mapping):
        return {redact("", str(key)): redact(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [redact(name, item) for item in value]
    return redact(name, str(value))


def loggable_path(path: str, raw_path: bytes) -> str:
    """Return the beginning of a request's path as the client sent it, percent-encoded and without secrets.

    Args:
        path: the decoded path, in which secrets are searched, since a client can encode any character.
        raw_path: the path without the query string.
    """
    redacted = redact("", path)
    sent = (
        raw_path.decode("ascii", errors="backslashreplace") if redacted == path else quote(redacted, safe="/[]@:$&+,=")
    )
    return sent[:MAX_LOGGED_PATH_CHARACTERS]


def flat_line(message: str, fields: Mapping[str, Any], *, at: datetime, level: str, source: str) -> bytes:
    """Return a JSON line with flat, redacted fields.

    Args:
        message: what happened.
        fields: further fields.
        at: an aware datetime.
        level: name of the log level.
        source: name of the module that logs.
    """
    return _encode(
        {
            "timestamp": rfc3339(at),
            "level": level,
            "logger": source,
            "message": redact("", message),
            **_context(),
            **{name: redact(name, value) for name, value in fields.items()},
        }
    )


def request_line(source: str, fields: Mapping[str, Any], *, at: datetime) -> bytes:
    """Return the access line of a request as JSON.

    Args:
        source: name of the module that logs.
        fields: further fields. They are not redacted; `loggable_path` does that with a path.
        at: an aware datetime.
    """
    return _encode(
        {"timestamp": rfc3339(at), "level": "INFO", "logger": source, "message": "request", **_context(), **fields}
    )


def _context() -> dict[str, str]:
    request_id = request_id_of_context.get()
    return {} if request_id is None else {"request_id": request_id}


def _encode(line: dict[str, Any]) -> bytes:
    return printable_json(line) + b"\n"


def json_line(record: "Record") -> bytes:
    """Return a record as JSON. A record with an exception gets `exception`, its traceback, and `error_type`."""
    fields = record["extra"]
    error = record["exception"]
    if error is not None:
        type_of_error = {"error_type": error.type.__name__} if error.type is not None else {}
        fields = {**type_of_error, **fields, "exception": _trace(record)}
    return flat_line(
        record["message"], fields, at=record["time"], level=record["level"].name, source=record["name"] or ""
    )


def text_line(record: "Record") -> bytes:
    """Return a record as text for a terminal."""
    details = " ".join(f"{name}={redact(name, value)}" for name, value in record["extra"].items())
    message = redact("", record["message"])
    line = f"{record['time']:%H:%M:%S} {record['level'].name:<8} {message} {details}".rstrip()
    if (request_id := request_id_of_context.get()) is not None:
        line += f" request_id={request_id}"
    trace = _trace(record).rstrip().split("\n") if record["exception"] is not None else []
    # A control character must not be able to forge a line.
    lines = [each if each.isprintable() else each.encode("unicode_escape").decode() for each in (line, *trace)]
    return "".join(f"{each}\n" for each in lines).encode(errors="backslashreplace")


def _trace(record: "Record") -> str:
    error = record["exception"]
    if error is None or error.type is None:
        return ""
    trace = traceback.TracebackException(error.type, error.value, error.traceback)  # type: ignore[arg-type]
    return str(redact("", "".join(_without_row_values(trace, error.value).format())))


def _without_row_values(
    trace: traceback.TracebackException, error: BaseException | None
) -> traceback.TracebackException:
    """Remove PostgreSQL's messages, also from causes and groups, because they quote the values of the failing row."""
    if isinstance(error, asyncpg.PostgresError):
        trace._str = f"sqlstate {error.sqlstate}, constraint {getattr(error, 'constraint_name', None)}"  # type: ignore[attr-defined]  # noqa: SLF001
    elif isinstance(error, asyncpg.InterfaceError):
        # The attribute is private; a test fails if it changes.
        trace._str = str(error).partition(":")[0]  # type: ignore[attr-defined]  # noqa: SLF001
    if isinstance(error, BaseExceptionGroup):
        for part, member in zip(trace.exceptions or (), error.exceptions, strict=False):
            _without_row_values(part, member)
    if error is not None and trace.__cause__ is not None:
        _without_row_values(trace.__cause__, error.__cause__)
    if error is not None and trace.__context__ is not None:
        _without_row_values(trace.__context__, error.__context__)
    return trace
