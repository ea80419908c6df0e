"""Parse the log that a server process writes to standard output."""

import json
from typing import Any


def json_lines(output: str) -> list[dict[str, Any]]:
    """Parse the output, which must consist of JSON objects, one per line. The last line may not be complete yet."""
    return [json.loads(line) for line in output.rpartition("\n")[0].splitlines()]


def worker_pids(output: str) -> list[int]:
    """Return the ids of the processes that accept connections, in the order of their start."""
    return [line["pid"] for line in json_lines(output) if line.get("event") == "server:started"]


def count_events(output: str, event: str) -> int:
    """Count the log lines of an event."""
    return sum(line.get("event") == event for line in json_lines(output))
