"""Wire format of users, as administrators see them."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec

from auth_api.credentials.factor_kind import FactorKind
from auth_api.flows.administration.explanation import Explanation, Obstacle
from auth_api.kit.clock import optional_rfc3339
from auth_api.users.metadata import MetadataChanges
from auth_api.users.profile import ProfileInput
from auth_api.users.schemas import (
    EXAMPLE_USER,
    EmailField,
    NewPasswordField,
    Timestamp,
    UsernameField,
    UserResponse,
    user_fields,
)
from auth_api.users.user import User

EXAMPLE_ADMIN_USER: Final[dict[str, Any]] = {
    **EXAMPLE_USER,
    "roles": ["support"],
    "factors": ["totp"],
}

EXAMPLE_EXPLANATION: Final[dict[str, Any]] = {
    "obstacles": [{"code": "account_disabled", "detail": "The user is disabled.", "until": None}],
    "failures": [{"network": "192.0.2.1", "count": 3, "blocked_until": None}],
}


class AdminUser(UserResponse, frozen=True, kw_only=True):
    """A user, for administrators."""

    roles: Annotated[list[str], msgspec.Meta(description="The names of the roles of the user, sorted.")]
    factors: Annotated[
        list[str],
        msgspec.Meta(description="The kinds of second factor that the user can use: `passkey`, `totp`."),
    ]


class AdminUserList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of users."""

    items: list[AdminUser]
    next_cursor: str | None


class FailedLogins(msgspec.Struct, frozen=True, kw_only=True):
    """Failed logins that still count."""

    network: Annotated[str | None, msgspec.Meta(description="Where they came from; null for all networks together.")]
    count: int
    blocked_until: Annotated[
        Timestamp | None, msgspec.Meta(description="Until when further logins are refused; null if they are not.")
    ]


class ExplanationResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the way of a login."""

    obstacles: Annotated[
        list[Obstacle],
        msgspec.Meta(description="Why a login with the right password is refused; without any, the password is wrong."),
    ]
    failures: list[FailedLogins]


class UserCreationRequest(ProfileInput, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Create a user. One without a password gets an e-mail with a link to set one."""

    email: EmailField
    username: UsernameField
    password: NewPasswordField = msgspec.UNSET  # type: ignore[assignment] # OpenAPI omits the limits of `… | UnsetType`
    email_verified: Annotated[
        bool,
        msgspec.Meta(description="Whether you know that the user reads the e-mails. True needs `users:credentials`."),
    ] = False
    metadata: MetadataChanges = msgspec.UNSET  # type: ignore[assignment] # as above


class NewEmailRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change the e-mail address of a user."""

    new_email: EmailField


class RequestedMail(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request to send an e-mail."""

    message: str
    sent: Annotated[bool, msgspec.Meta(description="False if the user does not need the e-mail or is disabled.")]


class RemovedFactors(msgspec.Struct, frozen=True, kw_only=True):
    """What a reset of the second factors has removed. Both are 0 if the user had none."""

    factors_removed: Annotated[int, msgspec.Meta(ge=0, description="Number of apps and passkeys.")]
    sessions_ended: Annotated[int, msgspec.Meta(ge=0, description="Number of sessions that were ended.")]


def admin_user(user: User, *, roles: Sequence[str], factors: Sequence[FactorKind]) -> AdminUser:
    """Return a user in the wire format for administrators."""
    return AdminUser(**user_fields(user), roles=list(roles), factors=list(factors))


def explanation_view(found: Explanation) -> ExplanationResponse:
    """Return what is in the way of a login, in its wire format."""
    failures = [
        FailedLogins(
            network=counted.network, count=counted.count, blocked_until=optional_rfc3339(counted.blocked_until)
        )
        for counted in found.failures
    ]
    return ExplanationResponse(obstacles=list(found.obstacles), failures=failures)
