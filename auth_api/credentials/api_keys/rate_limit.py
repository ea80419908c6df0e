"""The limit on the requests of service accounts, in place of the limit on their network.

Programs of one company often share a network, and may send more requests than its people. Only a key that this process
has accepted recently has a limit of its own, so failures count for the network.
"""

from collections.abc import Mapping
from typing import Final

from auth_api.kit.clock import Monotonic, monotonic
from auth_api.kit.crypto.tokens import SERVICE_API_KEY, digest
from auth_api.kit.gcra import Gcra

REQUESTS_PER_SECOND: Final = 200
"""Requests of one key to one process, before RATE_LIMIT_FACTOR is applied."""

ACCEPTED_SECONDS: Final = 60.0
"""Time after an accepted request in which a key has a limit of its own."""

MAX_ACCEPTED_KEYS: Final = 1000

_BEARER_KEY: Final = b"bearer " + SERVICE_API_KEY.prefix.encode()


class KeyRateLimit:
    """Counts the requests of keys of service accounts that were accepted recently.

    Args:
        factor: multiplies the number of requests.
        clock: monotonic seconds.
    """

    def __init__(self, factor: int, clock: Monotonic = monotonic) -> None:
        rate = REQUESTS_PER_SECOND * factor
        self._limit = Gcra(rate, rate, clock)
        self._clock = clock
        self._accepted_at: dict[str, float] = {}

    def accept(self, key_digest: str) -> None:
        """Remember that a key was accepted. The one with the oldest use is forgotten if there are too many."""
        self.forget(key_digest)
        if len(self._accepted_at) == MAX_ACCEPTED_KEYS:
            del self._accepted_at[next(iter(self._accepted_at))]
        self._accepted_at[key_digest] = self._clock()

    def forget(self, key_digest: str) -> None:
        """Forget a key, because it is no longer accepted."""
        self._accepted_at.pop(key_digest, None)

    def wait(self, headers: Mapping[bytes, bytes]) -> float | None:
        """Count a request by its headers.

        Returns:
            0 if it is allowed, otherwise the seconds until the next one is; None if it has no recently accepted key, so
            that the limit on its network counts it.
        """
        value = headers.get(b"authorization", b"")
        if value[: len(_BEARER_KEY)].lower() != _BEARER_KEY:
            return None
        key_digest = digest(value[len(b"bearer ") :].decode("latin-1").strip())
        if self._clock() - self._accepted_at.get(key_digest, float("-inf")) > ACCEPTED_SECONDS:
            return None
        return self._limit.wait(key_digest)
