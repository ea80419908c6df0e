"""The limits on mails that requests cause."""

import hmac
from dataclasses import dataclass, field

from auth_api.kit.errors import RateLimitedException
from auth_api.kit.networks import network_of
from auth_api.throttling import repository
from auth_api.throttling.policy import HOUR, ThrottlingPolicy


@dataclass(frozen=True, slots=True)
class MailLimits:
    """Count mails per kind. The responses must not depend on the results.

    `key_secret` is the key of the digests of e-mail addresses.
    """

    policy: ThrottlingPolicy
    key_secret: bytes = field(repr=False)

    async def allow(self, kind: str, email: str, client_ip: str | None) -> bool:
        """Count one mail to an e-mail address, whether a user has it or not, and return whether it may be sent.

        A client counts per network, so that others cannot use up the mails of the owner. Refused requests of one
        network do not count for the other networks.
        """
        if not self.policy.enabled:
            return True
        key = f"mail:{kind}:{self._digest(email)}"
        if not await self._is_within(f"{key}:{network_of(client_ip)}", self.policy.mails_per_network):
            return False
        return await self._is_within(key, self.policy.mails_per_recipient)

    async def allow_user(self, kind: str, user_id: int) -> bool:
        """Count one mail that a user sends to an e-mail address of their choice, and return whether it may be sent."""
        return not self.policy.enabled or await self._is_within(
            f"mail:{kind}:user:{user_id}", self.policy.mails_by_user
        )

    async def admit_by(self, actor: str) -> None:
        """Count one mail that an administrator or a service account sends to others.

        Raises:
            RateLimitedException: there were too many in this hour.
        """
        await self._admit(f"mail:by:{actor}", self.policy.mails_by_administrator)

    async def admit_to(self, user_id: int) -> None:
        """Count one mail that administrators send to a user, of any kind.

        Raises:
            RateLimitedException: there were too many in this hour.
        """
        await self._admit(f"mail:to:{user_id}", self.policy.mails_by_administrators_to_user)

    async def admit_invitation(self, email: str) -> None:
        """Count one invitation to an e-mail address, of any inviter.

        Raises:
            RateLimitedException: there were too many in this hour.
        """
        await self._admit(f"mail:invitation:{self._digest(email)}", self.policy.invitations_per_recipient)

    async def _admit(self, key: str, limit: int) -> None:
        maximum = limit * self.policy.factor
        if self.policy.enabled and (counted := await repository.count(key, HOUR)).requests > maximum:
            raise RateLimitedException(counted.resets_in)

    def _digest(self, email: str) -> str:
        return hmac.digest(self.key_secret, b"mail:" + email.encode(), "sha256").hex()[:32]

    @staticmethod
    async def _is_within(key: str, limit: int) -> bool:
        return (await repository.count(key, HOUR)).requests <= limit
