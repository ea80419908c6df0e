"""Limits per network address."""

import msgspec

from auth_api.kit.clock import Monotonic, monotonic
from auth_api.kit.db.retention import remove_expired
from auth_api.kit.gcra import Gcra
from auth_api.kit.metrics import LIMIT_REFUSALS
from auth_api.kit.networks import network_of
from auth_api.throttling import repository
from auth_api.throttling.policy import AddressLimit, ThrottlingPolicy
from auth_api.throttling.retention import THROTTLE_COUNTERS

TIDY_EVERY = 500
"""Counted requests between two rounds of removing what has expired; a round removes more than they can have added."""

MAX_REMEMBERED = 10_000
"""Refused callers that a process remembers; beyond it the database is asked again."""


class Budget(msgspec.Struct, frozen=True):
    """How much of a limit is used.

    Attributes:
        limit: the limit.
        used: requests that count at present, this one included.
        resets_in: seconds until none of them counts.
        retry_after: seconds until a refused request may be sent again.
    """

    limit: AddressLimit
    used: int
    resets_in: float
    retry_after: float

    @property
    def is_exceeded(self) -> bool:
        """Tell whether this request is one too many."""
        return self.used > self.limit.requests

    @property
    def headers(self) -> dict[str, str]:
        """`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers)."""
        name, remaining = self.limit.name, max(0, self.limit.requests - self.used)
        return {
            "RateLimit-Policy": f'"{name}";q={self.limit.requests};w={self.limit.window_seconds}',
            "RateLimit": f'"{name}";r={remaining};t={max(1, round(self.resets_in))}',
        }


class AddressLimits:
    """Counts requests per IP address, in the database or, for limits that are not shared, in this process.

    A request that the database's count refuses is refused here until the window ends, without another statement.
    """

    def __init__(self, policy: ThrottlingPolicy, clock: Monotonic = monotonic) -> None:
        self._policy = policy
        self._clock = clock
        self._refused_until: dict[str, float] = {}
        self._spent = 0
        self._buckets = {
            name: Gcra(limit.requests / limit.window_seconds, limit.requests, clock)
            for name, limit in policy.addresses.items()
            if not limit.is_shared
        }
        for name in policy.addresses:
            LIMIT_REFUSALS.labels(name)  # so that it exists before the first refusal; the check counts

    async def spend(self, name: str, address: str | None) -> Budget | None:
        """Count one request of this kind from this IP address. Return what is left; None if limits are disabled."""
        if not self._policy.enabled:
            return None
        limit, network = self._policy.addresses[name], network_of(address)
        if not limit.is_shared:
            return self._spend_here(limit, network)
        key = f"address:{name}:{network}"
        if (seconds := self._refused_until.get(key, 0.0) - self._clock()) > 0:
            return Budget(limit, limit.requests + 1, seconds, seconds)
        await self._tidy_up()
        counted = await repository.count(key, limit.window_seconds)
        if counted.attempts > limit.requests:
            self._remember(key, counted.resets_in)
        return Budget(limit, counted.attempts, counted.resets_in, counted.resets_in)

    def _spend_here(self, limit: AddressLimit, network: str) -> Budget:
        bucket = self._buckets[limit.name]
        wait = bucket.wait(network)
        used, resets_in = bucket.used(network)
        return Budget(limit, used + (wait > 0), resets_in, wait)

    async def _tidy_up(self) -> None:
        """Remove expired counters now and then: made-up names and addresses would pile up."""
        self._spent += 1
        if self._spent % TIDY_EVERY == 0:
            await remove_expired(THROTTLE_COUNTERS, 2 * TIDY_EVERY)

    def _remember(self, key: str, seconds: float) -> None:
        now = self._clock()
        if len(self._refused_until) >= MAX_REMEMBERED:
            self._refused_until = {kept: until for kept, until in self._refused_until.items() if until > now}
        if len(self._refused_until) < MAX_REMEMBERED:
            self._refused_until[key] = now + seconds
