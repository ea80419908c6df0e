"""Consents as services pass them on."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What a user has allowed an application.

    Attributes:
        scopes: the names of the scopes, without `offline_access`.
        offline: whether the application may act while the user is not signed in.
    """

    id: UUID
    scopes: tuple[str, ...]
    offline: bool

    def covers(self, scopes: Iterable[str], *, offline: bool) -> bool:
        """Return whether the user has allowed all of this before."""
        return set(scopes) <= set(self.scopes) and (self.offline or not offline)


class ListedConsent(Consent, frozen=True, kw_only=True):
    """A consent in a list, with its application.

    Attributes:
        uri: the home page of the application.
        kind: a `ClientKind`.
        last_used_at: when the application last used its access; None if it never did, or not recently.
    """

    user_id: int
    client_row_id: int
    client_id: str
    name: str
    uri: str | None
    kind: str
    first_party: bool
    granted_at: datetime
    last_used_at: datetime | None
