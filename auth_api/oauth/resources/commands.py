"""Manage resource servers: `auth-api oauth resources`."""

import json
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.kit.command_line import Run, ServiceFinder, confirm, json_option, report, yes_option
from auth_api.kit.http.json import decode
from auth_api.kit.text_tables import print_table
from auth_api.oauth.resources.resource import OAuthResource
from auth_api.oauth.resources.resource_administration import ResourceAdministration
from auth_api.oauth.resources.resource_fields import OAUTH_NAME_CHECK, NewResource, ResourceChange, check_name
from auth_api.oauth.resources.schemas import resource_view
from auth_api.oauth.resources.service import Resources
from auth_api.roles.rights import OPERATOR

COLUMNS = ("id", "identifier", "name", "scopes", "access_token_minutes")

CHECKS = {OAUTH_NAME_CHECK: check_name}

_id_argument = click.argument("resource_id", metavar="ID", type=int)
_scopes_option = click.option(
    "--scope", "scopes", multiple=True, help="A scope as NAME=DESCRIPTION, which users read; repeatable."
)
_minutes_option = click.option("--access-token-minutes", type=int, help="Lifetime of its access tokens.")


@click.group()
def resources() -> None:
    """Manage the APIs that accept access tokens of this server."""


@resources.command(name="list")
@json_option
@click.pass_obj
def list_(run: Run, *, as_json: bool) -> None:
    """List all resources, newest first."""
    _print(run(lambda services: services.of(Resources).all()), as_json=as_json, is_list=True)


@resources.command()
@click.argument("identifier")
@click.option("--name", required=True, help="Users read it.")
@_scopes_option
@_minutes_option
@json_option
@click.pass_obj
def add(run: Run, /, identifier: str, *, as_json: bool, **options: Any) -> None:
    """Add the resource whose access tokens have the audience IDENTIFIER, a URI."""
    new = decode({"identifier": identifier, **_given(**options)}, NewResource, CHECKS)

    async def work(services: ServiceFinder) -> OAuthResource:
        administration = services.of(ResourceAdministration)
        return await administration.create(new, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)

    _print([run(work)], as_json=as_json)


@resources.command(name="set")
@_id_argument
@click.option("--name", help="Users read it.")
@_scopes_option
@_minutes_option
@json_option
@click.pass_obj
def set_(run: Run, /, resource_id: int, *, as_json: bool, **options: Any) -> None:
    """Change a resource; scopes replace the earlier ones."""
    change = decode(_given(**options), ResourceChange, CHECKS)

    async def work(services: ServiceFinder) -> OAuthResource:
        administration = services.of(ResourceAdministration)
        return await administration.change(resource_id, change, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)

    _print([run(work)], as_json=as_json)


@resources.command()
@_id_argument
@yes_option
@json_option
@click.pass_obj
def remove(run: Run, resource_id: int, *, yes: bool, as_json: bool) -> None:
    """Remove a resource. Its scopes are unknown from then on."""

    async def work(services: ServiceFinder) -> None:
        resource = await services.of(Resources).find(resource_id)
        confirm(f"Remove the resource {resource.identifier}?", yes=yes)
        administration = services.of(ResourceAdministration)
        await administration.delete(resource_id, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)

    run(work)
    report("removed", as_json=as_json, changed=True)


def _given(**options: Any) -> dict[str, Any]:
    """Return the fields whose options were given."""
    if not all("=" in scope for scope in options["scopes"]):
        message = "--scope needs NAME=DESCRIPTION."
        raise click.UsageError(message)
    scopes = [dict(zip(("name", "description"), scope.split("=", 1), strict=True)) for scope in options["scopes"]]
    return {name: value for name, value in {**options, "scopes": scopes}.items() if value not in (None, [])}


def _print(found: Sequence[OAuthResource], *, as_json: bool, is_list: bool = False) -> None:
    documents = [msgspec.to_builtins(resource_view(resource)) for resource in found]
    if as_json:
        click.echo(json.dumps(documents if is_list else documents[0], indent=2))
        return
    rows = [{**document, "scopes": " ".join(scope["name"] for scope in document["scopes"])} for document in documents]
    print_table(COLUMNS, ([row[column] for column in COLUMNS] for row in rows))
