"""What a log line looks like: flat JSON for machines, text for people, and no secret in either.

Values of variables in tracebacks are never printed (`diagnose` is off where records are made).
"""

import json
import re
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import msgspec

from auth_api.kit.clock import rfc3339

if TYPE_CHECKING:
    from loguru import Record

request_id_of_context: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request being handled: stands in every line that is logged meanwhile."""

REDACTED: Final = "[redacted]"

_SECRET_NAMES: Final = re.compile(
    r"password|secret|authorization|cookie|(^|_)token$|(^|_)dsn$|database_url", re.IGNORECASE
)
_SECRET_VALUES: Final = re.compile(
    r"\b[ro]t_[A-Za-z0-9_-]{20,}"  # refresh tokens and mailed ones
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?"  # JSON Web Tokens
    r"|\$argon2[a-z]*\$[^\s\"']+"
    r"|(?<=://)[^/\s@:]*:[^/\s]+(?=@)"  # user:password in a URL, up to the last @
)

_HARMLESS: Final = (bool, int, float)


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    """Tell by a field's name; there are not many of those."""
    return _SECRET_NAMES.search(name) is not None


def _may_hold_secret(text: str) -> bool:
    """Look for how secrets begin, in a tenth of the time that the expression takes for a text without any."""
    return "rt_" in text or "ot_" in text or "eyJ" in text or "$argon2" in text or "://" in text


def redact(name: str, value: Any) -> Any:
    """Return the value, or a mark in place of what its name or its look says is secret."""
    if _is_secret(name):
        return REDACTED
    if isinstance(value, str):
        return _SECRET_VALUES.sub(REDACTED, value) if _may_hold_secret(value) else value
    if value is None or isinstance(value, _HARMLESS):
        return value
    if isinstance(value, Mapping):
        return {key: redact(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [redact(name, item) for item in value]
    return redact(name, str(value))


def flat_line(message: str, fields: Mapping[str, Any], *, at: datetime, level: str, source: str) -> bytes:
    """Render one line of JSON with flat fields, free of secrets.

    Args:
        message: what happened.
        fields: what belongs to it.
        at: when; aware.
        level: how grave it is.
        source: the module that says so.
    """
    return _encoded(
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
    """Render the line that every request writes.

    Args:
        source: the module that says so.
        fields: `path` in the client's words, and others in the server's own, which are not searched for secrets.
        at: when; aware.
    """
    line = {"timestamp": rfc3339(at), "level": "INFO", "logger": source, "message": "request", **_context(), **fields}
    line["path"] = redact("", line["path"])
    return _encoded(line)


def _context() -> dict[str, str]:
    request_id = request_id_of_context.get()
    return {} if request_id is None else {"request_id": request_id}


def _encoded(line: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(line) + b"\n"
    except UnicodeEncodeError:  # half of a surrogate pair, as in the name of a file that is no UTF-8
        return json.dumps(line).encode() + b"\n"


def json_line(record: "Record") -> bytes:
    """Render a record for machines."""
    fields = record["extra"]
    if record["exception"] is not None:
        fields = {**fields, "exception": _trace(record)}
    return flat_line(
        record["message"], fields, at=record["time"], level=record["level"].name, source=record["name"] or ""
    )


def text_line(record: "Record") -> bytes:
    """Render a record for a person at a terminal."""
    details = " ".join(f"{name}={redact(name, value)}" for name, value in record["extra"].items())
    message = redact("", record["message"])
    line = f"{record['time']:%H:%M:%S} {record['level'].name:<8} {message} {details}".rstrip()
    if (request_id := request_id_of_context.get()) is not None:
        line += f" request_id={request_id}"
    # A control character in a path must not be able to write lines of its own.
    line = line.encode("unicode_escape").decode() if not line.isprintable() else line
    trace = f"\n{_trace(record).rstrip()}" if record["exception"] is not None else ""
    return f"{line}{trace}\n".encode(errors="backslashreplace")


def _trace(record: "Record") -> str:
    error = record["exception"]
    if error is None or error.type is None:
        return ""
    trace = traceback.TracebackException(error.type, error.value, error.traceback)  # type: ignore[arg-type]
    return str(redact("", "".join(_without_rows(trace, error.value).format())))


def _without_rows(trace: traceback.TracebackException, error: BaseException | None) -> traceback.TracebackException:
    """Leave PostgreSQL's own words out, also in causes and groups: they quote the values of the failing row."""
    if isinstance(error, asyncpg.PostgresError):
        trace._str = f"sqlstate {error.sqlstate}, constraint {getattr(error, 'constraint_name', None)}"  # type: ignore[attr-defined]  # noqa: SLF001
    elif isinstance(error, asyncpg.InterfaceError):
        # Nothing public sets it; a test sees whether this still works.
        trace._str = str(error).partition(":")[0]  # type: ignore[attr-defined]  # noqa: SLF001
    if isinstance(error, BaseExceptionGroup):
        for part, member in zip(trace.exceptions or (), error.exceptions, strict=False):
            _without_rows(part, member)
    if error is not None and trace.__cause__ is not None:
        _without_rows(trace.__cause__, error.__cause__)
    if error is not None and trace.__context__ is not None:
        _without_rows(trace.__context__, error.__context__)
    return trace
