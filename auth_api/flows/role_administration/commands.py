"""Manage roles and permissions: `auth-api roles` and `auth-api permissions`."""

import json
from collections.abc import Iterable, Sequence

import click
import msgspec

from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.flows.role_administration.assignment_commands import grant, revoke, who
from auth_api.flows.role_administration.schemas import (
    ROLE_NAME_CHECK,
    NewRole,
    PermissionDescription,
    RoleChange,
    permission_view,
    role_view,
)
from auth_api.kit.command_line import Run, ServiceFinder, confirm, json_option, report, yes_option
from auth_api.kit.http.json import decode
from auth_api.kit.text_tables import print_table
from auth_api.roles.permission_catalogue import PermissionCatalogue
from auth_api.roles.rights import OPERATOR
from auth_api.roles.role import ListedPermission, Role
from auth_api.roles.role_catalogue import RoleCatalogue
from auth_api.roles.role_names import check_role_name
from auth_api.roles.service import RoleService

ROLE_COLUMNS = ("name", "description", "permissions", "built_in", "administrative")
PERMISSION_COLUMNS = ("name", "description", "built_in", "roles", "created_by")

_CHECKS = {ROLE_NAME_CHECK: lambda name, _document: check_role_name(name)}

_permissions_option = click.option("--permission", "permissions", multiple=True, help="A permission; repeatable.")
_description_option = click.option("--description", help="What it is for.")


@click.group()
def roles() -> None:
    """Manage roles, and who has them."""


for _command in (grant, revoke, who):
    roles.add_command(_command)


@roles.command(name="list")
@json_option
@click.pass_obj
def list_roles(run: Run, *, as_json: bool) -> None:
    """List all roles."""
    _print_roles(run(lambda services: services.of(RoleService).all()), as_json=as_json)


@roles.command()
@click.argument("name")
@json_option
@click.pass_obj
def show(run: Run, name: str, *, as_json: bool) -> None:
    """Show a role."""
    _print_role(run(lambda services: services.of(RoleService).find(name)), as_json=as_json)


@roles.command()
@click.argument("name")
@_permissions_option
@_description_option
@json_option
@click.pass_obj
def create(run: Run, name: str, *, permissions: tuple[str, ...], description: str | None, as_json: bool) -> None:
    """Create a role."""
    fields = {"name": name, "permissions": list(permissions), "description": description or ""}
    wanted = msgspec.structs.asdict(decode(fields, NewRole, _CHECKS))

    async def work(services: ServiceFinder) -> Role:
        catalogue = services.of(RoleCatalogue)
        return await catalogue.create(**wanted, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)

    _print_role(run(work), as_json=as_json)


@roles.command(name="set")
@click.argument("name")
@_permissions_option
@_description_option
@json_option
@click.pass_obj
def set_role(run: Run, name: str, *, permissions: tuple[str, ...], description: str | None, as_json: bool) -> None:
    """Replace the permissions of a role, its description, or both."""
    fields = {"permissions": list(permissions) or None, "description": description}
    wanted = msgspec.structs.asdict(decode(fields, RoleChange, _CHECKS))

    async def work(services: ServiceFinder) -> Role:
        catalogue = services.of(RoleCatalogue)
        return await catalogue.change(name, **wanted, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)

    _print_role(run(work), as_json=as_json)


@roles.command()
@click.argument("name")
@yes_option
@json_option
@click.pass_obj
def delete(run: Run, name: str, *, yes: bool, as_json: bool) -> None:
    """Delete a role that no account has."""

    async def work(services: ServiceFinder) -> None:
        confirm(f"Delete the role {(await services.of(RoleService).find(name)).name}?", yes=yes)
        await services.of(RoleCatalogue).delete(name, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)

    run(work)
    report("deleted", as_json=as_json, changed=True)


@click.group()
def permissions() -> None:
    """Manage the permissions of your own APIs."""


@permissions.command(name="list")
@json_option
@click.pass_obj
def list_permissions(run: Run, *, as_json: bool) -> None:
    """List all permissions."""
    _print_permissions(run(lambda services: services.of(PermissionCatalogue).all()), as_json=as_json)


@permissions.command(name="set")
@click.argument("name")
@click.option("--description", required=True, help="What it permits.")
@json_option
@click.pass_obj
def set_permission(run: Run, name: str, *, description: str, as_json: bool) -> None:
    """Declare a permission, or change its description."""
    wanted = decode({"description": description}, PermissionDescription, {})

    async def work(services: ServiceFinder) -> tuple[ListedPermission, bool]:
        catalogue = services.of(PermissionCatalogue)
        return await catalogue.declare(name, wanted.description, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)

    _print_permissions([run(work)[0]], as_json=as_json, is_list=False)


@permissions.command(name="delete")
@click.argument("name")
@yes_option
@json_option
@click.pass_obj
def delete_permission(run: Run, name: str, *, yes: bool, as_json: bool) -> None:
    """Delete a permission that no role and no API key contains."""

    async def work(services: ServiceFinder) -> None:
        confirm(f"Delete the permission {name}?", yes=yes)
        await services.of(PermissionCatalogue).delete(name, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)

    run(work)
    report("deleted", as_json=as_json, changed=True)


def _print_role(role: Role, *, as_json: bool) -> None:
    _print_roles([role], as_json=as_json, is_list=False)


def _print_roles(found: Sequence[Role], *, as_json: bool, is_list: bool = True) -> None:
    _print([role_view(role) for role in found], ROLE_COLUMNS, as_json=as_json, is_list=is_list)


def _print_permissions(found: Sequence[ListedPermission], *, as_json: bool, is_list: bool = True) -> None:
    _print([permission_view(each) for each in found], PERMISSION_COLUMNS, as_json=as_json, is_list=is_list)


def _print(views: Sequence[msgspec.Struct], columns: Iterable[str], *, as_json: bool, is_list: bool) -> None:
    documents = [msgspec.to_builtins(view) for view in views]
    if as_json:
        click.echo(json.dumps(documents if is_list else documents[0], indent=2))
        return
    names = tuple(columns)
    cells = ([document[column] for column in names] for document in documents)
    print_table(names, ([" ".join(cell) if isinstance(cell, list) else cell for cell in row] for row in cells))
