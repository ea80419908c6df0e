"""Wire format of what a caller may do."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.authentication.caller import Caller
from auth_api.authentication.schemas import Subject
from auth_api.kit.clock import rfc3339
from auth_api.users.schemas import Timestamp

EXAMPLE_ACCESS: Final[dict[str, Any]] = {
    "subject": {"type": "user", "id": 7},
    "roles": ["support"],
    "permissions": ["audit:read", "sessions:end", "sessions:read", "users:read", "users:reset"],
    "as_of": "2026-02-19T10:30:45.123Z",
}


class AccessResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What the holder of a bearer token may do."""

    subject: Subject
    roles: Annotated[list[str], msgspec.Meta(description="The roles of the user, sorted; none for a service account.")]
    permissions: Annotated[
        list[str],
        msgspec.Meta(description='Sorted; `["*"]` stands for all of them. An API key has not more than its scopes.'),
    ]
    as_of: Timestamp


def access_view(caller: Caller) -> AccessResponse:
    """Return what a caller may do, in its wire format."""
    return AccessResponse(
        subject=Subject.of(None if caller.user is None else caller.user.id, caller.service_account_id),
        roles=list(caller.roles),
        permissions=caller.rights.names,
        as_of=rfc3339(caller.now),
    )
