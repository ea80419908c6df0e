"""Grants as services pass them."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec


class GrantEnd(StrEnum):
    """Why a grant has ended, beside the events of accounts (`AccessEvent`). Databases contain these values."""

    CODE_REUSED = "code_reused"
    TOKEN_REUSED = "refresh_token_reused"  # noqa: S105 - an event, not a token
    REVOKED_BY_CLIENT = "revoked_by_client"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    ENDED_BY_OPERATOR = "ended_by_operator"


class NewGrant(msgspec.Struct, frozen=True, kw_only=True):
    """What an application gets for a user.

    Attributes:
        id: a UUIDv7.
        client_row_id: the application.
        user_id: the user.
        session_id: the session in which the user approved the request.
        is_offline: whether the grant outlives that session.
        scopes: the granted scopes, including the built-in ones.
        resources: the identifiers of the resources that own some of these scopes.
        has_refresh_token: whether the application gets a refresh token.
    """

    id: UUID
    client_row_id: int
    user_id: int
    session_id: UUID
    is_offline: bool
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    has_refresh_token: bool


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """What applications may learn about the user of a grant.

    Attributes:
        subject: the identifier of the user for all applications.
        roles: the names of the user's roles, sorted.
    """

    subject: str
    username: str
    display_name: str | None
    locale: str | None
    email: str
    email_verified_at: datetime | None
    updated_at: datetime
    roles: tuple[str, ...]


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A live grant: application and user are active, the user may use the application, and no end has come.

    Attributes:
        id: of the grant.
        client_row_id: the application's row.
        client_id: the application, as it is named in requests.
        user_id: the user.
        person: what the application may learn about the user.
        session_id: the session in which it was made; None if its row has been removed.
        session_amr: the present methods of that session.
        session_mfa_at: the time of its last proof by a second factor.
        keeps_session: whether the user asked the browser of that session to stay signed in.
        is_offline: whether the grant outlives that session.
        scopes: what the user has granted.
        resources: the identifiers of the resources that own some of these scopes.
        auth_time: when the user had proved their identity.
        created_at: when the code was redeemed.
        expires_at: the end of an offline grant.
        now: the time of the database's clock.
        refresh_hash: the digest of the valid refresh token; None if there is none.
        previous_hash: the digest of the refresh token before it.
        salt: derives the valid refresh token from the one before it.
        spent_at: when the one before it was used.
    """

    id: UUID
    client_row_id: int
    client_id: str
    user_id: int
    person: Person
    session_id: UUID | None
    session_amr: tuple[str, ...]
    session_mfa_at: datetime | None
    keeps_session: bool
    is_offline: bool
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    auth_time: datetime
    created_at: datetime
    expires_at: datetime
    now: datetime
    refresh_hash: str | None
    previous_hash: str | None
    salt: str | None
    spent_at: datetime | None

    def was_spent_within(self, period: timedelta) -> bool:
        """Return whether the previous refresh token was used at most `period` ago."""
        return self.spent_at is not None and self.now - self.spent_at <= period
