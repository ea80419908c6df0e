"""Claims values that may be used only once."""

from dataclasses import dataclass
from datetime import datetime

from auth_api.kit.crypto.tokens import digest
from auth_api.used_values import repository


@dataclass(frozen=True, slots=True)
class UsedValues:
    """Values that may be used only once. Only their digests are stored."""

    async def claim(self, kind: str, value: str, expires_at: datetime) -> bool:
        """Record that a value is used. Call it in the transaction that does what the value allows.

        Of any number of concurrent callers, only one gets True. If its transaction is rolled back, the value is unused
        again. The caller must have checked that the value has not expired: its row is removed a day after that.

        Args:
            kind: what the value is for, without a colon. Equal values of two kinds are different values.
            value: the value.
            expires_at: an aware datetime, after which the caller does not accept the value.

        Returns:
            False if the value was used before.
        """
        return await repository.insert(_digest(kind, value), kind=kind, expires_at=expires_at)

    async def is_used(self, kind: str, value: str) -> bool:
        """Return whether `claim` has recorded a value of this kind."""
        return await repository.exists(_digest(kind, value))


def _digest(kind: str, value: str) -> str:
    return digest(f"{kind}:{value}")
