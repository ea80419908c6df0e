"""Request and response bodies about sessions, tokens and keys."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from auth_api.kit.clock import rfc3339
from auth_api.kit.cookie_mode import COOKIE_MODE
from auth_api.kit.crypto.signing import MAX_JWT_LENGTH
from auth_api.kit.crypto.tokens import OpaqueToken
from auth_api.kit.device import device_label
from auth_api.kit.errors import FieldError
from auth_api.sessions.access_tokens import IssuedToken
from auth_api.sessions.assurance import assurance_level, stated_methods
from auth_api.sessions.principal import LiveSession
from auth_api.users.schemas import Timestamp

EXAMPLE_ACCESS_TOKEN = "eyJhbGciOiJIUzI1NiIs….eyJzdWIiOiIxIiwi….qT3Vn0w…"  # noqa: S105 - shortened
EXAMPLE_REFRESH_TOKEN = "rt_2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ"  # noqa: S105 - an example

EXAMPLE_TOKEN_PAIR: dict[str, Any] = {
    "access_token": EXAMPLE_ACCESS_TOKEN,
    "refresh_token": EXAMPLE_REFRESH_TOKEN,
    "token_type": "Bearer",
    "expires_in": 1800,
    "refresh_expires_in": 604800,
}
EXAMPLE_PUBLIC_KEYS: dict[str, Any] = {
    "keys": [
        {
            "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aP…",
            "e": "AQAB",
        }
    ]
}
EXAMPLE_SESSION: dict[str, Any] = {
    "id": "01a20e9d-dba3-7476-8c34-dcd62e39c004",
    "created_at": "2026-02-19T10:30:45.123Z",
    "last_used_at": "2026-02-19T11:00:02.004Z",
    "expires_at": "2026-02-26T11:00:02.004Z",
    "ip_address": "203.0.113.7",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "device": "Firefox on Linux",
    "current": True,
    "acr": "aal1",
    "amr": ["pwd"],
}

SessionId = Annotated[
    str,
    msgspec.Meta(
        description="UUID of the session; `sid` in its access tokens.", extra_json_schema={"extra": {"format": "uuid"}}
    ),
]

RefreshTokenText = Annotated[
    str,
    msgspec.Meta(
        max_length=MAX_JWT_LENGTH,  # an access token in this field is an invalid token, not a malformed request
        description="The refresh token from the latest response. It works once.",
        examples=[EXAMPLE_REFRESH_TOKEN],
        extra={"any_text": True},
    ),
]


AccessTokenField = Annotated[str, msgspec.Meta(description="Send it as `Authorization: Bearer …`.")]
RefreshTokenField = Annotated[str, msgspec.Meta(description="Store it; it works once. Absent in cookie mode.")]
ExpiresInField = Annotated[int, msgspec.Meta(ge=0, description="Seconds until the access token expires.")]
RefreshExpiresInField = Annotated[int, msgspec.Meta(ge=0, description="Seconds until the refresh token expires.")]


AcrField = Annotated[
    str,
    msgspec.Meta(
        description="Level of assurance: `aal1` is one factor, `aal2` two, `phr` a passkey. A higher one satisfies a "
        "lower one."
    ),
]
AmrField = Annotated[
    list[str],
    msgspec.Meta(
        description="How the user proved their identity (RFC 8176), in the order of the last use: `pwd`, `otp` (a code "
        "of an authenticator app), `recovery_code`, `hwk` (a passkey that cannot leave its device), `swk` (another "
        "passkey); last `mfa`, exactly while the level is above `aal1`."
    ),
]


class TokenPair(msgspec.Struct, frozen=True, kw_only=True):
    """An access token for the API, and a refresh token for the next pair."""

    access_token: AccessTokenField
    refresh_token: RefreshTokenField = msgspec.UNSET  # type: ignore[assignment] # not present in cookie mode
    token_type: Literal["Bearer"]
    expires_in: ExpiresInField
    refresh_expires_in: RefreshExpiresInField


def token_pair_view(
    access_token: IssuedToken, refresh_token: OpaqueToken | None, *, refresh_expires_in: timedelta
) -> TokenPair:
    """Return the response to a login or a refresh. Without a refresh token, that of the cookie stays valid."""
    return TokenPair(
        access_token=access_token.raw,
        refresh_token=msgspec.UNSET if refresh_token is None else refresh_token.raw,  # type: ignore[arg-type] # see the field
        token_type="Bearer",  # noqa: S106 - RFC 6749 §7.1
        expires_in=access_token.expires_in,
        refresh_expires_in=int(refresh_expires_in.total_seconds()),
    )


class SessionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An active session of the user."""

    id: SessionId
    created_at: Timestamp
    last_used_at: Timestamp
    expires_at: Timestamp
    ip_address: str | None
    user_agent: str | None
    device: Annotated[str, msgspec.Meta(description="Browser and operating system, for display.")]
    current: Annotated[bool, msgspec.Meta(description="Whether this request belongs to the session.")]
    acr: AcrField
    amr: AmrField


