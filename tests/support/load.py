"""Sends requests at a steady rate whether they are answered or not, from a process of its own, cheaply."""

import asyncio
import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.support import crowd


@dataclass
class Measured:
    """What the answers were, how long they took, and what it cost to ask.

    Status 0 stands for no answer. `unexplained` counts the 503 without `Retry-After`; `seconds` go to the last answer;
    `cores` is the client's own share of the machine: 1.0 is one core all the time.
    """

    times: dict[int, list[float]] = field(default_factory=dict)
    unexplained: int = 0
    seconds: float = 0.0
    cores: float = 0.0

    @property
    def seen(self) -> Counter[int]:
        return Counter({status: len(times) for status, times in self.times.items()})

    def per_second(self, status: int) -> float:
        """Return how many answers of a status there were in a second."""
        return self.seen[status] / self.seconds

    def percentile(self, status: int, share: float) -> float:
        """Return the time that this share of the answers of a status stayed within; 0 where there were none."""
        times = sorted(self.times.get(status, [0.0]))
        return times[min(len(times) - 1, int(share * len(times)))]

    def within(self, status: int, seconds: float) -> float:
        """Return the share of the answers of a status that took no longer."""
        times = self.times.get(status, [])
        return sum(taken <= seconds for taken in times) / len(times) if times else 1.0


def request_bytes(method: str, path: str, *, body: dict[str, Any] | None = None, token: str = "") -> bytes:
    """Return a request as it goes over the wire."""
    content = json.dumps(body).encode() if body is not None else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
    head += "Content-Type: application/json\r\n" if body is not None else ""
    head += f"Authorization: Bearer {token}\r\n" if token else ""
    return f"{head}\r\n".encode() + content


async def at_rate(port: int, request: bytes, *, per_second: float, seconds: float, connections: int = 1) -> Measured:
    """Send the request so often, for so long, without waiting for answers; return when the last one is there.

    So many connections take turns. Who meets several workers by them meets each of them again and again.
    """
    return await _asked(port, request, per_second=per_second, seconds=seconds, connections=connections)


async def at_capacity(port: int, request: bytes, *, connections: int, seconds: float) -> Measured:
    """Send the request again as soon as it is answered, on so many connections."""
    return await _asked(port, request, connections=connections, seconds=seconds)


async def _asked(port: int, request: bytes, **wanted: float) -> Measured:
    order = json.dumps({"port": port, "request": request.decode("latin-1"), **wanted}).encode()
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-I", crowd.__file__, stdin=pipe, stdout=pipe)
    try:
        output, _ = await process.communicate(order)
    finally:
        if process.returncode is None:
            process.kill()
    told = json.loads(output)
    times = {int(status): each for status, each in told["times"].items()}
    return Measured(times, told["unexplained"], told["seconds"], told["cores"])
