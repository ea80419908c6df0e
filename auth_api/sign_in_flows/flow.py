"""A sign-in that leads through another site: to a provider and back, or to the application that wants the session."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

START_LIFETIME: Final = timedelta(minutes=10)
"""Time for the person to sign in at the provider."""

CODE_LIFETIME: Final = timedelta(seconds=60)
"""Time in which the application redeems its code (RFC 6749 §4.1.2 recommends at most 10 minutes)."""

TOKEN_LIFETIME: Final = timedelta(minutes=15)
"""Time for which a sign-up token and a link token work."""


class FlowPurpose(StrEnum):
    """What a flow is for. Databases contain these values: never rename or reuse one."""

    HAND_OFF = "hand_off"
    """An application gets a session."""
    LINK = "link"
    """An application links an identity to the account of its user."""
    PAGE = "page"
    """The pages of this server get a session, with which they may lead on to an application."""
    PAGE_LINK = "page_link"
    """The pages of this server link an identity."""

    @property
    def is_of_application(self) -> bool:
        """Whether an application began it, and gets a code at its end."""
        return self in {FlowPurpose.HAND_OFF, FlowPurpose.LINK}


class FlowStage(StrEnum):
    """How far a flow is. Databases contain these values: never rename or reuse one."""

    STARTED = "started"
    TAKEN = "taken"
    """The browser is back, and the provider is asked."""
    PROVED = "proved"
    FAILED = "failed"
    SIGN_UP = "sign_up"
    """No account has the identity; a token creates one."""
    LINK = "link"
    """An account has the e-mail address; a token links the identity to it."""


class NewFlow(msgspec.Struct, frozen=True, kw_only=True):
    """A flow that leads to a provider.

    Attributes:
        purpose: what it is for.
        provider: the provider's id.
        browser: the value of the browser's cookie.
        user_id: the user who links an identity; None for a sign-in.
        session_id: the session of that user.
        return_to: the address of the application; None if it ends on the pages of this server.
        challenge: the application's code challenge.
        continue_path: the page that it leads to.
        requires_new_login: whether the provider must ask the person to log in again.
    """

    purpose: FlowPurpose
    provider: str
    browser: str
    user_id: int | None = None
    session_id: UUID | None = None
    return_to: str | None = None
    challenge: str | None = None
    continue_path: str | None = None
    requires_new_login: bool = False


class LinkTicket(msgspec.Struct, frozen=True, kw_only=True):
    """What a one-time token of the purpose `IDENTITY_LINK` contains, with which a browser begins to link an identity.

    Attributes:
        provider: the provider's id.
        session_id: the session of the user who links the identity.
        return_to: the address of the application; None if the pages of this server link it.
        challenge: the application's code challenge.
    """

    provider: str
    session_id: UUID
    return_to: str | None = None
    challenge: str | None = None


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """A flow as it is stored, without its secrets.

    Attributes:
        id: its number.
        stage: how far it is.
        purpose: what it is for.
        created_at: its beginning, by the database's clock.
        provider: the provider's id; None if the user signed in on the pages of this server.
        user_id: the user whom it belongs to already; None before the account is known.
        session_id: the session of that user.
        return_to: the address of the application.
        continue_path: the page that it leads to, as the request named it.
        challenge: the application's code challenge.
        key_id: of the key that derives its secrets.
        error_code: why it failed.
        evidence: what was proved; before that, what the proof must meet.
    """

    id: int
    stage: FlowStage
    purpose: FlowPurpose
    created_at: datetime
    provider: str | None = None
    user_id: int | None = None
    session_id: UUID | None = None
    return_to: str | None = None
    continue_path: str | None = None
    challenge: str | None = None
    key_id: str | None = None
    error_code: str | None = None
    evidence: dict[str, Any] | None = None

    @property
    def requires_new_login(self) -> bool:
        """Whether the provider must ask the person to log in again. Known until the proof."""
        return bool((self.evidence or {}).get(REQUIRES_NEW_LOGIN))


REQUIRES_NEW_LOGIN: Final = "requires_new_login"
"""Member of the evidence of a flow that is not proved yet."""
