"""Logs: one flat JSON object per line, written by one thread so that no request waits for a pipe.

loguru collects, standard-library loggers are bridged to it, and everything passes one redaction. Values of variables in
tracebacks are never printed (`diagnose` is off).
"""

import contextlib
import json
import logging
import os
import queue
import re
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import msgspec
from loguru import logger

from auth_api.kit.clock import rfc3339
from auth_api.kit.metrics import LOG_LINES_DROPPED

if TYPE_CHECKING:
    from loguru import Message, Record

request_id_of_context: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request being handled: stands in every line that is logged meanwhile."""

QUEUE_SIZE: Final = 10_000
"""Lines that may wait for a slow pipe; further ones are dropped and counted."""

ATOMIC_WRITE: Final = 4096
"""Bytes that a pipe takes from one process without another's in between; a longer line may be torn."""

GATHERING: Final = 0.02
"""Seconds in which the writer lets lines pile up after it has written: to wake a thread costs more than a line does."""

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


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    """Tell by a field's name; there are not many of those."""
    return _SECRET_NAMES.search(name) is not None


def redact(name: str, value: Any) -> Any:
    """Return the value, or a mark in place of what its name or its look says is secret."""
    if _is_secret(name):
        return REDACTED
    if isinstance(value, str):
        return _SECRET_VALUES.sub(REDACTED, value)
    if isinstance(value, Mapping):
        return {key: redact(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [redact(name, item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(name, str(value))


def json_line(record: "Record") -> bytes:
    """Render a record as one line of JSON with flat fields."""
    fields: dict[str, Any] = {
        "timestamp": rfc3339(record["time"]),
        "level": record["level"].name,
        "logger": record["name"],
        "message": redact("", record["message"]),
    }
    if (request_id := request_id_of_context.get()) is not None:
        fields["request_id"] = request_id
    for name, value in record["extra"].items():
        fields[name] = redact(name, value)
    if record["exception"] is not None:
        fields["exception"] = _trace(record)
    try:
        return msgspec.json.encode(fields) + b"\n"
    except UnicodeEncodeError:  # half of a surrogate pair, as in the name of a file that is no UTF-8
        return json.dumps(fields).encode() + b"\n"


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


class LogWriter:
    """A loguru sink: renders in the caller's thread, writes in its own. `logger.remove()` stops it.

    Args:
        render: makes a line of a record.
        descriptor: where lines go.
        queue_size: how many may wait.
    """

    def __init__(self, render: Callable[["Record"], bytes], descriptor: int = 1, queue_size: int = QUEUE_SIZE) -> None:
        self._render = render
        self._descriptor = descriptor
        self._lines: queue.Queue[bytes | None] = queue.Queue(queue_size)
        self._thread = threading.Thread(target=self._write_all, name="log-writer", daemon=True)
        self._stopping = threading.Event()
        self.dropped = 0
        self._reported = 0
        self._thread.start()

    def write(self, message: "Message") -> None:
        """Take a line, or drop and count it when too many wait already."""
        try:
            self._lines.put_nowait(self._render(message.record))
        except queue.Full:
            self.dropped += 1
            LOG_LINES_DROPPED.inc()

    def stop(self) -> None:
        """Write what waits, for at most two seconds."""
        self._stopping.set()
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=1)
        self._thread.join(timeout=1)

    def _write_all(self) -> None:
        running = True
        while running:
            batch = [self._lines.get()]
            with contextlib.suppress(queue.Empty):
                while len(batch) < QUEUE_SIZE:
                    batch.append(self._lines.get_nowait())
            running = None not in batch
            if self.dropped > self._reported:
                self._reported, lost = self.dropped, self.dropped - self._reported
                batch.append(msgspec.json.encode({"level": "ERROR", "message": f"{lost} log lines dropped"}) + b"\n")
            for piece in _pieces(line for line in batch if line is not None):
                self._write(piece)
            if running:
                self._stopping.wait(GATHERING)

    def _write(self, data: bytes) -> None:
        # A full disk or a closed pipe costs lines, never requests.
        with contextlib.suppress(OSError):
            while data:
                data = data[os.write(self._descriptor, data) :]


def _pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Join whole lines up to what a pipe takes in one go: several processes may share it (POSIX write, PIPE_BUF)."""
    piece = b""
    for line in lines:
        if piece and len(piece) + len(line) > ATOMIC_WRITE:
            yield piece
            piece = b""
        piece += line
    yield piece


class _Bridge(logging.Handler):
    """Hands records of the standard library's loggers to loguru, under their own name."""

    def emit(self, record: logging.LogRecord) -> None:
        level: str | int
        try:
            level = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        named = logger.patch(lambda loguru_record: loguru_record.update({"name": record.name}))
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - arguments that do not fit cost the caller nothing
            message = str(record.msg)
        named.opt(exception=record.exc_info).log(level, "{}", message)


def configure_logging(*, level: str, as_json: bool, descriptor: int = 1) -> LogWriter:
    """Send every log of this process to one writer, and nothing anywhere else.

    Returns the writer. It stops when logging is configured anew, or by `logger.remove()`, which loguru calls at exit.
    """
    writer = LogWriter(json_line if as_json else text_line, descriptor)
    logger.remove()
    # The writer renders the record itself, so loguru need not.
    logger.add(writer, level=level, format=lambda _: "", diagnose=False, backtrace=False, catch=True)
    logging.basicConfig(handlers=[_Bridge()], level=level, force=True)
    logging.captureWarnings(capture=True)
    for name in ("uvicorn", "uvicorn.error"):
        known = logging.getLogger(name)
        known.handlers.clear()
        known.propagate = True
        known.setLevel(logging.NOTSET)
    access = logging.getLogger("uvicorn.access")  # the outer layer writes that line, without the query
    access.handlers.clear()
    access.propagate = False
    for name in ("aiosqlite", "asyncio", "piccolo"):  # below that two of them print statements with their values
        logging.getLogger(name).setLevel(logging.WARNING)
    return writer


def is_terminal(descriptor: int = 1) -> bool:
    """Tell whether a person reads the output."""
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


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
