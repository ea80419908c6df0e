"""Requests and responses of the acceptance of invitations."""

from typing import Annotated, Any, Final, Literal

import msgspec

from auth_api.flows.invitations.acceptance import InvitationPreview
from auth_api.kit.clock import rfc3339
from auth_api.one_time_tokens.schemas import MAX_TOKEN_LENGTH, Acknowledgement
from auth_api.sessions.schemas import (
    EXAMPLE_TOKEN_PAIR,
    AccessTokenField,
    ExpiresInField,
    RefreshExpiresInField,
    RefreshTokenField,
)
from auth_api.sessions.service import SessionService
from auth_api.sign_in.service import SignedIn
from auth_api.users.schemas import (
    EXAMPLE_USER,
    ChangedPasswordField,
    Timestamp,
    UsernameField,
    UserResponse,
    user_fields,
)

EXAMPLE_TOKEN: Final = "inv_0bW9u2kq1X7sZ4mVtYc8RrJ5hPnLdEaQfG3iKx6oTyA"  # noqa: S105 - an example
EXAMPLE_ACCEPTANCE: Final[dict[str, Any]] = {
    "token": EXAMPLE_TOKEN,
    "username": "grace",
    "password": "Tr0ub4dor&3-horse",
}
EXAMPLE_JOINED: Final[dict[str, Any]] = {
    **EXAMPLE_USER,
    "username": "grace",
    "email": "grace@example.com",
    "email_verified": True,
    **EXAMPLE_TOKEN_PAIR,
}
EXAMPLE_PREVIEW: Final[dict[str, Any]] = {
    "email": "grace@example.com",
    "roles": ["support"],
    "invited_by": "ada",
    "account_exists": False,
    "expires_at": "2026-02-22T10:30:45.123Z",
}

ROLES_ADDED: Final = Acknowledgement(message="The roles have been added to your account.")

InvitationTokenField = Annotated[
    str,
    msgspec.Meta(
        max_length=MAX_TOKEN_LENGTH,
        description="The token from the e-mail: the part after `#token=` in its link.",
        examples=[EXAMPLE_TOKEN],
        extra={"any_text": True},
    ),
]


class PreviewRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read an invitation before it is accepted."""

    token: InvitationTokenField


class AcceptRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Accept an invitation. `username` and `password` are required unless `account_exists`."""

    token: InvitationTokenField
    username: UsernameField | None = None
    password: ChangedPasswordField | None = None


class PreviewResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation, for the person who is invited."""

    email: str
    roles: list[str]
    invited_by: Annotated[str | None, msgspec.Meta(description="Username of the inviter; null if it is not a user.")]
    account_exists: Annotated[
        bool,
        msgspec.Meta(description="Whether only the account with this e-mail address can accept it, once logged in."),
    ]
    expires_at: Timestamp


class JoinedUser(UserResponse, frozen=True, kw_only=True):
    """The user with the invited e-mail address and the first pair of tokens, in one flat object."""

    access_token: AccessTokenField
    refresh_token: RefreshTokenField = msgspec.UNSET  # type: ignore[assignment] # not present in cookie mode
    token_type: Literal["Bearer"]
    expires_in: ExpiresInField
    refresh_expires_in: RefreshExpiresInField


def preview_view(preview: InvitationPreview) -> PreviewResponse:
    """Return an invitation in its wire format."""
    return PreviewResponse(
        email=preview.email,
        roles=list(preview.roles),
        invited_by=preview.invited_by,
        account_exists=preview.account_exists,
        expires_at=rfc3339(preview.expires_at),
    )


def joined_view(signed_in: SignedIn, sessions: SessionService) -> JoinedUser:
    """Return the user and the tokens of the new session."""
    tokens = msgspec.structs.asdict(sessions.token_pair(signed_in.session))
    return JoinedUser(**user_fields(signed_in.user), **tokens)
