"""The limit on mails to one recipient."""

import hmac
from dataclasses import dataclass, field

from auth_api.throttling import repository
from auth_api.throttling.policy import HOUR, ThrottlingPolicy


@dataclass(frozen=True, slots=True)
class MailLimits:
    """Count mails per e-mail address and kind, also for e-mail addresses that no user has: the work is the same.

    `key_secret` is the key of the digests of e-mail addresses.
    """

    policy: ThrottlingPolicy
    key_secret: bytes = field(repr=False)

    async def allow(self, kind: str, recipient: str) -> bool:
        """Count one mail and return whether it may be sent. The response must not depend on it."""
        if not self.policy.enabled:
            return True
        digest = hmac.digest(self.key_secret, b"mail:" + recipient.encode(), "sha256").hex()[:32]
        counted = await repository.count(f"mail:{kind}:{digest}", HOUR)
        return counted.requests <= self.policy.mails_per_hour
