"""Show and unlink the accounts at providers of a user: `auth-api users identities` and `users unlink`."""

import json
from collections.abc import Sequence
from typing import Any, Final

import click

from auth_api.credentials.errors import LastSignInMethodException
from auth_api.credentials.identities.identity import Identity
from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.flows.administration.command_parts import on_user
from auth_api.flows.administration.user_identities import UserIdentities
from auth_api.kit.clock import rfc3339
from auth_api.kit.command_line import Run, ServiceFinder, json_option, report
from auth_api.kit.text_tables import print_table
from auth_api.users.user import User

IDENTITY_COLUMNS: Final = ("id", "provider", "email", "linked_at", "last_used_at")


def identity_fields(identity: Identity) -> dict[str, Any]:
    """Return what operators see of an identity: not the subject, which other systems know the person by."""
    return {
        "id": identity.id,
        "provider": identity.provider,
        "email": identity.email,
        "linked_at": rfc3339(identity.linked_at),
        "last_used_at": rfc3339(identity.last_used_at),
    }


@click.command()
@click.argument("name")
@json_option
@click.pass_obj
def identities(run: Run, name: str, *, as_json: bool) -> None:
    """Show the accounts at providers that are linked to a user."""

    async def work(services: ServiceFinder, user: User) -> Sequence[Identity]:
        return await services.of(UserIdentities).list(user.id)

    found = [identity_fields(identity) for identity in on_user(run, name, work)]
    if as_json:
        click.echo(json.dumps({"identities": found}, indent=2))
    elif found:
        print_table(IDENTITY_COLUMNS, ([fields[column] for column in IDENTITY_COLUMNS] for fields in found))


@click.command()
@click.argument("name")
@click.argument("identity_id", metavar="ID", type=int)
@click.option("--yes", is_flag=True, help="Also remove the last way to log in.")
@json_option
@click.pass_obj
def unlink(run: Run, name: str, identity_id: int, *, yes: bool, as_json: bool) -> None:
    """Unlink an account at a provider, and end the sessions that it has opened.

    ID is as `users identities` shows.
    """

    async def work(services: ServiceFinder, user: User) -> None:
        await services.of(UserIdentities).unlink(user.id, identity_id, COMMAND_LINE_CONTEXT, may_be_last=yes)

    try:
        on_user(run, name, work)
    except LastSignInMethodException as error:
        message = f"{error.detail} Pass --yes to remove it nevertheless."
        raise click.ClickException(message) from error
    report("the account at the provider was unlinked", as_json=as_json, changed=True)
