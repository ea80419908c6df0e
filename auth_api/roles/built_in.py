"""The roles that every server has. A migration inserts them, and they cannot be changed."""

from collections.abc import Mapping
from typing import Final

import msgspec

from auth_api.roles.permissions import BUILT_IN, EVERYTHING, is_administrative

ADMINISTRATOR: Final = "administrator"
"""The only role with all permissions. At least one active account keeps it, once there is one."""


class BuiltInRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role that every server has."""

    description: str
    permissions: frozenset[str]


BUILT_IN_ROLES: Final[Mapping[str, BuiltInRole]] = {
    ADMINISTRATOR: BuiltInRole(
        description="May do everything, also what later versions add.", permissions=frozenset({EVERYTHING})
    ),
    "auditor": BuiltInRole(
        description="Reads everything about accounts, and changes nothing.",
        permissions=frozenset(each for each in BUILT_IN if each.endswith(":read") and is_administrative([each])),
    ),
    "support": BuiltInRole(
        description="Finds out why a login fails, ends sessions, and sends mails for a new password.",
        permissions=frozenset({"users:read", "users:reset", "sessions:read", "sessions:end", "audit:read"}),
    ),
    "user-manager": BuiltInRole(
        description="Invites, creates, changes, disables and enables users.",
        permissions=frozenset(
            {
                "invitations:read",
                "invitations:write",
                "keys:read",
                "keys:revoke",
                "roles:read",
                "sessions:end",
                "sessions:read",
                "users:read",
                "users:reset",
                "users:write",
            }
        ),
    ),
}
