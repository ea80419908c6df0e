"""What an access token states about its session: whose it is, and how and when the user proved their identity."""

from datetime import datetime
from typing import Self
from uuid import UUID

import msgspec


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a session that the claims of its access tokens follow from (RFC 9068 §2.2.1).

    All times are those of the database's clock.

    Attributes:
        user_id: the user of the session.
        session_id: the session.
        amr: the methods by which the user proved their identity (RFC 8176), in the order of their last use.
        auth_time: the time of the last proof.
        mfa_at: the time of the last proof by a second factor; None if there was none.
        now: the time at which these facts were read or written.
    """

    user_id: int
    session_id: UUID
    amr: tuple[str, ...]
    auth_time: datetime
    mfa_at: datetime | None
    now: datetime

    @classmethod
    def of_session(  # noqa: PLR0913 - the columns of a row
        cls, *, user_id: int, session_id: UUID, amr: str, auth_time: datetime, mfa_at: datetime | None, now: datetime
    ) -> Self:
        """Return the claims of a stored session, whose methods are separated by spaces."""
        return cls(
            user_id=user_id,
            session_id=session_id,
            amr=tuple(amr.split()),
            auth_time=auth_time,
            mfa_at=mfa_at,
            now=now,
        )
