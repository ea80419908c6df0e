"""The limit on API keys that users create."""

from dataclasses import dataclass

from auth_api.kit.errors import RateLimitedException
from auth_api.throttling import repository
from auth_api.throttling.policy import HOUR, ThrottlingPolicy


@dataclass(frozen=True, slots=True)
class CreationLimits:
    """Counts what users create, from any IP address. What a transaction rolls back does not count."""

    policy: ThrottlingPolicy

    async def admit_api_key(self, user_id: int) -> None:
        """Count an API key inside the transaction that creates it.

        Raises:
            RateLimitedException: the user has created too many in this hour.
        """
        limit = self.policy.api_keys_by_user * self.policy.factor
        if self.policy.enabled and (counted := await repository.count(f"api_keys:{user_id}", HOUR)).requests > limit:
            raise RateLimitedException(counted.resets_in)
