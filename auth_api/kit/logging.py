"""The log: one flat JSON object per line, written by a thread of its own so that no request waits for a pipe.

loguru collects all records, including those of the standard library's loggers, and every line is redacted. Tracebacks
do not contain values of variables (`diagnose` is off).
"""

import contextlib
import logging
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from loguru import logger

from auth_api.kit.clock import utc_now
from auth_api.kit.log_format import flat_line, json_line, request_line, text_line
from auth_api.kit.metrics import LOG_LINES_DROPPED

if TYPE_CHECKING:
    from loguru import Message, Record

MAX_QUEUED_LINES: Final = 10_000
"""Lines that may wait for a slow pipe; further lines are dropped and counted."""

MAX_WRITE_BYTES: Final = 4096
"""Size up to which a write to a pipe is atomic, so that lines of several processes do not mix."""

BATCH_SECONDS: Final = 0.02
"""Time in which the writer collects lines after each write, because waking a thread costs more than a line does."""

MAX_STOP_SECONDS: Final = 2.0


class LogWriter:
    """A loguru sink that renders records in the caller's thread and writes them in its own. `logger.remove()` stops it.

    Args:
        render: returns the line of a record.
        descriptor: file descriptor to write to.
        queue_size: maximum number of lines that wait.
    """

    def __init__(
        self, render: Callable[["Record"], bytes], descriptor: int = 1, queue_size: int = MAX_QUEUED_LINES
    ) -> None:
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
        """Render and queue a record of loguru."""
        self.put(self._render(message.record))

    def put(self, line: bytes) -> None:
        """Queue a line, or drop and count it if the queue is full."""
        if self._lines.qsize() < self._queue_size:
            self._lines.put(line)
        else:
            self.dropped += 1
            LOG_LINES_DROPPED.inc()

    def stop(self) -> None:
        """Write all queued lines, for at most two seconds."""
        self._stopping.set()
        self._lines.put(None)
        self._thread.join(timeout=MAX_STOP_SECONDS)

    def _write_all(self) -> None:
        is_running = True
        while is_running:
            batch = [self._lines.get()]
            with contextlib.suppress(queue.Empty):
                while len(batch) < MAX_QUEUED_LINES:
                    batch.append(self._lines.get_nowait())
            is_running = None not in batch
            if self.dropped > self._reported:
                self._reported, dropped = self.dropped, self.dropped - self._reported
                batch.append(_line_about_dropped(dropped))
            for piece in _pieces(line for line in batch if line is not None):
                self._write(piece)
            if is_running:
                self._stopping.wait(BATCH_SECONDS)

    def _write(self, data: bytes) -> None:
        # A full disk or a closed pipe loses lines, but never fails a request.
        with contextlib.suppress(OSError):
            while data:
                data = data[os.write(self._descriptor, data) :]


def _line_about_dropped(number: int) -> bytes:
    fields = {"event": "log_lines:dropped", "lines": number}
    return flat_line(f"{number} log lines dropped", fields, at=utc_now(), level="ERROR", source=__name__)


def _pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Join whole lines up to the size of an atomic write (POSIX, PIPE_BUF), as several processes may share a pipe."""
    piece = b""
    for line in lines:
        if piece and len(piece) + len(line) > MAX_WRITE_BYTES:
            yield piece
            piece = b""
        piece += line
    yield piece


class _LoguruHandler(logging.Handler):
    """Passes records of the standard library's loggers to loguru, with the event `LIBRARY:logged`."""

    def emit(self, record: logging.LogRecord) -> None:
        level: str | int
        try:
            level = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        event = f"{record.name.partition('.')[0]}:logged"
        named = logger.patch(lambda loguru_record: loguru_record.update({"name": record.name})).bind(event=event)
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - arguments that do not match the format must not fail the caller
            message = str(record.msg)
        named.opt(exception=record.exc_info).log(level, "{}", message)


_json_writers: list[LogWriter] = []
"""The writer of this process, if it writes lines of level INFO as JSON."""


def log_request(source: str, **fields: Any) -> None:
    """Write the access line, with the same result as `logger.bind(**fields).info("request")`.

    It takes a quarter of loguru's time, which reads stack, thread and process of each record, and it redacts nothing.

    Args:
        source: name of the calling module.
        fields: fields of the line. They must contain no secrets; `loggable_path` returns a path without them.
    """
    if _json_writers:
        _json_writers[0].put(request_line(source, fields, at=utc_now()))
    else:
        logger.patch(lambda record: record.update({"name": source})).bind(**fields).info("request")


def configure_logging(*, level: str, as_json: bool, descriptor: int = 1) -> LogWriter:
    """Send the records of all loggers of this process to one writer.

    Returns:
        The writer. The next call of this function stops it, and so does `logger.remove()`, which loguru calls at exit.
    """
    writer = LogWriter(json_line if as_json else text_line, descriptor)
    logger.remove()
    # The writer renders the record itself, so loguru's format is not used.
    logger.add(writer, level=level, format=lambda _: "", diagnose=False, backtrace=False, catch=True)
    has_info = logger.level(level).no <= logger.level("INFO").no
    _json_writers[:] = [writer] if as_json and has_info else []
    logging.basicConfig(handlers=[_LoguruHandler()], level=level, force=True)
    logging.captureWarnings(capture=True)
    for name in ("uvicorn", "uvicorn.error"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(logging.NOTSET)
    access = logging.getLogger("uvicorn.access")  # the edge middleware writes the access line, without the query string
    access.handlers.clear()
    access.propagate = False
    # At lower levels, these log statements with their values, or the headers of answers.
    for name in ("aiosqlite", "asyncio", "httpcore2", "piccolo"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return writer


def is_terminal(descriptor: int = 1) -> bool:
    """Return whether the output goes to a terminal."""
    try:
        return os.isatty(descriptor)
    except OSError:
        return False
