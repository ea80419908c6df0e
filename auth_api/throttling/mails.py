"""The limit on mails that somebody else can have sent to an address."""

import hmac
from dataclasses import dataclass, field

from auth_api.throttling import repository
from auth_api.throttling.policy import HOUR, ThrottlingPolicy


@dataclass(frozen=True, slots=True)
class MailLimits:
    """Counts per address and kind of mail, for addresses that no account has as well: the work is the same.

    `key_secret` keys the addresses.
    """

    policy: ThrottlingPolicy
    key_secret: bytes = field(repr=False)

    async def allow(self, kind: str, address: str) -> bool:
        """Count one mail, and tell whether it may be sent. Who asks is told nothing of a refusal."""
        if not self.policy.enabled:
            return True
        digest = hmac.digest(self.key_secret, b"mail:" + address.encode(), "sha256").hex()[:32]
        counted = await repository.count(f"mail:{kind}:{digest}", HOUR)
        return counted.attempts <= self.policy.mails_per_hour
