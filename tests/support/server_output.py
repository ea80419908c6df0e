"""Reads what a server process wrote."""

import json
from typing import Any


def json_lines(output: str) -> list[dict[str, Any]]:
    """Parse it as a log of one JSON object per line, which is all there may be."""
    return [json.loads(line) for line in output.splitlines()]


def worker_pids(output: str) -> list[int]:
    """Return the numbers of the processes that answer, oldest first."""
    said = [line["message"] for line in json_lines(output)]
    return [int(message.split("[")[1].rstrip("]")) for message in said if message.startswith("Started server process")]


def times_said(output: str, message: str) -> int:
    """Count the lines with this message."""
    return sum(line["message"] == message for line in json_lines(output))
