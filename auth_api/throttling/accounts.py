"""The throttle on guessing at an account.

Every attempt is counted before its password is looked at, so parallel guesses cannot slip through. It never becomes a
weapon: sessions and refreshing go on, one network's failures do not touch another's, and the limit on all of them
together spares networks from which the owner has logged in lately.
"""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from auth_api.kit.metrics import LIMIT_REFUSALS
from auth_api.kit.networks import network_of
from auth_api.throttling import repository
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.throttling.failures import Failures
from auth_api.throttling.policy import ThrottlingPolicy

_REFUSED_NETWORK = LIMIT_REFUSALS.labels("account_network")
_REFUSED_ACCOUNT = LIMIT_REFUSALS.labels("account")

MOST_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Counted:
    """The counters that counted an attempt (one that blocks counts none), and whether its failure blocks the next."""

    keys: tuple[str, ...] = ()
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """The account that somebody tries, from somewhere; one for every spelling of its name."""

    account: str
    network: str

    @property
    def pair_key(self) -> str:
        """Counts failures from this network."""
        return f"attempts:{self.account}:{self.network}"

    @property
    def account_key(self) -> str:
        """Counts failures from everywhere."""
        return f"attempts:{self.account}"


@dataclass(frozen=True, slots=True)
class AccountThrottle:
    """Admits an attempt, or says how long to wait.

    `key_secret` keys the names of accounts that do not exist.
    """

    policy: ThrottlingPolicy
    key_secret: bytes = field(repr=False)

    def target(self, *, user_id: int | None, name: str, address: str | None) -> Target:
        """Say what is tried: the account's id, or where there is no such account a keyed digest of its name."""
        digest = hmac.digest(self.key_secret, b"throttle:" + name.encode(errors="replace"), "sha256")
        account = f"id:{user_id}" if user_id is not None else f"name:{digest.hex()[:32]}"
        return Target(account, network_of(address))

    async def admit(self, target: Target, *, is_known_network: Callable[[], Awaitable[bool]]) -> Counted:
        """Count one attempt, and return the counters that did.

        Args:
            target: what is tried, and from where.
            is_known_network: tells whether the owner has logged in from there lately; asked only where it matters.

        Raises:
            TooManyAttemptsException: it has to wait; no password may be looked at.
        """
        if not self.policy.enabled:
            return Counted()
        tried = await repository.attempt(target.pair_key, target.account_key, self.policy)
        if tried.of_pair is None:
            if tried.of_account is not None:  # another attempt has blocked the network in that very moment
                await repository.uncount(target.account_key)
            _REFUSED_NETWORK.inc()
            raise TooManyAttemptsException(await repository.blocked_for(target.pair_key))
        pair_blocks = tried.of_pair >= self.policy.per_network.free
        if tried.of_account is not None:
            account_blocks = tried.of_account >= self.policy.per_account.free
            return Counted((target.pair_key, target.account_key), blocks=pair_blocks or account_blocks)
        if await is_known_network():
            return Counted((target.pair_key,), blocks=pair_blocks)
        await repository.uncount(target.pair_key)
        _REFUSED_ACCOUNT.inc()
        raise TooManyAttemptsException(await repository.blocked_for(target.account_key))

    async def take_back(self, counted: Counted) -> None:
        """Uncount an attempt whose password could not be looked at."""
        for key in counted.keys:
            await repository.uncount(key)

    async def succeed(self, target: Target, counted: Counted) -> None:
        """Forget the failures from this network and no others, and uncount this attempt, which was none."""
        if target.account_key in counted.keys:
            await repository.clear(pair_key=target.pair_key, account_key=target.account_key)
        elif target.pair_key in counted.keys:
            await repository.forget(target.pair_key)

    async def failures(self, target: Target) -> list[Failures]:
        """Return the failures at an account from all networks, the longest waits first; the first hundred."""
        return await repository.failures(f"attempts:{target.account}", limit=MOST_SHOWN)

    async def reset(self, user_id: int) -> None:
        """Forget all failures at an account."""
        await repository.forget_account(f"attempts:id:{user_id}")
