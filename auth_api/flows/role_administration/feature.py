"""Manifest of the administration of roles and permissions."""

from typing import Final

from auth_api.events.audit.actors import provider_actor
from auth_api.flows.role_administration.assignment_controllers import RoleAssignmentController
from auth_api.flows.role_administration.assignments import RoleAssignments
from auth_api.flows.role_administration.commands import permissions, roles
from auth_api.flows.role_administration.controllers import PermissionController, RoleController
from auth_api.flows.role_administration.mails import MAIL_KINDS
from auth_api.flows.role_administration.operator_advice import OperatorAdvice
from auth_api.flows.role_administration.schemas import ROLE_NAME_CHECK
from auth_api.manifest import Core, Feature, Manifest
from auth_api.roles.permission_catalogue import PermissionCatalogue
from auth_api.roles.role_catalogue import RoleCatalogue
from auth_api.roles.role_names import check_role_name
from auth_api.settings import Settings
from auth_api.sign_in.policy import MfaPolicy
from auth_api.users.directory import UserDirectory


def build(core: Core, settings: Settings) -> Feature:
    """Connect the services and routes to the core."""
    role_uses = tuple(each.names_role for each in core.manifests if each.names_role is not None)
    return Feature(
        controllers=(RoleController, PermissionController, RoleAssignmentController),
        dependencies={
            "roles": core.roles,
            "role_catalogue": RoleCatalogue(
                database=core.database,
                audit=core.audit,
                is_used=role_uses,
                administrative_providers=tuple(
                    provider_actor(provider.settings.id)
                    for provider in core.providers.all()
                    if provider.settings.role_map_administrative
                ),
            ),
            "permission_catalogue": PermissionCatalogue(
                database=core.database, audit=core.audit, is_used=core.api_keys.is_scope
            ),
            "role_assignments": RoleAssignments(
                database=core.database,
                users=core.users,
                directory=UserDirectory(core.database),
                roles=core.roles,
                audit=core.audit,
                outbox=core.outbox,
            ),
        },
        services=(
            OperatorAdvice(roles=core.roles, second_factors=core.second_factors, mfa_policy=settings.of(MfaPolicy)),
        ),
        field_checks={ROLE_NAME_CHECK: lambda name, _document: check_role_name(name)},
    )


MANIFEST: Final = Manifest(
    mails=MAIL_KINDS,
    tags={"Roles": "Roles, permissions, and who has which role, for administrators."},
    paths=(
        "/api/admin/users/{user_id}/roles/{role}",
        "/api/admin/roles",
        "/api/admin/roles/{name}",
        "/api/admin/permissions",
        "/api/admin/permissions/{name}",
    ),
    commands=(roles, permissions),
    build=build,
)