class SessionList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the active sessions, newest first."""

    items: list[SessionResponse]
    next_cursor: str | None


def session_view(session: LiveSession, *, current: UUID | None, mfa_max_age: timedelta | None) -> SessionResponse:
    """Return the response for a session.

    Args:
        session: the session.
        current: the session of the request; None if the request is another user's.
        mfa_max_age: the time for which a second factor counts; None if it counts forever.
    """
    methods = session.amr.split()
    level = assurance_level(methods, session.mfa_at, session.now, max_age=mfa_max_age)
    return SessionResponse(
        id=str(session.id),
        created_at=rfc3339(session.created_at),
        last_used_at=rfc3339(session.last_used_at),
        expires_at=rfc3339(session.expires_at),
        ip_address=session.ip_address,
        user_agent=session.user_agent,
        device=device_label(session.user_agent),
        current=session.id == current,
        acr=level,
        amr=list(stated_methods(methods, level)),
    )


class PublicKey(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A key that verifies access tokens, as a JWK (RFC 7517)."""

    kid: Annotated[str, msgspec.Meta(description="Thumbprint of the key (RFC 7638), as in the header of a token.")]
    kty: Literal["OKP", "EC", "RSA"]
    alg: Literal["EdDSA", "ES256", "RS256"]
    use: Literal["sig"]
    crv: Literal["Ed25519", "P-256"] | msgspec.UnsetType = msgspec.UNSET
    x: str | msgspec.UnsetType = msgspec.UNSET
    y: str | msgspec.UnsetType = msgspec.UNSET
    n: str | msgspec.UnsetType = msgspec.UNSET
    e: str | msgspec.UnsetType = msgspec.UNSET


class PublicKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The keys that verify access tokens and ID tokens: first those of sessions, unless a shared secret signs."""

    keys: list[PublicKey]


def public_keys_view(keys: Iterable[Mapping[str, str]]) -> PublicKeys:
    """Return the response for public keys."""
    return PublicKeys(keys=[msgspec.convert(key, PublicKey) for key in keys])


class RefreshRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Request for a new token pair. In cookie mode, it is empty."""

    refresh_token: RefreshTokenText = msgspec.UNSET  # type: ignore[assignment] # OpenAPI omits the limits of `… | UnsetType`

    @staticmethod
    def cross_check(document: Mapping[str, Any]) -> Iterable[FieldError]:
        """Yield an error if the token is missing, or if it is in the body although it belongs in the cookie."""
        yield from _in_the_wrong_place(document)
        if "refresh_token" not in document and COOKIE_MODE.get() is None:
            yield FieldError("refresh_token", "missing", "This field is required.")


class LogoutRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Request to end the session of a refresh token."""

    refresh_token: RefreshTokenText | None = None

    @staticmethod
    def cross_check(document: Mapping[str, Any]) -> Iterable[FieldError]:
        """Yield an error if the token is in the body although it belongs in the cookie."""
        yield from _in_the_wrong_place(document)


def _in_the_wrong_place(document: Mapping[str, Any]) -> Iterable[FieldError]:
    if "refresh_token" in document and COOKIE_MODE.get() is not None:
        yield FieldError("refresh_token", "conflict", "Must be absent: in cookie mode, the token is in the cookie.")


class LogoutAllRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options for ending all sessions."""

    keep_current: Annotated[bool, msgspec.Meta(description="Whether to keep the session of this request.")] = False


class LoggedOut(msgspec.Struct, frozen=True, kw_only=True):
    """The session has ended, and its tokens are revoked."""

    message: str


class LoggedOutEverywhere(msgspec.Struct, frozen=True, kw_only=True):
    """The sessions have ended."""

    message: str
    sessions_ended: Annotated[int, msgspec.Meta(ge=0, description="Number of sessions that were ended.")]
