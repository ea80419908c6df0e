"""Disable, enable and delete users: `auth-api users disable`, `enable` and `delete`."""

import click

from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.flows.administration.command_parts import on_user
from auth_api.flows.administration.service import AdministrationService
from auth_api.kit.command_line import Run, ServiceFinder, confirm, json_option, report, yes_option
from auth_api.roles.rights import OPERATOR
from auth_api.users.user import User

_leave_none_option = click.option("--leave-none", is_flag=True, help="Also the last active administrator.")


@click.command()
@click.argument("name")
@_leave_none_option
@json_option
@click.pass_obj
def disable(run: Run, name: str, *, leave_none: bool, as_json: bool) -> None:
    """Disable a user and end all sessions of the user."""

    async def work(services: ServiceFinder, user: User) -> bool:
        return await services.of(AdministrationService).disable(
            user.id, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT, keeps_administrator=not leave_none
        )

    changed = on_user(run, name, work)
    report("disabled" if changed else "already disabled", as_json=as_json, changed=changed)


@click.command()
@click.argument("name")
@json_option
@click.pass_obj
def enable(run: Run, name: str, *, as_json: bool) -> None:
    """Enable a disabled user."""

    async def work(services: ServiceFinder, user: User) -> bool:
        return await services.of(AdministrationService).enable(
            user.id, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT
        )

    changed = on_user(run, name, work)
    report("enabled" if changed else "already enabled", as_json=as_json, changed=changed)


@click.command()
@click.argument("name")
@_leave_none_option
@yes_option
@json_option
@click.pass_obj
def delete(run: Run, name: str, *, leave_none: bool, yes: bool, as_json: bool) -> None:
    """Delete a user permanently.

    Sessions and tokens are deleted; the events of the user stay, without a reference to the user.
    """

    async def work(services: ServiceFinder, user: User) -> None:
        confirm(f"Permanently delete {user.username} <{user.email}> (id {user.id})?", yes=yes)
        await services.of(AdministrationService).delete(
            user.id, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT, keeps_administrator=not leave_none
        )

    on_user(run, name, work)
    report("deleted", as_json=as_json, changed=True)
