"""Manifest of roles and permissions."""

from typing import Final

from auth_api.manifest import ExportPart, Manifest
from auth_api.roles.errors import (
    BuiltInException,
    DuplicateNameException,
    InUseException,
    LastAdministratorException,
    PermissionNotFoundException,
    RankTooLowException,
    RoleNotFoundException,
    SelfChangeRefusedException,
)
from auth_api.roles.events import RoleEvent
from auth_api.roles.export import EXAMPLE_EXPORT, RolesExport, export_roles
from auth_api.roles.tables import PermissionRow, RoleRow, UserRoleRow

MANIFEST: Final = Manifest(
    tables=(RoleRow, UserRoleRow, PermissionRow),
    events=tuple(RoleEvent),
    errors=(
        BuiltInException,
        DuplicateNameException,
        InUseException,
        LastAdministratorException,
        PermissionNotFoundException,
        RankTooLowException,
        RoleNotFoundException,
        SelfChangeRefusedException,
    ),
    export=ExportPart(
        schema=RolesExport,
        example=EXAMPLE_EXPORT,
        collect=lambda core, principal, _limit: export_roles(core.roles, principal.id),
    ),
)
