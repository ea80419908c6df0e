"""The throttle on guessing a user's password.

An attempt is counted before its password is compared, so parallel guesses cannot bypass the limit. An attacker cannot
use the throttle to lock a user out: sessions and refreshes continue, failures from one network do not count for
another, and the limit on all networks together does not apply to networks from which the user has logged in recently.
"""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from auth_api.kit.metrics import LIMIT_REFUSALS
from auth_api.kit.networks import network_of
from auth_api.throttling import repository
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.throttling.failures import FailedAttempts
from auth_api.throttling.policy import ThrottlingPolicy

_REFUSED_NETWORK = LIMIT_REFUSALS.labels("account_network")
_REFUSED_ACCOUNT = LIMIT_REFUSALS.labels("account")

MAX_FAILURE_ROWS: Final = 100


@dataclass(frozen=True, slots=True)
class CountedAttempt:
    """The counters that an attempt increased (none while a counter blocks), and whether its failure starts a wait."""

    keys: tuple[str, ...] = ()
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class AttemptKeys:
    """Keys of the two counters of attempts on one user: from one network, and from all networks.

    Attributes:
        user: `id:` and the user's id, or `name:` and a digest of the identifier if no user has it.
        network: the caller's network, see `kit.networks`.
    """

    user: str
    network: str

    @property
    def network_key(self) -> str:
        """Key of the failures from this network."""
        return f"attempts:{self.user}:{self.network}"

    @property
    def user_key(self) -> str:
        """Key of the failures from all networks."""
        return f"attempts:{self.user}"


@dataclass(frozen=True, slots=True)
class AccountThrottle:
    """Admits or refuses attempts to prove knowledge of a user's password.

    `key_secret` is the key of the digests of identifiers that no user has.
    """

    policy: ThrottlingPolicy
    key_secret: bytes = field(repr=False)

    def keys(self, *, user_id: int | None, identifier: str, client_ip: str | None) -> AttemptKeys:
        """Return the keys that count an attempt.

        Args:
            user_id: the id of the user with this identifier; None if there is none.
            identifier: canonical e-mail address or username, so that all spellings share the counters.
            client_ip: the caller's IP address.
        """
        digest = hmac.digest(self.key_secret, b"throttle:" + identifier.encode(errors="replace"), "sha256")
        user = f"id:{user_id}" if user_id is not None else f"name:{digest.hex()[:32]}"
        return AttemptKeys(user, network_of(client_ip))

    @staticmethod
    def second_factor_keys(user_id: int, client_ip: str | None) -> AttemptKeys:
        """Return the keys that count a guess of a second factor, apart from the attempts on the password."""
        return AttemptKeys(f"second:{user_id}", network_of(client_ip))

    async def admit(self, keys: AttemptKeys, *, is_known_network: Callable[[], Awaitable[bool]]) -> CountedAttempt:
        """Count one attempt.

        Args:
            keys: keys of the user whose password is tried, and of the caller's network.
            is_known_network: returns whether the user has logged in from this network recently; only called if the
                limit on all networks is reached.

        Raises:
            TooManyAttemptsException: the caller has to wait; the password must not be compared.
        """
        if not self.policy.enabled:
            return CountedAttempt()
        counts = await repository.count_attempt(keys.network_key, keys.user_key, self.policy)
        if counts.of_network is None:
            if counts.of_user is not None:  # a concurrent attempt has blocked the network during the statement
                await repository.uncount(keys.user_key)
            _REFUSED_NETWORK.inc()
            raise TooManyAttemptsException(await repository.seconds_blocked(keys.network_key))
        network_blocks = counts.of_network >= self.policy.per_network.free
        if counts.of_user is not None:
            user_blocks = counts.of_user >= self.policy.per_account.free
            return CountedAttempt((keys.network_key, keys.user_key), blocks=network_blocks or user_blocks)
        if await is_known_network():
            return CountedAttempt((keys.network_key,), blocks=network_blocks)
        await repository.uncount(keys.network_key)
        _REFUSED_ACCOUNT.inc()
        raise TooManyAttemptsException(await repository.seconds_blocked(keys.user_key))

    async def undo(self, counted: CountedAttempt) -> None:
        """Uncount an attempt whose password could not be compared."""
        for key in counted.keys:
            await repository.uncount(key)

    async def record_success(self, keys: AttemptKeys, counted: CountedAttempt) -> None:
        """Uncount a successful attempt, and delete the failures from its network; those from other networks remain."""
        if keys.user_key in counted.keys:
            await repository.record_success(network_key=keys.network_key, user_key=keys.user_key)
        elif keys.network_key in counted.keys:
            await repository.delete(keys.network_key)

    async def failures(self, keys: AttemptKeys) -> list[FailedAttempts]:
        """Return the failed attempts on a user from all networks, longest wait first, at most 100 rows."""
        return await repository.failures(keys.user_key, limit=MAX_FAILURE_ROWS)

    async def reset(self, user_id: int) -> None:
        """Delete all failed attempts on the password of a user."""
        await repository.delete_all_of_user(f"attempts:id:{user_id}")

    async def reset_second_factor(self, user_id: int) -> None:
        """Delete all failed attempts on the second factors of a user."""
        await repository.delete_all_of_user(self.second_factor_keys(user_id, client_ip=None).user_key)
