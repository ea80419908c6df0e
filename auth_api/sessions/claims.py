"""What an access token states about its session: whose it is, and how and when the user proved their identity."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Self
from uuid import UUID

import msgspec

AAL1: Final = "aal1"
"""The level of one factor (NIST SP 800-63B-4 §2.1)."""


def assurance_level(amr: Sequence[str], mfa_at: datetime | None, now: datetime) -> str:  # noqa: ARG001 - no method reaches a higher level yet
    """Return the level of assurance of a session.

    Args:
        amr: the methods of its proofs of identity (RFC 8176), in the order of their last use.
        mfa_at: the time of the last proof by a second factor; None if there was none.
        now: the present time, by the same clock.

    Returns:
        The value of the claim `acr`.
    """
    return AAL1


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a session that its access tokens contain (RFC 9068 §2.2.1).

    Attributes:
        user_id: the user of the session.
        session_id: the session.
        amr: the methods by which the user proved their identity (RFC 8176), in the order of their last use.
        acr: the level of assurance that they reach.
        auth_time: the time of the last proof, by the database's clock.
    """

    user_id: int
    session_id: UUID
    amr: tuple[str, ...]
    acr: str
    auth_time: datetime

    @classmethod
    def of_session(  # noqa: PLR0913 - the columns of a row
        cls, *, user_id: int, session_id: UUID, amr: str, auth_time: datetime, mfa_at: datetime | None, now: datetime
    ) -> Self:
        """Return the claims of a stored session.

        Args:
            user_id: the user of the session.
            session_id: the session.
            amr: the methods as stored, separated by spaces.
            auth_time: the time of the last proof of identity.
            mfa_at: the time of the last proof by a second factor; None if there was none.
            now: the present time. All times are those of the database's clock.
        """
        methods = tuple(amr.split())
        return cls(
            user_id=user_id,
            session_id=session_id,
            amr=methods,
            acr=assurance_level(methods, mfa_at, now),
            auth_time=auth_time,
        )
