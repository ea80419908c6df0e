"""Grant roles, revoke them, and list who has one: `auth-api roles grant`, `revoke` and `who`."""

import json
from collections.abc import Sequence

import click

from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.flows.role_administration.assignments import RoleAssignments
from auth_api.flows.role_administration.operator_advice import OperatorAdvice
from auth_api.kit.command_line import Run, ServiceFinder, json_option, report
from auth_api.kit.text_tables import print_table
from auth_api.roles.rights import OPERATOR
from auth_api.sign_in.errors import EmailNotVerifiedException
from auth_api.users.service import UserService
from auth_api.users.user import User

HOLDER_COLUMNS = ("id", "username", "email", "is_active")


@click.command()
@click.argument("name")
@click.argument("role")
@json_option
@click.pass_obj
def grant(run: Run, name: str, role: str, *, as_json: bool) -> None:
    """Give a user a role. NAME is a username or an e-mail address.

    `auth-api roles grant NAME administrator` makes the first administrator.
    """

    async def work(services: ServiceFinder) -> tuple[bool, str | None]:
        user = await services.of(UserService).find(name)
        try:
            changed = await services.of(RoleAssignments).grant(
                user.id, role, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT
            )
        except EmailNotVerifiedException as error:
            message = f"The e-mail address is not verified. If it is the user's: auth-api users verify-email {name}"
            raise click.ClickException(message) from error
        return changed, await services.of(OperatorAdvice).on_role(user, role)

    changed, advice = run(work)
    report("granted" if changed else "already granted", as_json=as_json, changed=changed)
    if advice is not None:
        click.echo(advice, err=True)


@click.command()
@click.argument("name")
@click.argument("role")
@click.option("--leave-none", is_flag=True, help="Also from the last active administrator.")
@json_option
@click.pass_obj
def revoke(run: Run, name: str, role: str, *, leave_none: bool, as_json: bool) -> None:
    """Take a role from a user. NAME is a username or an e-mail address."""

    async def work(services: ServiceFinder) -> bool:
        user = await services.of(UserService).find(name)
        return await services.of(RoleAssignments).revoke(
            user.id, role, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT, keeps_administrator=not leave_none
        )

    changed = run(work)
    report("revoked" if changed else "not granted", as_json=as_json, changed=changed)


@click.command()
@click.argument("role")
@click.option("--limit", type=click.IntRange(1, 1000), default=1000, show_default=True, help="Maximum number of users.")
@json_option
@click.pass_obj
def who(run: Run, role: str, *, limit: int, as_json: bool) -> None:
    """List the users who have a role, newest first."""

    async def work(services: ServiceFinder) -> Sequence[User]:
        return await services.of(RoleAssignments).holders(role, limit)

    rows = [{column: getattr(holder, column) for column in HOLDER_COLUMNS} for holder in run(work)]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        print_table(HOLDER_COLUMNS, (row.values() for row in rows))
