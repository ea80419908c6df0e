"""The result of a registration, by whatever method, and the responses to it."""

from http import HTTPStatus
from typing import Any, Final, Literal

import msgspec

from auth_api.one_time_tokens.schemas import Acknowledgement
from auth_api.sessions.opened import OpenedSession
from auth_api.sessions.schemas import (
    EXAMPLE_TOKEN_PAIR,
    AccessTokenField,
    ExpiresInField,
    RefreshExpiresInField,
    RefreshTokenField,
)
from auth_api.sessions.service import SessionService
from auth_api.users.schemas import EXAMPLE_USER, UserResponse, user_fields
from auth_api.users.user import User

EXAMPLE_REGISTERED: dict[str, Any] = {**EXAMPLE_USER, **EXAMPLE_TOKEN_PAIR}
EXAMPLE_AWAITING: dict[str, Any] = {**EXAMPLE_USER, "email_verification": "required"}

MAIL_SENT: Final = Acknowledgement(message="An e-mail is on its way to this address.")


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a registration.

    Attributes:
        user: None if the account is created only after the e-mail address is verified.
        session: None if the user can log in only after the e-mail address is verified.
    """

    user: User | None = None
    session: OpenedSession | None = None

    @property
    def status(self) -> int:
        """The status of the response: 202 if the account does not exist yet."""
        return HTTPStatus.ACCEPTED if self.user is None else HTTPStatus.CREATED


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


def registration_view(
    registration: Registration, sessions: SessionService
) -> Registered | AwaitingVerification | Acknowledgement:
    """Return a new user in its wire format, with the tokens if there are any. Call it after the commit."""
    if registration.user is None:
        return MAIL_SENT
    if registration.session is None:
        return AwaitingVerification(**user_fields(registration.user), email_verification="required")
    tokens = sessions.token_pair(registration.session)
    return Registered(**user_fields(registration.user), **msgspec.structs.asdict(tokens))
