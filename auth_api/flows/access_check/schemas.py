"""Wire format of access checks."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec

from auth_api.authentication.schemas import Subject
from auth_api.flows.access_check.service import Checked, Holder
from auth_api.kit.clock import optional_rfc3339
from auth_api.kit.crypto.signing import MAX_JWT_LENGTH
from auth_api.kit.errors import FieldError
from auth_api.roles.permissions import is_well_formed
from auth_api.roles.rights import Rights
from auth_api.sessions.schemas import EXAMPLE_ACCESS_TOKEN, SessionId
from auth_api.users.schemas import Timestamp

EXAMPLE_CHECK: Final[dict[str, Any]] = {"token": EXAMPLE_ACCESS_TOKEN, "permissions": ["orders:read", "orders:refund"]}
EXAMPLE_CHECK_OF_USER: Final[dict[str, Any]] = {"user_id": 7, "permissions": ["orders:read", "orders:refund"]}
EXAMPLE_CHECKED: Final[dict[str, Any]] = {
    "active": True,
    "subject": {"type": "user", "id": 7},
    "session_id": "01a20e9d-dba3-7476-8c34-dcd62e39c004",
    "key_id": None,
    "expires_at": "2026-02-19T11:00:45.000Z",
    "allowed": {"orders:read": True, "orders:refund": False},
}


class AccessCheckRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Question what the holder of `token`, or the user `user_id`, may do."""

    token: (
        Annotated[
            str,
            msgspec.Meta(
                max_length=MAX_JWT_LENGTH,
                description="An access token or an API key, as your service has received it.",
                extra={"any_text": True},
            ),
        ]
        | None
    ) = None
    user_id: int | None = None
    permissions: Annotated[list[str], msgspec.Meta(max_length=50, description="Names of permissions; may be empty.")]

    @staticmethod
    def cross_check(document: Mapping[str, Any]) -> Iterator[FieldError]:
        """Return the errors of `token` and `user_id` taken together, and of the names of permissions."""
        sent = [name for name in ("token", "user_id") if document.get(name) is not None]
        if not sent:
            yield FieldError("token", "missing", "Send `token` or `user_id`.")
        if len(sent) > 1:
            yield FieldError("token", "conflict", "Send either `token` or `user_id`.")
        names = document.get("permissions")
        if isinstance(names, list) and not all(is_well_formed(name) for name in names if isinstance(name, str)):
            yield FieldError("permissions", "format", "Must be names of permissions, such as `orders:read`.")


class AccessCheckResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Who the holder is, and which of the permissions it has at this moment."""

    active: Annotated[bool, msgspec.Meta(description="False if the token or the user is unknown, ended or disabled.")]
    subject: Subject | None
    session_id: Annotated[SessionId | None, msgspec.Meta(description="The session of an access token.")]
    key_id: Annotated[int | None, msgspec.Meta(description="The id of an API key.")]
    expires_at: Annotated[Timestamp | None, msgspec.Meta(description="When the token expires; null if never.")]
    allowed: Annotated[dict[str, bool], msgspec.Meta(description="Each of `permissions`, and whether it is held.")]


def access_check_view(checked: Checked) -> AccessCheckResponse:
    """Return the response."""
    holder = checked.holder or Holder(rights=Rights())
    return AccessCheckResponse(
        active=checked.holder is not None,
        subject=None if checked.holder is None else Subject.of(holder.user_id, holder.service_account_id),
        session_id=None if holder.session_id is None else str(holder.session_id),
        key_id=holder.key_id,
        expires_at=optional_rfc3339(holder.expires_at),
        allowed=checked.allowed,
    )
