"""Measure password hashes or PostgreSQL queries per second, without a server, and print the rate.

`python -m benchmarks.raw hashes THREADS SECONDS`, `python -m benchmarks.raw lookups DSN SECONDS`.
"""

import asyncio
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any, Final

import argon2
import asyncpg
import uvloop

from auth_api.kit.crypto.policy import HashingPolicy

CONNECTIONS: Final = 16


def hashes_per_second(threads: int, seconds: float) -> float:
    """Verify a password in several threads, with our parameters and our build of argon2, and return the rate."""
    policy = HashingPolicy()
    hasher = argon2.PasswordHasher(
        time_cost=policy.iterations, memory_cost=policy.memory_kib, parallelism=policy.parallelism
    )
    stored = hasher.hash("a password")
    end = time.monotonic() + seconds

    def work() -> float:
        began, done = time.monotonic(), 0
        while time.monotonic() < end:
            hasher.verify(stored, "a password")
            done += 1
        return done / (time.monotonic() - began)

    with ThreadPoolExecutor(threads) as pool:
        return sum(future.result() for future in [pool.submit(work) for _ in range(threads)])


async def lookups_per_second(dsn: str, seconds: float) -> float:
    """Query a session and its user by primary key, as a session check does, and return the rate."""
    statement = "SELECT u.*, s.auth_time FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1"
    done = count()
    async with asyncpg.create_pool(dsn, min_size=CONNECTIONS, max_size=CONNECTIONS, reset=_no_reset) as pool:
        ids = [row["id"] for row in await pool.fetch("SELECT id FROM sessions LIMIT 1000")]
        end = time.monotonic() + seconds

        async def look(number: int) -> None:
            async with pool.acquire() as connection:
                while time.monotonic() < end:
                    number = next(done)
                    await connection.fetchrow(statement, ids[number % len(ids)])

        await asyncio.gather(*(look(number) for number in range(CONNECTIONS)))
    return next(done) / seconds


async def _no_reset(_connection: Any) -> None:
    """Send no reset query."""


if __name__ == "__main__":
    what, subject, duration = sys.argv[1:]
    if what == "hashes":
        rate = hashes_per_second(int(subject), float(duration))
    else:
        rate = uvloop.run(lookups_per_second(subject, float(duration)))
    sys.stdout.write(f"{rate}\n")
