"""Requests and responses of registration."""

from typing import Any, Literal

import msgspec

from auth_api.sessions.schemas import (
    EXAMPLE_TOKEN_PAIR,
    AccessTokenField,
    ExpiresInField,
    RefreshExpiresInField,
    RefreshTokenField,
    TokenPair,
)
from auth_api.users.profile import EXAMPLE_PROFILE
from auth_api.users.schemas import (
    EXAMPLE_USER,
    NewUser,
    RegistrationEmailField,
    RegistrationPasswordField,
    UserResponse,
    user_fields,
)
from auth_api.users.user import User

EXAMPLE_REGISTRATION: dict[str, Any] = {
    "email": "ada@example.com",
    "username": "ada",
    "password": "Tr0ub4dor&3-horse",
    **EXAMPLE_PROFILE,
}
EXAMPLE_REGISTERED: dict[str, Any] = {**EXAMPLE_USER, **EXAMPLE_TOKEN_PAIR}
EXAMPLE_AWAITING: dict[str, Any] = {**EXAMPLE_USER, "email_verification": "required"}


class RegisterRequest(NewUser, frozen=True, kw_only=True):
    """Create an account."""

    email: RegistrationEmailField
    password: RegistrationPasswordField


class Registered(UserResponse, frozen=True, kw_only=True):
    """The new user and the first pair of tokens, in one flat object."""

    access_token: AccessTokenField
    refresh_token: RefreshTokenField = msgspec.UNSET  # type: ignore[assignment] # not present in cookie mode
    token_type: Literal["Bearer"]
    expires_in: ExpiresInField
    refresh_expires_in: RefreshExpiresInField


class AwaitingVerification(UserResponse, frozen=True, kw_only=True):
    """The new user, without tokens: the e-mail address must be verified before the first login."""

    email_verification: Literal["required"]


def registered_view(user: User, tokens: TokenPair | None) -> Registered | AwaitingVerification:
    """Return a new user in its wire format, with the tokens if there are any."""
    if tokens is None:
        return AwaitingVerification(**user_fields(user), email_verification="required")
    return Registered(**user_fields(user), **msgspec.structs.asdict(tokens))
