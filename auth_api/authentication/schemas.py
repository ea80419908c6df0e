"""Wire format of the holders of tokens and keys."""

from typing import Literal, Self

import msgspec


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A user or a service account."""

    type: Literal["user", "service_account"]
    id: int

    @classmethod
    def of(cls, user_id: int | None, service_account_id: int | None) -> Self:
        """Return the user of a token or key, or without one its service account."""
        if user_id is not None:
            return cls(type="user", id=user_id)
        return cls(type="service_account", id=service_account_id or 0)
