"""Logs: one flat JSON object per line, written by one thread so that no request waits for a pipe.

loguru collects, standard-library loggers are bridged to it, and everything passes one redaction. Values of variables in
tracebacks are never printed (`diagnose` is off).
"""

import contextlib
import logging
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

import msgspec
from loguru import logger

from auth_api.kit.clock import utc_now
from auth_api.kit.log_format import json_line, request_line, text_line
from auth_api.kit.metrics import LOG_LINES_DROPPED

if TYPE_CHECKING:
    from loguru import Message, Record

QUEUE_SIZE: Final = 10_000
"""Lines that may wait for a slow pipe; further ones are dropped and counted."""

ATOMIC_WRITE: Final = 4096
"""Bytes that a pipe takes from one process without another's in between; a longer line may be torn."""

GATHERING: Final = 0.02
"""Seconds in which the writer lets lines pile up after it has written: to wake a thread costs more than a line does."""


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
        self._queue_size = queue_size
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="log-writer", daemon=True)
        self._stopping = threading.Event()
        self.dropped = 0
        self._reported = 0
        self._thread.start()

    def write(self, message: "Message") -> None:
        """Take a record from loguru."""
        self.put(self._render(message.record))

    def put(self, line: bytes) -> None:
        """Take a line, or drop and count it when too many wait already."""
        if self._lines.qsize() < self._queue_size:
            self._lines.put(line)
        else:
            self.dropped += 1
            LOG_LINES_DROPPED.inc()

    def stop(self) -> None:
        """Write what waits, for at most two seconds."""
        self._stopping.set()
        self._lines.put(None)
        self._thread.join(timeout=2)

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


_json_writers: list[LogWriter] = []
"""The writer of this process, where it takes lines of level INFO, as JSON."""


def log_request(source: str, **fields: Any) -> None:
    """Do what `logger.bind(**fields).info("request")` does, for the line that every request writes.

    loguru alone takes four times as long as all of this: it looks at the stack, the thread and the process of each
    record, and no line of ours shows those. Nor are words of our own searched for secrets.

    Args:
        source: the module that says so.
        fields: `path`, in the client's words, and others in the server's own.
    """
    if _json_writers:
        _json_writers[0].put(request_line(source, fields, at=utc_now()))
    else:
        logger.patch(lambda record: record.update({"name": source})).bind(**fields).info("request")


def configure_logging(*, level: str, as_json: bool, descriptor: int = 1) -> LogWriter:
    """Send every log of this process to one writer, and nothing anywhere else.

    Returns the writer. It stops when logging is configured anew, or by `logger.remove()`, which loguru calls at exit.
    """
    writer = LogWriter(json_line if as_json else text_line, descriptor)
    logger.remove()
    # The writer renders the record itself, so loguru need not.
    logger.add(writer, level=level, format=lambda _: "", diagnose=False, backtrace=False, catch=True)
    takes_info = logger.level(level).no <= logger.level("INFO").no
    _json_writers[:] = [writer] if as_json and takes_info else []
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
