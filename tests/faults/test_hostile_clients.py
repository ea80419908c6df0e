"""FT22: clients that send their headers slowly, or a body without end."""

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.support.actors import Actor
from tests.support.deployment import Deployment
from tests.support.load import at_rate, request_bytes
from tests.support.measurements import record
from tests.support.server_output import worker_pids
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

HEADER_TIMEOUT_SECONDS: Final = 10
"""Default of REQUEST_HEADER_TIMEOUT."""

SLOW_CLIENTS: Final = 1000
MAX_GROWTH_MIB: Final = 100

MAX_SENT_MIB: Final = 24
"""Bytes that the server reads before it closes, and the kernel's buffers of both sides."""

ENDLESS_BODIES: Final = {
    "1 GB": b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n"
    b"Content-Type: application/json\r\n\r\n",
    "endless chunks": b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    b"Content-Type: application/json\r\n\r\n",
}


async def send_slow_header(port: int) -> tuple[int, float]:
    """Send a byte of a header each second. Return the status of the response (0 for none) and the seconds until it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()

    async def send_bytes() -> None:
        writer.write(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        while True:
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(1)

    sending = asyncio.create_task(send_bytes())
    try:
        response = await reader.read(65536)
    except ConnectionError:
        response = b""
    finally:
        took = time.monotonic() - began
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.transport.abort()
    return int(response[9:12] or 0), took


async def send_endless_bodies(port: int, head: bytes, times: int) -> list[tuple[int, int]]:
    """Send bodies without end, the next one when the server has ended the previous one."""
    return [await send_endless_body(port, head) for _ in range(times)]


async def send_endless_body(port: int, head: bytes) -> tuple[int, int]:
    """Send a body without end. Return the status of the response and the number of bytes sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    chunk = b"ffff\r\n" + b"a" * 0xFFFF + b"\r\n" if b"chunked" in head else b"a" * 0xFFFF
    sent = 0

    async def send_chunks() -> None:
        nonlocal sent
        writer.write(head)
        while True:
            writer.write(chunk)
            await writer.drain()
            sent += len(chunk)

    sending = asyncio.create_task(send_chunks())
    try:
        response = await reader.read(65536)
    except ConnectionError:
        response = b""
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.transport.abort()
    return int(response[9:12] or 0), sent


def resident_mib(pids: list[int]) -> float:
    """Return the sum of the peak resident memory of these processes."""
    statuses = [Path(f"/proc/{pid}/status").read_text(encoding="ascii") for pid in pids]
    return sum(int(status.partition("VmHWM:")[2].split()[0]) for status in statuses) / 1024


@pytest.mark.torture
async def test_ft22_slow_headers_and_endless_bodies_are_ended(
    deployment: Deployment, engine: str, workers: int
) -> None:
    with deployment.server(workers=workers) as server:
        wait_until(lambda: len(worker_pids(server.output())) == workers)
        pids = worker_pids(server.output())
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
            ada = Actor(http)
            await ada.register()
        profile = request_bytes("GET", "/api/user/profile", token=ada.access_token)
        calm = await at_rate(server.port, profile, per_second=50, seconds=5)
        before = resident_mib(pids)

        slow_clients = [asyncio.create_task(send_slow_header(server.port)) for _ in range(SLOW_CLIENTS)]
        streams = [asyncio.create_task(send_endless_bodies(server.port, head, 50)) for head in ENDLESS_BODIES.values()]
        meanwhile = await at_rate(server.port, profile, per_second=50, seconds=HEADER_TIMEOUT_SECONDS + 4)
        ended_headers = await asyncio.gather(*slow_clients)
        ended_bodies = [end for ends in await asyncio.gather(*streams) for end in ends]
        grown = resident_mib(pids) - before

    slowest = max(seconds for _, seconds in ended_headers)
    record(
        "FT22",
        engine=engine,
        workers=workers,
        seen=dict(Counter(str(status) for status, _ in ended_headers + ended_bodies)),
        lost=0,
        headers_ended_after_seconds=round(slowest, 1),
        sent_mib=round(max(sent for _, sent in ended_bodies) / 2**20, 1),
        profile_p99=round(meanwhile.percentile(200, 0.99), 3),
        profile_p99_before=round(calm.percentile(200, 0.99), 3),
        memory_mib=round(grown),
    )
    assert Counter(status for status, _ in ended_headers) == {408: SLOW_CLIENTS}
    assert slowest < HEADER_TIMEOUT_SECONDS + 3
    assert {status for status, _ in ended_bodies} <= {413, 0}, (
        "0: the response was lost because the client was still sending"
    )
    assert max(sent for _, sent in ended_bodies) < MAX_SENT_MIB * 2**20
    assert set(meanwhile.seen) == {200}
    assert grown < MAX_GROWTH_MIB
