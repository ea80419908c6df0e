"""Manage what users have allowed applications: `auth-api oauth grants`."""

import json
from contextlib import suppress

import click
import msgspec

from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.kit.command_line import Run, ServiceFinder, confirm, json_option, report, yes_option
from auth_api.kit.pagination import PageRequest
from auth_api.kit.text_tables import print_table
from auth_api.oauth.clients.errors import ClientNotFoundException
from auth_api.oauth.clients.service import Clients
from auth_api.oauth.consents.consent import ListedConsent
from auth_api.oauth.consents.errors import ConsentNotFoundException
from auth_api.oauth.consents.service import MAX_LISTED, Consents
from auth_api.users.service import UserService

COLUMNS = ("user_id", "client_id", "name", "scopes", "offline", "granted_at", "last_used_at")

_user_option = click.option("--user", help="A username or an e-mail address.")
_client_option = click.option("--client", "client_id", help="The client_id of an application.")


@click.group()
def grants() -> None:
    """Show and end the access of applications to accounts."""


@grants.command(name="list")
@_user_option
@_client_option
@json_option
@click.pass_obj
def list_grants(run: Run, *, user: str | None, client_id: str | None, as_json: bool) -> None:
    """List what users have allowed applications, newest first, at most 1,000."""
    rows = run(lambda services: _found(services, user, client_id))
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins([_fields(row) for row in rows]), indent=2))
    else:
        print_table(COLUMNS, [list(_fields(row).values()) for row in rows])


@grants.command()
@_user_option
@_client_option
@yes_option
@json_option
@click.pass_obj
def end(run: Run, *, user: str | None, client_id: str | None, yes: bool, as_json: bool) -> None:
    """End the access of applications, which then need a new consent."""
    count = len(run(lambda services: _found(services, user, client_id)))
    confirm(f"End the access of applications to accounts ({'at least ' * (count == MAX_LISTED)}{count})?", yes=yes)
    ended = run(lambda services: end_access(services, user, client_id))
    report(f"Ended the access of applications to accounts: {ended}.", as_json=as_json, ended=ended)


async def end_access(services: ServiceFinder, user: str | None, client_id: str | None) -> int:
    """Withdraw all consents of a user, for an application, or both, and return their number."""
    ended = 0
    while rows := await _found(services, user, client_id):  # at most `MAX_LISTED` at a time
        for row in rows:
            with suppress(ConsentNotFoundException):  # the user has withdrawn it in the meantime
                await services.of(Consents).withdraw(row.id, row.user_id, COMMAND_LINE_CONTEXT)
                ended += 1
    return ended


async def _found(services: ServiceFinder, user: str | None, client_id: str | None) -> list[ListedConsent]:
    consents = services.of(Consents)
    client = await services.of(Clients).find(client_id) if client_id else None
    if client_id and client is None:
        raise ClientNotFoundException
    if user:
        user_id = (await services.of(UserService).find(user)).id
        rows, _ = await consents.page(user_id, PageRequest(MAX_LISTED))
        return [row for row in rows if client is None or row.client_row_id == client.id]
    if client is None:
        message = "Name the accounts with --user, or the application with --client."
        raise click.UsageError(message)
    return await consents.of_client(client.id)


def _fields(row: ListedConsent) -> dict[str, object]:
    return {name: " ".join(row.scopes) if name == "scopes" else getattr(row, name) for name in COLUMNS}
