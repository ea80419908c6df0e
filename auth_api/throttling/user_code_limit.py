"""The limit on wrong user codes of devices."""

from dataclasses import dataclass
from typing import Final

from auth_api.kit.metrics import LIMIT_REFUSALS
from auth_api.kit.networks import network_of
from auth_api.throttling import repository
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.throttling.policy import ThrottlingPolicy

WINDOW_SECONDS: Final = 300

_REFUSED = LIMIT_REFUSALS.labels("user_code")


@dataclass(frozen=True, slots=True)
class UserCodeLimit:
    """Counts the wrong user codes that a user enters, and those from one network (RFC 8628 §5.1)."""

    policy: ThrottlingPolicy

    async def admit(self, user_id: int, client_ip: str | None) -> None:
        """Count an attempt before the code is looked up, so that parallel attempts do not bypass the limit.

        Raises:
            TooManyAttemptsException: there were too many wrong codes; the code must not be looked up.
        """
        if not self.policy.enabled:
            return
        counts = [await repository.count(key, WINDOW_SECONDS) for key in _keys(user_id, client_ip)]
        maximum = self.policy.wrong_user_codes * self.policy.factor
        exceeded = [each.resets_in for each in counts if each.requests > maximum]
        if exceeded:
            _REFUSED.inc()
            raise TooManyAttemptsException(max(exceeded))

    async def undo(self, user_id: int, client_ip: str | None) -> None:
        """Uncount an attempt whose code was right."""
        for key in _keys(user_id, client_ip) if self.policy.enabled else ():
            await repository.uncount(key)


def _keys(user_id: int, client_ip: str | None) -> tuple[str, str]:
    return f"user_codes:id:{user_id}", f"user_codes:{network_of(client_ip)}"
