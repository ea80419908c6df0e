"""FT23: ten times as many logins as the machine can check."""

import asyncio
import os
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from auth_api.server.policy import usable_cores
from tests.support.actors import PASSWORD, Actor
from tests.support.deployment import Deployment
from tests.support.load import LoadResult, at_capacity, at_rate, request_bytes
from tests.support.measurements import record
from tests.support.server_output import count_events, worker_pids
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

OVERLOAD_SECONDS: Final = float(os.environ.get("TORTURE_OVERLOAD_SECONDS", "60"))
HASH_KIB: Final = 19456
PRODUCTION_HASHES: Final[dict[str, Any]] = {"PASSWORD_HASH_MEMORY_KIB": str(HASH_KIB), "PASSWORD_HASH_ITERATIONS": "2"}
"""The cost of a hash in production."""

ALLOWANCE_KIB: Final = 64 * 1024
"""Memory that connections, queues and log lines of a worker may take in addition to its hashes."""


def resident_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def logins_per_second(port: int, login: bytes, workers: int, *, seconds: float) -> float:
    """Return the number of logins per second at a load at which none is refused."""
    return (await at_capacity(port, login, connections=4 * workers, seconds=seconds)).per_second(200)


@pytest.mark.torture
async def test_ft23_overload_with_logins_leaves_most_of_the_peak(
    deployment: Deployment, engine: str, workers: int
) -> None:
    if workers > usable_cores():
        pytest.skip("with more workers than cores, hash threads take the processor time that refusals need")
    with deployment.server(workers=workers, **PRODUCTION_HASHES) as server:
        wait_until(lambda: count_events(server.output(), "server:started") == workers)
        pids = worker_pids(server.output())
        memory_before = [resident_kib(pid) for pid in pids]
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
            await Actor(http).register()
            grace = Actor(http, username="grace", email="grace@example.com")  # the logins of ada end her older sessions
            await grace.register()
        login = request_bytes("POST", "/api/auth/login", body={"username": "ada", "password": PASSWORD})
        profile = request_bytes("GET", "/api/user/profile", token=grace.access_token)
        await logins_per_second(server.port, login, workers, seconds=2)  # warm-up
        peak_before = await logins_per_second(server.port, login, workers, seconds=10)
        processor_before = [processor_seconds(pid) for pid in pids]
        logins, profiles = await asyncio.gather(
            at_rate(
                server.port, login, per_second=10 * peak_before, seconds=OVERLOAD_SECONDS, connections=50 * workers
            ),
            at_rate(server.port, profile, per_second=20, seconds=OVERLOAD_SECONDS, connections=2 * workers),
        )
        spent = sum(processor_seconds(pid) for pid in pids) - sum(processor_before)
        recovered = await at_rate(server.port, login, per_second=peak_before / 4, seconds=5)
        peak_after = await logins_per_second(server.port, login, workers, seconds=10)
        greedy = await at_capacity(server.port, login, connections=200 * workers, seconds=10)
        growth = [resident_kib(pid) - before for pid, before in zip(pids, memory_before, strict=True)]

    peak = (peak_before + peak_after) / 2  # the speed of a shared machine varies
    threads = max(1, usable_cores() // workers)
    goodput = logins.per_second(200)
    record(
        "FT23",
        engine=engine,
        workers=workers,
        seen={str(status): count for status, count in logins.seen.items()},
        lost=0,
        peak=round(peak, 1),
        goodput=round(goodput, 1),
        goodput_share=round(goodput / peak, 2),
        greedy_share=round(greedy.per_second(200) / peak, 2),
        refused_p99=round(logins.percentile(503, 0.99), 3),
        profile_p99=round(profiles.percentile(200, 0.99), 3),
        memory_mib=round(max(growth) / 1024),
        client_cores=round(logins.cores, 2),
        server_cores=round(spent / OVERLOAD_SECONDS, 2),
    )
    assert set(logins.seen) <= {200, 503}
    assert set(profiles.seen) == {200}
    assert goodput >= 0.75 * peak
    assert set(greedy.seen) <= {200, 503}, describe(greedy)
    assert greedy.per_second(200) >= 0.5 * peak, describe(greedy)
    assert greedy.without_retry_after == 0
    assert logins.within(503, 1.0) >= 0.99
    assert logins.without_retry_after == 0
    assert profiles.percentile(200, 0.99) < 0.5
    assert max(growth) <= threads * HASH_KIB + ALLOWANCE_KIB
    assert set(recovered.seen) == {200}, describe(recovered)


def describe(measured: LoadResult) -> str:
    return f"{dict(measured.seen)}, slowest {measured.percentile(200, 1):.2f} s"
