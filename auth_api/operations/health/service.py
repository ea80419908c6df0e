"""Decide whether this process is ready for requests."""

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

CHECK_TIMEOUT_SECONDS: Final = 2.0
"""Time limit of all checks together, because a probe that waits is as bad as a probe that fails."""


@dataclass(slots=True, kw_only=True)
class HealthService:
    """Checks the readiness of this process for load balancers."""

    database: Database
    breakers: BreakerRegistry
    pending_migrations: Callable[[], Awaitable[list[str]]]
    draining: bool = field(default=False, init=False)
    """The process is stopping: it still serves requests, but should not receive new ones."""
    _is_migrated: bool = field(default=False, init=False)

    async def readiness(self) -> Readiness:
        """Check the database directly, without its circuit breaker, and report the state of all breakers."""
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                checks = await self._checks()
        except Exception as error:  # noqa: BLE001 - after any error, the database counts as unavailable
            log = logger.bind(event="readiness:failed", error_type=type(error).__name__)
            log.warning("the database does not respond")
            checks = Checks(database="unavailable", migrations="unknown")
        ready = checks == Checks(database="ok", migrations="ok")
        return Readiness(
            status="draining" if self.draining else "ready" if ready else "unavailable",
            checks=checks,
            circuit_breakers=self.breakers.snapshot(),
        )

    async def _checks(self) -> Checks:
        with contextlib.suppress(ServerOverloadedException):  # a busy database is available
            await self.database.ping()
        if not self._is_migrated:  # migrations are never reverted while the process runs
            self._is_migrated = not await self.pending_migrations()
        return Checks(database="ok", migrations="ok" if self._is_migrated else "pending")
