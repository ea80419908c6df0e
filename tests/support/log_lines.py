"""Read the log file of the tests, which a thread writes with a short delay."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from loguru import logger

from tests.support.waiting import TIMEOUT_SECONDS


async def lines_of_request(log_file: Path, request_id: str) -> list[dict[str, Any]]:
    """Wait for the access line of a request, which is its last line, and return all its lines."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            # The last line may be incomplete.
            complete = log_file.read_text(encoding="utf-8").rpartition("\n")[0]  # noqa: ASYNC240 - a small file
            lines = [json.loads(line) for line in complete.splitlines() if request_id in line]
            if any(line.get("event") == "request:completed" for line in lines):
                return lines
            await asyncio.sleep(0.01)


async def lines_with(log_file: Path, text: str) -> list[dict[str, Any]]:
    """Wait for a line that contains this text, and return all such lines."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            complete = log_file.read_text(encoding="utf-8").rpartition("\n")[0]  # noqa: ASYNC240 - a small file
            if found := [json.loads(line) for line in complete.splitlines() if text in line]:
                return found
            await asyncio.sleep(0.01)


async def access_line(log_file: Path, request_id: str) -> dict[str, Any]:
    """Wait for the access line of a request, and return it."""
    lines = await lines_of_request(log_file, request_id)
    (line,) = [line for line in lines if line.get("event") == "request:completed"]
    return line


async def encoded_access_line(log_file: Path, request_id: str) -> str:
    """Wait for the only line of a request, its access line, and return it as it is written."""
    await access_line(log_file, request_id)
    lines = log_file.read_text(encoding="utf-8").split("\n")  # noqa: ASYNC240 - a small file
    (line,) = [line for line in lines if request_id in line]
    return line


@contextmanager
def logged(level: str) -> Iterator[list[dict[str, Any]]]:
    """Collect the fields of all lines of this level or a higher one in a list."""
    lines: list[dict[str, Any]] = []
    handler = logger.add(lambda message: lines.append(message.record["extra"]), level=level)
    try:
        yield lines
    finally:
        logger.remove(handler)
