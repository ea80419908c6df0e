"""Judges whether this process can do its work."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from loguru import logger

from auth_api.kit.breaker.breaker import BreakerRegistry
from auth_api.kit.db.database import Database
from auth_api.kit.errors import ServerOverloadedException
from auth_api.operations.health.schemas import Checks, Readiness

TIMEOUT: Final = 2.0
"""Seconds for all checks together: a probe that waits is as bad as one that fails."""


@dataclass(slots=True, kw_only=True)
class HealthService:
    """Readiness, as a load balancer should see it."""

    database: Database
    breakers: BreakerRegistry
    pending_migrations: Callable[[], Awaitable[list[str]]]
    draining: bool = field(default=False, init=False)
    """The process was asked to stop: it still answers, but new requests should go elsewhere."""
    _is_migrated: bool = field(default=False, init=False)

    async def readiness(self) -> Readiness:
        """Ask the database itself, past the breaker, and report the breakers beside it."""
        try:
            async with asyncio.timeout(TIMEOUT):
                checks = await self._checks()
        except Exception as error:  # noqa: BLE001 - whatever it is, the database does not work
            logger.bind(event="health:not_ready", error=type(error).__name__).warning("the database does not answer")
            checks = Checks(database="unavailable", migrations="unknown")
        ready = checks == Checks(database="ok", migrations="ok")
        return Readiness(
            status="draining" if self.draining else "ready" if ready else "unavailable",
            checks=checks,
            circuit_breakers=self.breakers.snapshot(),
        )

    async def _checks(self) -> Checks:
        with contextlib.suppress(ServerOverloadedException):  # busy is not away
            await self.database.ping()
        if not self._is_migrated:  # what has been migrated stays so
            self._is_migrated = not await self.pending_migrations()
        return Checks(database="ok", migrations="ok" if self._is_migrated else "pending")
