"""How strongly the user of a session has proved their identity (NIST SP 800-63B-4 §2)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Method(StrEnum):
    """A method of proof; the value of the claim `amr`. Databases contain these values: never rename or reuse one."""

    PASSWORD = "pwd"  # noqa: S105 - RFC 8176
    FEDERATION = "fed"
    TOTP = "otp"
    RECOVERY_CODE = "recovery_code"
    DEVICE_BOUND_PASSKEY = "hwk"
    SYNCED_PASSKEY = "swk"


class Level(StrEnum):
    """A level of assurance; the value of the claim `acr`.

    `phr` is phishing-resistant: a passkey, which no other website can use. A higher level satisfies a lower one.
    """

    AAL1 = "aal1"
    AAL2 = "aal2"
    PHR = "phr"

    def satisfies(self, needed: "Level") -> bool:
        """Return whether this level is at least the needed one."""
        levels = list(Level)
        return levels.index(self) >= levels.index(needed)


PASSKEYS: Final = frozenset({Method.DEVICE_BOUND_PASSKEY, Method.SYNCED_PASSKEY})
"""Both factors at once: the device, and the gesture or PIN that unlocks it."""

SECOND_FACTORS: Final = PASSKEYS | {Method.TOTP, Method.RECOVERY_CODE}
"""The methods that raise the level. A session stores the time of its last proof by one of them as `mfa_at`."""

_FIRST_FACTORS: Final = PASSKEYS | {Method.PASSWORD, Method.FEDERATION}
"""The methods that a code counts as a second factor to."""


_MULTI_FACTOR: Final = "mfa"
"""RFC 8176: the last of the stated methods, exactly while the level is above `aal1`; it is not stored."""


def assurance_level(amr: Sequence[str], mfa_at: datetime | None, now: datetime, *, max_age: timedelta | None) -> Level:
    """Return the level of assurance of a session.

    The last second factor decides, so a password never renews a level, and a code never renews the level of a passkey.

    Args:
        amr: the methods of its proofs of identity, in the order of each one's last use.
        mfa_at: the time of the last proof by a second factor; None if there was none, or if it no longer counts.
        now: the present time, by the same clock.
        max_age: the time for which a second factor counts; None if it counts forever.
    """
    if mfa_at is None or (max_age is not None and now - mfa_at > max_age):
        return Level.AAL1
    last = next((method for method in reversed(amr) if method in SECOND_FACTORS), None)
    if last in PASSKEYS:
        return Level.PHR
    if last is not None and not _FIRST_FACTORS.isdisjoint(amr):
        return Level.AAL2
    return Level.AAL1


def below_passkeys(amr: Sequence[str]) -> tuple[str, ...]:
    """Return the methods in an order whose level is at most `aal2`: with the passkeys first."""
    return tuple(sorted(amr, key=lambda method: method not in PASSKEYS))


def stated_methods(amr: Sequence[str], level: Level) -> tuple[str, ...]:
    """Return the methods that a token of this level states in its claim `amr`."""
    return tuple(amr) if level is Level.AAL1 else (*amr, _MULTI_FACTOR)
