"""Reads the log of the tests, which a thread writes a moment later."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from loguru import logger

PATIENCE = 5.0
"""Seconds until a line that has not come is taken for one that never will."""


async def lines_of_request(log_file: Path, request_id: str) -> list[dict[str, Any]]:
    """Return all lines of a request, once its last one, the access line, is there."""
    async with asyncio.timeout(PATIENCE):
        while True:
            # The last line may be half written.
            complete = log_file.read_text(encoding="utf-8").rpartition("\n")[0]  # noqa: ASYNC240 - a small file
            lines = [json.loads(line) for line in complete.splitlines() if request_id in line]
            if any(line.get("event") == "request:completed" for line in lines):
                return lines
            await asyncio.sleep(0.01)


async def lines_with(log_file: Path, text: str) -> list[dict[str, Any]]:
    """Return the lines that hold this text, once there is one."""
    async with asyncio.timeout(PATIENCE):
        while True:
            complete = log_file.read_text(encoding="utf-8").rpartition("\n")[0]  # noqa: ASYNC240 - a small file
            if found := [json.loads(line) for line in complete.splitlines() if text in line]:
                return found
            await asyncio.sleep(0.01)


async def access_line(log_file: Path, request_id: str) -> dict[str, Any]:
    """Return the one access line of a request."""
    lines = await lines_of_request(log_file, request_id)
    (line,) = [line for line in lines if line.get("event") == "request:completed"]
    return line


@contextmanager
def logged(level: str) -> Iterator[list[dict[str, Any]]]:
    """Yield a list that the bound fields of every line from this level on are added to."""
    lines: list[dict[str, Any]] = []
    handler = logger.add(lambda message: lines.append(message.record["extra"]), level=level)
    try:
        yield lines
    finally:
        logger.remove(handler)
