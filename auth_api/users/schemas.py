"""Fields and structs of requests and responses about users."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import msgspec

from auth_api.kit.clock import rfc3339
from auth_api.kit.errors import FieldError
from auth_api.users.identifiers import (
    MAX_EMAIL_LENGTH,
    MAX_USERNAME_LENGTH,
    MIN_USERNAME_LENGTH,
    CanonicalEmail,
    CanonicalUsername,
)
from auth_api.users.metadata import Metadata, MetadataChanges
from auth_api.users.policy import PasswordPolicy
from auth_api.users.profile import EXAMPLE_PROFILE, Profile, ProfileInput, profile_fields
from auth_api.users.user import User

MAX_PASSWORD_LENGTH = 1024
"""In characters, of any password in a request. `PasswordPolicy` has the limits of a new one."""

USERNAME_PATTERN = "^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$"
"""Pattern of a username before it becomes lower case, for clients."""

EXAMPLE_USER: dict[str, Any] = {
    "id": 1,
    "username": "ada",
    "email": "ada@example.com",
    "is_active": True,
    "email_verified": False,
    "has_password": True,
    "created_at": "2026-02-19T10:30:45.123Z",
    "updated_at": "2026-02-19T10:30:45.123Z",
    "last_login": None,
    "metadata": {},
    **EXAMPLE_PROFILE,
}


def _email(check: str) -> msgspec.Meta:
    return msgspec.Meta(
        max_length=MAX_EMAIL_LENGTH,
        description="Stored in lower case, an international domain in its ASCII form.",
        examples=["ada@example.com"],
        extra={"check": check},
        extra_json_schema={"extra": {"format": "email"}},
    )


EmailField = Annotated[CanonicalEmail, _email("email")]

OwnEmailField = Annotated[CanonicalEmail, _email("own_email")]
"""An e-mail address that people choose for their own account, subject to `REGISTRATION_DOMAINS`."""

RegistrationEmailField = Annotated[CanonicalEmail, _email("registration_email")]

UsernameField = Annotated[
    CanonicalUsername,
    msgspec.Meta(
        max_length=MAX_USERNAME_LENGTH,
        description=(
            f"{MIN_USERNAME_LENGTH} to {MAX_USERNAME_LENGTH} characters of `a-z 0-9 _ . -`, stored in lower case. "
            "Begins and ends with a letter or digit; some names are reserved."
        ),
        examples=["ada"],
        extra={"check": "username"},
        extra_json_schema={"extra": {"min_length": MIN_USERNAME_LENGTH, "pattern": USERNAME_PATTERN}},
    ),
]


def _new_password(check: str) -> msgspec.Meta:
    return msgspec.Meta(
        max_length=MAX_PASSWORD_LENGTH,
        description=(
            f"{PasswordPolicy().min_length} to {PasswordPolicy().max_length} characters; by default with a lower-case "
            "letter, an upper-case letter, a digit and a symbol. Not a common password; contains neither the username "
            "nor the part of the e-mail address before the `@`."
        ),
        examples=["Tr0ub4dor&3-horse"],
        extra={"check": check},
        extra_json_schema={"extra": {"format": "password", "min_length": PasswordPolicy().min_length}},
    )


NewPasswordField = Annotated[str, _new_password("new_password")]

RegistrationPasswordField = Annotated[str, _new_password("registration_password")]

ChangedPasswordField = Annotated[
    str,
    msgspec.Meta(
        max_length=MAX_PASSWORD_LENGTH,
        description="The rules are those of a registration.",
        examples=["Tr0ub4dor&4-mare"],
        extra_json_schema={"extra": {"format": "password", "min_length": PasswordPolicy().min_length}},
    ),
]

PasswordField = Annotated[
    str,
    msgspec.Meta(
        max_length=MAX_PASSWORD_LENGTH,
        examples=["Tr0ub4dor&3-horse"],
        extra={"any_text": True},
        extra_json_schema={"extra": {"format": "password"}},
    ),
]

ConfirmingPasswordField = Annotated[
    str,
    msgspec.Meta(
        max_length=MAX_PASSWORD_LENGTH,
        description="Not required shortly after a login or another proof of identity.",
        examples=["Tr0ub4dor&3-horse"],
        extra={"any_text": True},
        extra_json_schema={"extra": {"format": "password"}},
    ),
]

Timestamp = Annotated[
    str,
    msgspec.Meta(
        description="In UTC, RFC 3339 with milliseconds.",
        examples=["2026-02-19T10:30:45.123Z"],
        extra_json_schema={"extra": {"format": "date-time"}},
    ),
]


class NewUser(ProfileInput, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a user is created from."""

    email: EmailField
    username: UsernameField
    password: NewPasswordField


class UserChange(ProfileInput, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change a user. Fields that are absent stay as they are; null removes a value."""

    username: UsernameField = msgspec.UNSET  # type: ignore[assignment] # OpenAPI omits the limits of `… | UnsetType`
    metadata: MetadataChanges = msgspec.UNSET  # type: ignore[assignment] # as above

    @classmethod
    def cross_check(cls, document: Mapping[str, Any]) -> Iterator[FieldError]:
        """Yield an error if the document has no field to change."""
        if document.keys().isdisjoint(cls.__struct_fields__):
            yield FieldError("username", "missing", "Send at least one field to change.")

    def values(self) -> dict[str, Any]:
        """Return the new values by name."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not msgspec.UNSET}


class UserResponse(Profile, frozen=True, kw_only=True):
    """A user. `updated_at` changes with username, e-mail address, password, profile, metadata and `is_active`.

    `has_password` is false while no password is accepted: the user logs in by another way, or resets the password.
    """

    id: int
    username: str
    email: str
    is_active: bool
    email_verified: bool
    has_password: bool
    created_at: Timestamp
    updated_at: Timestamp
    last_login: Timestamp | None
    metadata: Metadata


def user_response(user: User) -> UserResponse:
    """Return the response struct of a user."""
    return UserResponse(**user_fields(user))


def user_fields(user: User) -> dict[str, Any]:
    """Return the fields of `UserResponse`, for responses that contain more fields."""
    return {
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "is_active": user.is_active,
        "email_verified": user.email_verified_at is not None,
        "has_password": bool(user.has_password),
        "created_at": rfc3339(user.created_at),
        "updated_at": rfc3339(user.updated_at),
        "last_login": rfc3339(user.last_login) if user.last_login else None,
        "metadata": msgspec.Raw(user.metadata or "{}"),
        **profile_fields(user),
    }
