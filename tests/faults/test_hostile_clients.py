"""FT22: clients that never finish what they began, or never stop."""

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

HEADER_TIMEOUT: Final = 10
"""Seconds, as it comes."""

DAWDLERS: Final = 1000
GROWTH_MIB: Final = 100

POURED_MIB: Final = 24
"""What the server reads before it closes, and what the kernel's buffers on both sides take."""

NEVER_ENDING: Final = {
    "1 GB": b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n"
    b"Content-Type: application/json\r\n\r\n",
    "endless chunks": b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    b"Content-Type: application/json\r\n\r\n",
}


async def dawdle(port: int) -> tuple[int, float]:
    """Send a byte of a head each second. Return the status of the answer, 0 for none, and after how long it came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()

    async def drip() -> None:
        writer.write(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        while True:
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(1)

    dripping = asyncio.create_task(drip())
    try:
        response = await reader.read(65536)
    except ConnectionError:
        response = b""
    finally:
        took = time.monotonic() - began
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)
        writer.transport.abort()
    return int(response[9:12] or 0), took


async def pour_again(port: int, head: bytes, times: int) -> list[tuple[int, int]]:
    """Send a body without end, and when that was ended, another one."""
    return [await pour(port, head) for _ in range(times)]


async def pour(port: int, head: bytes) -> tuple[int, int]:
    """Send a body without end. Return the status of the answer, and how many bytes could be sent before the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    chunk = b"ffff\r\n" + b"a" * 0xFFFF + b"\r\n" if b"chunked" in head else b"a" * 0xFFFF
    sent = 0

    async def flow() -> None:
        nonlocal sent
        writer.write(head)
        while True:
            writer.write(chunk)
            await writer.drain()
            sent += len(chunk)

    flowing = asyncio.create_task(flow())
    try:
        response = await reader.read(65536)
    except ConnectionError:
        response = b""
    finally:
        flowing.cancel()
        await asyncio.gather(flowing, return_exceptions=True)
        writer.transport.abort()
    return int(response[9:12] or 0), sent


def resident_mib(pids: list[int]) -> float:
    """Return the memory of these processes together, at its highest."""
    statuses = [Path(f"/proc/{pid}/status").read_text(encoding="ascii") for pid in pids]
    return sum(int(status.partition("VmHWM:")[2].split()[0]) for status in statuses) / 1024


@pytest.mark.torture
async def test_ft22_a_thousand_who_dawdle_and_a_hundred_who_never_stop(
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

        dawdlers = [asyncio.create_task(dawdle(server.port)) for _ in range(DAWDLERS)]
        streams = [asyncio.create_task(pour_again(server.port, head, 50)) for head in NEVER_ENDING.values()]
        meanwhile = await at_rate(server.port, profile, per_second=50, seconds=HEADER_TIMEOUT + 4)
        dawdled = await asyncio.gather(*dawdlers)
        poured = [end for ends in await asyncio.gather(*streams) for end in ends]
        grown = resident_mib(pids) - before

    slowest = max(seconds for _, seconds in dawdled)
    record(
        "FT22",
        engine=engine,
        workers=workers,
        seen=dict(Counter(str(status) for status, _ in dawdled + poured)),
        lost=0,
        cut_after=round(slowest, 1),
        poured_mib=round(max(sent for _, sent in poured) / 2**20, 1),
        profile_p99=round(meanwhile.percentile(200, 0.99), 3),
        profile_p99_before=round(calm.percentile(200, 0.99), 3),
        memory_mib=round(grown),
    )
    assert Counter(status for status, _ in dawdled) == {408: DAWDLERS}
    assert slowest < HEADER_TIMEOUT + 3
    assert {status for status, _ in poured} <= {413, 0}, "0: the answer was lost behind what was still being sent"
    assert max(sent for _, sent in poured) < POURED_MIB * 2**20
    assert set(meanwhile.seen) == {200}
    assert grown < GROWTH_MIB
