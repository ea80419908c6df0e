"""Request and response bodies of the login."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import msgspec

from auth_api.kit.errors import FieldError
from auth_api.users.identifiers import MAX_EMAIL_LENGTH, MAX_USERNAME_LENGTH
from auth_api.users.schemas import PasswordField

EXAMPLE_LOGIN: dict[str, Any] = {"email": "ada@example.com", "password": "Tr0ub4dor&3-horse"}
EXAMPLE_LOGIN_BY_USERNAME: dict[str, Any] = {"username": "ada", "password": "Tr0ub4dor&3-horse"}


EmailText = Annotated[
    str,
    msgspec.Meta(
        max_length=MAX_EMAIL_LENGTH,
        description="E-mail address of the account; spaces around it are ignored.",
        examples=["ada@example.com"],
        extra={"any_text": True},
    ),
]

UsernameText = Annotated[
    str,
    msgspec.Meta(
        max_length=MAX_EMAIL_LENGTH,
        description="Username; spaces around it are ignored, and a value with `@` is treated as an e-mail address.",
        examples=["ada"],
        extra={"any_text": True},
    ),
]


class LoginRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Log in with exactly one of `email` and `username`."""

    email: EmailText | None = None
    username: UsernameText | None = None
    password: PasswordField

    @staticmethod
    def cross_check(document: Mapping[str, Any]) -> Iterator[FieldError]:
        """Yield the errors of `email` and `username` taken together."""
        email, username = document.get("email"), document.get("username")
        if email is None and username is None:
            yield FieldError("email", "missing", "Send an email or a username.")
        if email is not None and username is not None:
            yield FieldError("username", "conflict", "Send an email or a username, not both.")
        if isinstance(username, str) and "@" not in username and len(username) > MAX_USERNAME_LENGTH:
            yield FieldError("username", "too_long", f"Must have at most {MAX_USERNAME_LENGTH} characters.")
