"""Send requests at a steady rate or at full capacity, from a separate process."""

import asyncio
import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.support import load_client


@dataclass
class LoadResult:
    """The responses and their times.

    Attributes:
        times: seconds of each response by status; status 0 is a missing response.
        without_retry_after: number of 503 responses without `Retry-After`.
        seconds: time until the last response.
        cores: processor time of the client as a share of the elapsed time; 1.0 is one core.
    """

    times: dict[int, list[float]] = field(default_factory=dict)
    without_retry_after: int = 0
    seconds: float = 0.0
    cores: float = 0.0

    @property
    def seen(self) -> Counter[int]:
        return Counter({status: len(times) for status, times in self.times.items()})

    def per_second(self, status: int) -> float:
        """Return the number of responses with this status per second."""
        return self.seen[status] / self.seconds

    def percentile(self, status: int, share: float) -> float:
        """Return the time within which this share of the responses with this status arrived; 0 if there were none."""
        times = sorted(self.times.get(status, [0.0]))
        return times[min(len(times) - 1, int(share * len(times)))]

    def within(self, status: int, seconds: float) -> float:
        """Return the share of the responses with this status that took at most this number of seconds."""
        times = self.times.get(status, [])
        return sum(elapsed <= seconds for elapsed in times) / len(times) if times else 1.0


def request_bytes(method: str, path: str, *, body: dict[str, Any] | None = None, token: str = "") -> bytes:
    """Return an HTTP/1.1 request in its wire format."""
    content = json.dumps(body).encode() if body is not None else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
    head += "Content-Type: application/json\r\n" if body is not None else ""
    head += f"Authorization: Bearer {token}\r\n" if token else ""
    return f"{head}\r\n".encode() + content


async def at_rate(port: int, request: bytes, *, per_second: float, seconds: float, connections: int = 1) -> LoadResult:
    """Send the request at this rate without waiting for responses; return after the last response.

    The requests use this number of connections in turn, so that all workers get some.
    """
    return await _run(port, request, per_second=per_second, seconds=seconds, connections=connections)


async def at_capacity(port: int, request: bytes, *, connections: int, seconds: float) -> LoadResult:
    """Send the request on this number of connections, each time as soon as the previous response has arrived."""
    return await _run(port, request, connections=connections, seconds=seconds)


async def _run(port: int, request: bytes, **order: float) -> LoadResult:
    document = json.dumps({"port": port, "request": request.decode("latin-1"), **order}).encode()
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-I", load_client.__file__, stdin=pipe, stdout=pipe)
    try:
        output, _ = await process.communicate(document)
    finally:
        if process.returncode is None:
            process.kill()
    result = json.loads(output)
    times = {int(status): each for status, each in result["times"].items()}
    return LoadResult(times, result["without_retry_after"], result["seconds"], result["cores"])
