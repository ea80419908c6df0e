"""A user whose earlier access tokens must be refused."""

from datetime import datetime

import msgspec


class RevokedSubject(msgspec.Struct, frozen=True, kw_only=True):
    """A user whose earlier access tokens must be refused.

    Attributes:
        user_id: the user, who may have been deleted.
        issued_before: the moment of the change, by the database's clock.
    """

    user_id: int
    issued_before: datetime
