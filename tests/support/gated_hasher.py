"""A password hasher whose hashes wait at a gate."""

import asyncio
import os
import threading

import msgspec

from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.crypto.policy import HashingPolicy
from tests.support.waiting import TIMEOUT_SECONDS, until


class Gate:
    """A substitute for argon2 whose hashes last until the gate is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.begun = 0
        self.niceness: int | None = None

    def verify(self, _stored: str, password: bytes) -> bool:
        return bool(self.hash(password))

    def hash(self, _: bytes) -> str:
        self.begun += 1
        self.niceness = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        assert self.opened.wait(TIMEOUT_SECONDS)
        return "hashed"


class GatedHasher:
    """A hasher whose hashes last until its gate is opened."""

    def __init__(self, *, threads: int, queue_size: int, queue_timeout: float = 600) -> None:
        policy = HashingPolicy(
            memory_kib=64, iterations=1, threads=threads, queue_size=queue_size, queue_timeout=queue_timeout
        )
        self.hasher = PasswordHasher(policy)
        self.gate = Gate()
        self.hasher._argon2 = self.gate  # type: ignore[assignment]  # noqa: SLF001 - the library, not the product

    @property
    def slots_in_use(self) -> int:
        return self.hasher._slots_in_use  # noqa: SLF001 - nothing public counts them

    def start(self) -> asyncio.Task[str]:
        return asyncio.create_task(self.hasher.hash("secret"))

    async def start_and_wait_until_it_runs(self) -> asyncio.Task[str]:
        before = self.gate.begun
        task = self.start()
        await until(lambda: self.gate.begun > before)
        return task

    def limit_wait(self, seconds: float) -> None:
        """Limit the wait of the hashes that are started from now on."""
        policy = self.hasher._policy  # noqa: SLF001 - as above
        self.hasher._policy = msgspec.structs.replace(policy, queue_timeout=seconds)  # noqa: SLF001 - as above

    def is_full(self) -> bool:
        return self.hasher.overload_error() is not None

    def close(self) -> None:
        self.gate.opened.set()
        self.hasher.close()
