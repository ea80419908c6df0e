"""A thread writes the log lines: a slow or broken pipe loses lines and never blocks a request."""

import os
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from loguru import logger

from auth_api.kit import logging
from auth_api.kit.logging import LogWriter
from tests.support.exposition import Changes
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

pytestmark = pytest.mark.engine_independent

MAX_STOP_SECONDS = logging.MAX_STOP_SECONDS
"""The product's limit, which a fixture of all tests changes."""


class Pipe:
    """A pipe that is read only when the test calls a method."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()

    def fill(self) -> int:
        """Fill the pipe's buffer. Return the number of bytes."""
        os.set_blocking(self.writer, False)
        size = 0
        try:
            while True:
                size += os.write(self.writer, b"." * 4096)
        except BlockingIOError:
            os.set_blocking(self.writer, True)
            return size

    def read(self, size: int) -> bytes:
        """Read exactly `size` bytes."""
        data = b""
        while len(data) < size:
            data += os.read(self.reader, size - len(data))
        return data

    def read_to_the_end(self) -> bytes:
        """Close the writing end and read the rest."""
        os.close(self.writer)
        data = b""
        while piece := os.read(self.reader, 65536):
            data += piece
        return data


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    for descriptor in (made.reader, made.writer):
        try:
            os.close(descriptor)
        except OSError:
            continue


def writer_to(pipe: Pipe, queue_size: int = 100) -> LogWriter:
    """Return a writer whose records are bytes, which need no rendering."""
    render: Any = bytes
    return LogWriter(render, pipe.writer, queue_size)


def log(writer: LogWriter, line: bytes) -> None:
    message: Any = SimpleNamespace(record=line)
    writer.write(message)


def log_and_block(writer: LogWriter, line: bytes) -> None:
    """Log a line to a full pipe, and return when the thread is about to write it: it takes no further line."""
    begun = threading.Event()
    write = writer._write  # noqa: SLF001 - nothing public shows what the thread does

    def write_observed(data: bytes) -> None:
        begun.set()
        write(data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "_write", write_observed)
        log(writer, line)
        assert begun.wait(TIMEOUT_SECONDS)


def test_stopping_writes_all_queued_lines_in_order(pipe: Pipe) -> None:
    writer = writer_to(pipe, queue_size=1000)
    lines = [b"line %d\n" % number for number in range(1000)]

    for line in lines:
        log(writer, line)
    writer.stop()

    assert pipe.read_to_the_end() == b"".join(lines)
    assert writer.dropped == 0


def test_logger_remove_stops_the_writer_after_its_last_line(pipe: Pipe) -> None:
    render: Any = lambda record: record["message"].encode()  # noqa: E731 - typed
    writer = LogWriter(render, pipe.writer)
    number = logger.add(writer, format="{message}", filter=lambda record: "only here" in record["extra"])

    logger.bind(**{"only here": True}).info("last line")
    logger.remove(number)

    assert not writer._thread.is_alive()  # noqa: SLF001 - it ended
    assert pipe.read_to_the_end() == b"last line"


def test_full_queue_drops_and_counts_lines_without_blocking(pipe: Pipe) -> None:
    changes = Changes()
    writer = writer_to(pipe, queue_size=5)
    filling = pipe.fill()
    log_and_block(writer, b"taken by the thread\n")
    for number in range(5):
        log(writer, b"waits %d\n" % number)

    begin = time.monotonic()
    for _ in range(1000):
        log(writer, b"dropped\n")
    duration = time.monotonic() - begin

    assert writer.dropped == 1000
    assert changes.of("log_lines_dropped_total") == 1000
    assert duration < TIMEOUT_SECONDS  # a thousand waits for the pipe, however short, would take longer
    pipe.read(filling)
    writer.stop()
    written = pipe.read_to_the_end()
    assert written.splitlines()[:6] == [b"taken by the thread", *(b"waits %d" % number for number in range(5))]
    assert b'"1000 log lines dropped"' in written
    assert b"dropped\n" not in written


def test_dropped_lines_are_reported_once(pipe: Pipe) -> None:
    writer = writer_to(pipe, queue_size=1)
    filling = pipe.fill()
    log_and_block(writer, b"first\n")
    for _ in range(4):
        log(writer, b"second\n")
    pipe.read(filling)
    wait_until(writer._lines.empty)  # noqa: SLF001 - the thread has taken the second line

    log(writer, b"third\n")
    writer.stop()

    assert pipe.read_to_the_end().count(b"3 log lines dropped") == 1


def test_lines_in_quick_succession_are_written_in_one_batch(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "BATCH_SECONDS", TIMEOUT_SECONDS)
    writer = writer_to(pipe)
    written: list[bytes] = []
    monkeypatch.setattr(writer, "_write", written.append)

    log(writer, b"single\n")
    wait_until(lambda: written == [b"single\n"])
    for _ in range(50):
        log(writer, b"one of many\n")
    time.sleep(0.05)  # a writer that does not wait for further lines writes now
    assert written == [b"single\n"]
    writer.stop()

    assert [data for data in written if data] == [b"single\n", b"one of many\n" * 50]


def test_line_longer_than_the_buffer_of_the_pipe_is_written_completely(pipe: Pipe) -> None:
    writer = writer_to(pipe)
    line = bytes(range(48, 58)) * 100_000 + b"\n"

    log(writer, line)
    log(writer, b"behind\n")

    assert pipe.read(len(line) + 7) == line + b"behind\n"
    writer.stop()


def test_closed_reader_loses_lines_and_does_not_stop_the_writer(pipe: Pipe) -> None:
    writer = writer_to(pipe)
    os.close(pipe.reader)

    for _ in range(3):
        log(writer, b"lost\n")
        wait_until(writer._lines.empty)  # noqa: SLF001 - as above
    writer.stop()

    assert writer.dropped == 0
    assert not writer._thread.is_alive()  # noqa: SLF001 - nothing public shows this


def test_stopping_takes_at_most_two_seconds(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_STOP_SECONDS == 2
    monkeypatch.setattr(logging, "MAX_STOP_SECONDS", 0.05)
    writer = writer_to(pipe, queue_size=1)
    pipe.fill()
    log_and_block(writer, b"blocked\n")

    writer.stop()

    assert writer._thread.is_alive()  # noqa: SLF001 - as above


def test_thread_of_the_writer_does_not_keep_the_process_alive(pipe: Pipe) -> None:
    writer = writer_to(pipe)

    assert writer._thread.daemon is True  # noqa: SLF001 - as above
    writer.stop()
