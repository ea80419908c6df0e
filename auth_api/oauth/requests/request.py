"""Requests of applications as services pass them."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

REQUEST_LIFETIME: Final = timedelta(minutes=15)
"""Time for the person to sign in and to decide."""

CODE_LIFETIME: Final = timedelta(seconds=60)
"""Time in which the application redeems its code (RFC 6749 §4.1.2 recommends at most 10 minutes)."""


class RequestKind(StrEnum):
    """What an application asks for. Databases contain these values: never rename or reuse one."""

    AUTHORIZE = "authorize"
    DEVICE = "device"
    LOGOUT = "logout"


class RequestState(StrEnum):
    """How far a request is. Databases contain these values: never rename or reuse one."""

    OPEN = "open"
    APPROVED = "approved"
    CODE = "code"
    """The application got a code."""
    REDEEMED = "redeemed"
    """The application got tokens."""
    DENIED = "denied"
    ANSWERED = "answered"
    """The application got an error, or the person has signed out."""


class RequestParameters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an application asked for, after validation. This is the JSON in the database.

    Attributes:
        redirect_uri: the address that the answer goes to; None if the answer goes to a device, or if a person stays on
            this server after signing out.
        scopes: what the application may do. `offline_access` is one of them.
        resources: identifiers of the resources that the scopes belong to.
        state: the value that the application gets back.
        nonce: the value that the ID token repeats.
        code_challenge: of the method S256 (RFC 7636); None if the application uses none.
        prompt: the known values of `prompt` (OpenID Connect Core §3.1.2.1).
        max_age: the seconds since the last proof of identity after which a new one is needed.
        login_hint: fills in the form to sign in.
        acr_values: the known levels of assurance, of which one is needed.
        hint_subject: the subject of `id_token_hint`: only this account may answer.
    """

    redirect_uri: str | None = None
    scopes: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    state: str | None = None
    nonce: str | None = None
    code_challenge: str | None = None
    prompt: tuple[str, ...] = ()
    max_age: int | None = None
    login_hint: str | None = None
    acr_values: tuple[str, ...] = ()
    hint_subject: str | None = None


class Decider(msgspec.Struct, frozen=True, kw_only=True):
    """The user who answers a request, and the session in which that happens."""

    user_id: int
    session_id: UUID


class OAuthRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it is stored, without its secrets. Times are those of the database's clock.

    Attributes:
        id: a UUIDv7.
        kind: what it asks for.
        client_id: the number of the application's row; None only for a request to sign out.
        parameters: what the application asked for.
        state: how far it is.
        step: grows with each change, so that of two open pages only one counts.
        user_id: the user who decides or has decided; None as long as no page has shown it.
        session_id: the session of the decision; None before it.
        grant_id: the grant that came of it.
        created_at: its beginning.
        ip_address: of the device that asked; None for a browser.
        user_agent: of that device.
    """

    id: UUID
    kind: RequestKind
    client_id: int | None
    parameters: RequestParameters
    state: RequestState
    step: int
    user_id: int | None
    session_id: UUID | None
    grant_id: UUID | None
    created_at: datetime
    ip_address: str | None
    user_agent: str | None
