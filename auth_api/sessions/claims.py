"""What an access token states: its session, how and when the user proved their identity, and facts about the user."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

import msgspec

from auth_api.roles.granted import ROLE_NAMES, role_names

_METADATA: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])

FACTS: Final = (
    f"(SELECT {ROLE_NAMES} FROM users WHERE users.id = user_id) AS role_names, "  # noqa: S608 - constants
    "(SELECT metadata FROM users WHERE users.id = user_id) AS metadata"
)
"""SQL columns with facts about the user, within a statement on one table that has a column `user_id`."""


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a session that the claims of its access tokens follow from (RFC 9068 §2.2.1).

    All times are those of the database's clock.

    Attributes:
        user_id: the user of the session.
        session_id: the session.
        amr: the methods by which the user proved their identity (RFC 8176), in the order of their last use.
        auth_time: the time of the last proof.
        mfa_at: the time of the last proof by a second factor; None if there was none.
        roles: the names of the user's roles, sorted.
        metadata: the metadata of the user by key; the values are JSON texts. None if there is none.
        now: the time at which these facts were read or written.
    """

    user_id: int
    session_id: UUID
    amr: tuple[str, ...]
    auth_time: datetime
    mfa_at: datetime | None
    roles: tuple[str, ...] = ()
    metadata: dict[str, Any] | None = None
    now: datetime

    @classmethod
    def of_session(  # noqa: PLR0913 - the columns of a row
        cls,
        *,
        user_id: int,
        session_id: UUID,
        amr: str,
        auth_time: datetime,
        mfa_at: datetime | None,
        facts: Mapping[str, Any],
        now: datetime,
    ) -> Self:
        """Return the claims of a stored session, whose methods are separated by spaces.

        `facts` is a row with the columns of `FACTS`.
        """
        metadata = facts["metadata"]
        return cls(
            user_id=user_id,
            session_id=session_id,
            amr=tuple(amr.split()),
            auth_time=auth_time,
            mfa_at=mfa_at,
            roles=role_names(facts["role_names"]),
            metadata=_METADATA.decode(metadata) if metadata is not None else None,
            now=now,
        )
