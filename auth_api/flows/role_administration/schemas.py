"""Request and response bodies of roles and permissions."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.kit.clock import optional_rfc3339, rfc3339
from auth_api.roles.permissions import is_administrative
from auth_api.roles.role import ListedPermission, Role
from auth_api.users.schemas import Timestamp

MAX_DESCRIPTION_CHARACTERS: Final = 200
MAX_PERMISSIONS_PER_ROLE: Final = 100

ROLE_NAME_CHECK: Final = "role_name"

EXAMPLE_ROLE: Final[dict[str, Any]] = {
    "name": "order-desk",
    "description": "Answers questions about orders.",
    "permissions": ["orders:read", "users:read"],
    "built_in": False,
    "administrative": True,
    "created_at": "2026-02-19T10:30:45.123Z",
    "updated_at": "2026-02-19T10:30:45.123Z",
}
EXAMPLE_PERMISSION: Final[dict[str, Any]] = {
    "name": "orders:read",
    "description": "Read orders of all customers.",
    "built_in": False,
    "administrative": False,
    "roles": ["order-desk"],
    "created_by": "user:7",
    "created_at": "2026-02-19T10:30:45.123Z",
}

_RoleName = Annotated[
    str,
    msgspec.Meta(
        description="2 to 50 characters: lower-case letters, digits and hyphens, first a letter, last no hyphen.",
        extra={"check": ROLE_NAME_CHECK},
    ),
]
_RoleDescription = Annotated[str, msgspec.Meta(max_length=MAX_DESCRIPTION_CHARACTERS)]
_PermissionNames = Annotated[
    list[str],
    msgspec.Meta(
        max_length=MAX_PERMISSIONS_PER_ROLE,
        description="Names of permissions; repeated ones count once. Only `administrator` has `*`.",
    ),
]
_Administrative = Annotated[
    bool, msgspec.Meta(description="Whether it gives power over accounts of others, or shows their data.")
]


class NewRole(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Create a role."""

    name: _RoleName
    description: _RoleDescription = ""
    permissions: _PermissionNames


class RoleChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Change the description, the permissions, or both; null leaves a value as it is."""

    description: _RoleDescription | None = None
    permissions: _PermissionNames | None = None


class PermissionDescription(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Describe a permission."""

    description: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_DESCRIPTION_CHARACTERS)]


class RoleResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A role."""

    name: str
    description: str
    permissions: Annotated[list[str], msgspec.Meta(description='Sorted; `["*"]` stands for all permissions.')]
    built_in: Annotated[bool, msgspec.Meta(description="Whether it belongs to the server and cannot be changed.")]
    administrative: _Administrative
    created_at: Timestamp
    updated_at: Timestamp


class RoleList(msgspec.Struct, frozen=True, kw_only=True):
    """All roles, by name."""

    items: list[RoleResponse]
    next_cursor: Annotated[str | None, msgspec.Meta(description="Always null: all roles are on one page.")] = None


class PermissionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A permission."""

    name: str
    description: str
    built_in: Annotated[bool, msgspec.Meta(description="Whether this server checks it.")]
    administrative: _Administrative
    roles: Annotated[list[str], msgspec.Meta(description="The roles that list it, sorted.")]
    created_by: Annotated[
        str | None, msgspec.Meta(description="Who declared it: `user:<id>` or `cli`; null if it is built in.")
    ]
    created_at: Timestamp | None


class PermissionList(msgspec.Struct, frozen=True, kw_only=True):
    """All permissions, by name."""

    items: list[PermissionResponse]
    next_cursor: Annotated[str | None, msgspec.Meta(description="Always null: all permissions are on one page.")] = None


def role_view(role: Role) -> RoleResponse:
    """Return a role in its wire format."""
    return RoleResponse(
        name=role.name,
        description=role.description,
        permissions=role.permissions.split(),
        built_in=role.is_built_in,
        administrative=role.is_administrative,
        created_at=rfc3339(role.created_at),
        updated_at=rfc3339(role.updated_at),
    )


def permission_view(permission: ListedPermission) -> PermissionResponse:
    """Return a permission in its wire format."""
    declared = permission.declared
    return PermissionResponse(
        name=permission.name,
        description=permission.description,
        built_in=declared is None,
        administrative=is_administrative([permission.name]),
        roles=permission.roles,
        created_by=declared.created_by if declared else None,
        created_at=optional_rfc3339(declared.created_at if declared else None),
    )
