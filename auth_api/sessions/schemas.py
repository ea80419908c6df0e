"""What goes over the wire about sessions."""

from typing import Annotated, Any

import msgspec

MAX_TOKEN_LENGTH = 512

EXAMPLE_ACCESS_TOKEN = "eyJhbGciOiJIUzI1NiIs….eyJzdWIiOiIxIiwi….qT3Vn0w…"  # noqa: S105 - shortened
EXAMPLE_REFRESH_TOKEN = "rt_2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ"  # noqa: S105 - nobody's

EXAMPLE_TOKEN_PAIR: dict[str, Any] = {
    "access_token": EXAMPLE_ACCESS_TOKEN,
    "refresh_token": EXAMPLE_REFRESH_TOKEN,
    "token_type": "Bearer",
    "expires_in": 1800,
    "refresh_expires_in": 604800,
}

RefreshTokenText = Annotated[
    str,
    msgspec.Meta(
        max_length=MAX_TOKEN_LENGTH,
        description="The refresh token of the last answer. Each is good for one use.",
        examples=[EXAMPLE_REFRESH_TOKEN],
        extra={"any_text": True},
    ),
]


class TokenPair(msgspec.Struct, frozen=True, kw_only=True):
    """An access token for the API and the refresh token that gets the next pair."""

    access_token: Annotated[str, msgspec.Meta(description="Send it as `Authorization: Bearer …`.")]
    refresh_token: Annotated[str, msgspec.Meta(description="Keep it; it works once.")]
    token_type: Annotated[str, msgspec.Meta(description="Always `Bearer`.")]
    expires_in: Annotated[int, msgspec.Meta(ge=0, description="Seconds until the access token ends.")]
    refresh_expires_in: Annotated[int, msgspec.Meta(ge=0, description="Seconds until the refresh token ends.")]


class RefreshRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask for the next pair of tokens."""

    refresh_token: RefreshTokenText


class LogoutRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Name the session by its refresh token, where no bearer token is at hand."""

    refresh_token: RefreshTokenText | None = None


class LogoutAllRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Say whether this session may go on."""

    keep_current: Annotated[bool, msgspec.Meta(description="Keep the session of this request.")] = False


class LoggedOut(msgspec.Struct, frozen=True, kw_only=True):
    """The session's tokens do not work any more."""

    message: str


class LoggedOutEverywhere(msgspec.Struct, frozen=True, kw_only=True):
    """How many sessions were ended."""

    message: str
    sessions_ended: Annotated[int, msgspec.Meta(ge=0)]
