"""Forms of the sign-in pages."""

from typing import Annotated

import msgspec

from auth_api.users.identifiers import MAX_EMAIL_LENGTH
from auth_api.users.schemas import PasswordField, RegistrationEmailField, RegistrationPasswordField, UsernameField


class LoginForm(msgspec.Struct, frozen=True, kw_only=True):
    """Sign in with a password. The identifier is an e-mail address or a username."""

    identifier: Annotated[str, msgspec.Meta(max_length=MAX_EMAIL_LENGTH, extra={"any_text": True})]
    password: PasswordField
    keep: bool = False


class RegisterForm(msgspec.Struct, frozen=True, kw_only=True):
    """Create an account."""

    email: RegistrationEmailField
    username: UsernameField
    password: RegistrationPasswordField
    keep: bool = False


class LogoutForm(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to the question whether to sign out: `yes` or `no`."""

    decision: str
