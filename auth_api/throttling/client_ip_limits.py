"""Limits on requests per client IP address, or per authenticated caller."""

from collections.abc import Iterable
from typing import Final

import msgspec

from auth_api.kit.clock import Monotonic, monotonic
from auth_api.kit.db.retention import remove_expired
from auth_api.kit.gcra import Gcra
from auth_api.kit.metrics import LIMIT_REFUSALS
from auth_api.kit.networks import network_of
from auth_api.throttling import repository
from auth_api.throttling.policy import ClientIpLimit, ThrottlingPolicy
from auth_api.throttling.retention import THROTTLE_COUNTERS

REQUESTS_PER_CLEANUP: Final = 500
"""Counted requests between two clean-ups of expired counters; a clean-up deletes up to twice as many counters."""

MAX_REMEMBERED_REFUSALS: Final = 10_000
"""Refused clients that a process remembers until their window ends; a refusal of a further one takes a statement."""


class ClientIpUsage(msgspec.Struct, frozen=True):
    """The used part of a limit.

    Attributes:
        limit: the limit.
        used: requests that count at present, including this one.
        resets_in: seconds until none of them counts.
        retry_after: seconds until a refused request may be sent again.
    """

    limit: ClientIpLimit
    used: int
    resets_in: float
    retry_after: float

    @property
    def is_exceeded(self) -> bool:
        """Whether this request exceeds the limit."""
        return self.used > self.limit.requests

    @property
    def headers(self) -> dict[str, str]:
        """The headers `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers)."""
        name, remaining = self.limit.name, max(0, self.limit.requests - self.used)
        return {
            "RateLimit-Policy": f'"{name}";q={self.limit.requests};w={self.limit.window_seconds}',
            "RateLimit": f'"{name}";r={remaining};t={max(1, round(self.resets_in))}',
        }


class ClientIpLimits:
    """Count requests per client IP address, in the database or, for limits that are not shared, in this process.

    A client that exceeds a count of the database is refused without a statement until the window ends.
    """

    def __init__(
        self,
        policy: ThrottlingPolicy,
        limits: Iterable[ClientIpLimit],
        clock: Monotonic = monotonic,
        *,
        max_remembered_refusals: int = MAX_REMEMBERED_REFUSALS,
    ) -> None:
        self._is_enabled = policy.enabled
        self._limits = {limit.name: policy.scaled(limit) for limit in limits}
        self._clock = clock
        self._max_remembered_refusals = max_remembered_refusals
        self._refused_until: dict[str, float] = {}
        self._requests = 0
        self._buckets = {
            name: Gcra(limit.requests / limit.window_seconds, limit.requests, clock)
            for name, limit in self._limits.items()
            if not limit.is_shared
        }
        for name in self._limits:
            LIMIT_REFUSALS.labels(name)  # so that it exists before the first refusal; the check counts

    async def spend(self, name: str, client_ip: str | None, actor: str | None = None) -> ClientIpUsage | None:
        """Count one request of this kind from this IP address, or of this caller if the limit is per caller.

        Return the usage; None if limits are disabled.
        """
        if not self._is_enabled:
            return None
        limit = self._limits[name]
        subject = f"caller:{actor}" if limit.is_per_caller else network_of(client_ip)
        if not limit.is_shared:
            return self._spend_here(limit, subject)
        key = f"address:{name}:{subject}"
        if (seconds := self._refused_until.get(key, 0.0) - self._clock()) > 0:
            return ClientIpUsage(limit, limit.requests + 1, seconds, seconds)
        await self._clean_up()
        counted = await repository.count(key, limit.window_seconds)
        if counted.requests > limit.requests:
            self._remember(key, counted.resets_in)
        return ClientIpUsage(limit, counted.requests, counted.resets_in, counted.resets_in)

    def _spend_here(self, limit: ClientIpLimit, subject: str) -> ClientIpUsage:
        bucket = self._buckets[limit.name]
        wait = bucket.wait(subject)
        used, resets_in = bucket.used(subject)
        return ClientIpUsage(limit, used + (wait > 0), resets_in, wait)

    async def _clean_up(self) -> None:
        """Delete expired counters regularly, so that a flood from many IP addresses cannot fill the table."""
        self._requests += 1
        if self._requests % REQUESTS_PER_CLEANUP == 0:
            await remove_expired(THROTTLE_COUNTERS, 2 * REQUESTS_PER_CLEANUP)

    def _remember(self, key: str, seconds: float) -> None:
        now = self._clock()
        if len(self._refused_until) >= self._max_remembered_refusals:
            self._refused_until = {kept: until for kept, until in self._refused_until.items() if until > now}
        if len(self._refused_until) < self._max_remembered_refusals:
            self._refused_until[key] = now + seconds
