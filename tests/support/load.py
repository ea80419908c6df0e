"""Sends requests at a steady rate whether they are answered or not, from one event loop, cheaply."""

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Measured:
    """What the answers were, and how long they took."""

    times: dict[int, list[float]] = field(default_factory=dict)

    def add(self, status: int, seconds: float) -> None:
        self.times.setdefault(status, []).append(seconds)

    @property
    def seen(self) -> Counter[int]:
        return Counter({status: len(times) for status, times in self.times.items()})

    def percentile(self, status: int, share: float) -> float:
        """Return the time that this share of the answers of a status stayed within; 0 where there were none."""
        times = sorted(self.times.get(status, [0.0]))
        return times[min(len(times) - 1, int(share * len(times)))]

    def within(self, status: int, seconds: float) -> float:
        """Return the share of the answers of a status that took no longer."""
        times = self.times.get(status, [])
        return sum(taken <= seconds for taken in times) / len(times) if times else 1.0


class Client:
    """Kept-alive connections to one server, each used by one request at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def send(self, measured: Measured, request: bytes) -> None:
        """Send a request and measure its answer; status 0 stands for none."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(30):
                status = await self._exchange(request)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            status = 0
        measured.add(status, time.monotonic() - began)

    def close(self) -> None:
        for _, writer in self._idle:
            writer.transport.abort()
        self._idle.clear()

    def _kept(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():  # the server has not closed it for idleness
                return reader, writer
            writer.transport.abort()
        return None

    async def _exchange(self, request: bytes) -> int:
        connection = self._kept() or await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = connection
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
        except BaseException:
            writer.transport.abort()
            raise
        self._idle.append(connection)
        return int(head[9:12])


def request_bytes(method: str, path: str, *, body: dict[str, Any] | None = None, token: str = "") -> bytes:
    """Return a request as it goes over the wire."""
    content = json.dumps(body).encode() if body is not None else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
    head += "Content-Type: application/json\r\n" if body is not None else ""
    head += f"Authorization: Bearer {token}\r\n" if token else ""
    return f"{head}\r\n".encode() + content


async def at_rate(client: Client, request: bytes, *, per_second: float, seconds: float) -> Measured:
    """Send the request so often, for so long, without waiting for answers; return when the last one is there."""
    measured, tasks = Measured(), set()
    begin = time.monotonic()
    sent = 0
    while (now := time.monotonic()) - begin < seconds:
        while sent < (now - begin) * per_second:
            task = asyncio.create_task(client.send(measured, request))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            sent += 1
        await asyncio.sleep(0.005)
    await asyncio.gather(*tasks)
    return measured


async def at_capacity(client: Client, request: bytes, *, connections: int, seconds: float) -> Measured:
    """Send the request again as soon as it is answered, on so many connections."""
    measured = Measured()
    end = time.monotonic() + seconds

    async def repeat() -> None:
        while time.monotonic() < end:
            await client.send(measured, request)

    await asyncio.gather(*(repeat() for _ in range(connections)))
    return measured
