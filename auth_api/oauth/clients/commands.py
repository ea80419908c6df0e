"""Manage applications: `auth-api oauth clients`."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click
import msgspec

from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.kit.command_line import Run, ServiceFinder, confirm, json_option, report, yes_option
from auth_api.kit.http.json import decode
from auth_api.kit.pagination import PageRequest
from auth_api.kit.text_tables import print_table
from auth_api.oauth.clients.client import ClientKind, OAuthClient
from auth_api.oauth.clients.client_administration import MAX_CLIENTS, ClientAdministration, RegisteredClient
from auth_api.oauth.clients.client_fields import ClientChange, NewClient
from auth_api.oauth.clients.schemas import (
    DEFAULT_OVERLAP_HOURS,
    MAX_OVERLAP_HOURS,
    client_view,
    registered_view,
)
from auth_api.oauth.clients.service import Clients
from auth_api.oauth.resources.commands import CHECKS
from auth_api.roles.rights import OPERATOR

T = TypeVar("T")

COLUMNS = ("client_id", "name", "kind", "is_active", "scopes", "required_role", "last_used_at")

_id_argument = click.argument("client_id")
_OPTIONS = (
    click.option("--uri", help="Its home page."),
    click.option("--redirect-uri", "redirect_uris", multiple=True, help="Where browsers return to; repeatable."),
    click.option(
        "--post-logout-redirect-uri",
        "post_logout_redirect_uris",
        multiple=True,
        help="Where browsers return to after signing out; repeatable.",
    ),
    click.option("--grant-type", "grant_types", multiple=True, help="How it gets tokens; repeatable."),
    click.option("--scope", "scopes", multiple=True, help="A scope that it may ask for; repeatable."),
    click.option(
        "--introspect",
        "introspects",
        multiple=True,
        help="An audience whose access tokens it may introspect; repeatable.",
    ),
    click.option("--required-role", help="The role that its users need."),
    click.option("--first-party/--no-first-party", default=None, help="Whether users are not asked for their consent."),
    click.option("--require-pkce/--no-require-pkce", default=None, help="Whether it must send a PKCE challenge."),
)


def _field_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group()
def clients() -> None:
    """Manage the applications to which users sign in."""


@clients.command(name="list")
@json_option
@click.pass_obj
def list_(run: Run, *, as_json: bool) -> None:
    """List all applications, newest first."""
    found, _ = run(lambda services: services.of(Clients).page(PageRequest(MAX_CLIENTS)))
    documents = [msgspec.to_builtins(client_view(client)) for client in found]
    if as_json:
        click.echo(json.dumps(documents, indent=2))
    else:
        print_table(COLUMNS, ([_text(document[column]) for column in COLUMNS] for document in documents))


@clients.command()
@_id_argument
@json_option
@click.pass_obj
def show(run: Run, client_id: str, *, as_json: bool) -> None:
    """Show an application."""
    _print(client_view(run(lambda services: services.of(Clients).existing(client_id))), as_json=as_json)


@clients.command()
@click.argument("name")
@click.option("--kind", type=click.Choice([kind.value for kind in ClientKind]), required=True, help="What it is.")
@_field_options
@json_option
@click.pass_obj
def add(run: Run, /, name: str, *, kind: str, as_json: bool, **options: Any) -> None:
    """Register an application with the name NAME, and print its configuration.

    Its secret, if it has one, is printed once and cannot be shown again.
    """
    new = decode({"name": name, "kind": kind, **_given(options)}, NewClient, CHECKS)

    async def work(administration: ClientAdministration) -> RegisteredClient:
        return await administration.register(new, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)

    _print_registered(run, work, as_json=as_json)


@clients.command(name="set")
@_id_argument
@click.option("--name", help="Users read it.")
@_field_options
@json_option
@click.pass_obj
def set_(run: Run, /, client_id: str, *, as_json: bool, **options: Any) -> None:
    """Change an application.

    Lists replace the earlier ones, and an empty value removes one.
    """
    _print(client_view(_change(run, client_id, _given(options))), as_json=as_json)


@clients.command()
@_id_argument
@json_option
@click.pass_obj
def disable(run: Run, client_id: str, *, as_json: bool) -> None:
    """Disable an application: it is refused, and so are its tokens."""
    _change(run, client_id, {"is_active": False})
    report("disabled", as_json=as_json, changed=True)


@clients.command()
@_id_argument
@json_option
@click.pass_obj
def enable(run: Run, client_id: str, *, as_json: bool) -> None:
    """Enable a disabled application."""
    _change(run, client_id, {"is_active": True})
    report("enabled", as_json=as_json, changed=True)


@clients.command()
@_id_argument
@yes_option
@json_option
@click.pass_obj
def delete(run: Run, client_id: str, *, yes: bool, as_json: bool) -> None:
    """Delete an application, what users have allowed it, and the access that it has."""

    async def work(services: ServiceFinder) -> None:
        client = await services.of(Clients).existing(client_id)
        confirm(f"Permanently delete the application {client.name} ({client.client_id})?", yes=yes)
        administration = services.of(ClientAdministration)
        await administration.delete(client_id, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)

    run(work)
    report("deleted", as_json=as_json, changed=True)


@clients.command(name="rotate-secret")
@_id_argument
@click.option(
    "--overlap-hours",
    type=click.IntRange(0, MAX_OVERLAP_HOURS),
    default=DEFAULT_OVERLAP_HOURS,
    show_default=True,
    help="Hours for which the present secret is still accepted.",
)
@json_option
@click.pass_obj
def rotate_secret(run: Run, client_id: str, *, overlap_hours: int, as_json: bool) -> None:
    """Give an application a new secret, which is printed once."""

    async def work(administration: ClientAdministration) -> RegisteredClient:
        return await administration.rotate_secret(
            client_id, overlap_hours=overlap_hours, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT
        )

    _print_registered(run, work, as_json=as_json)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Return the fields whose options were given; an empty text is null, or an empty list."""
    given = {name: value for name, value in options.items() if value is not None and value != ()}
    return {
        name: [each for each in value if each] if isinstance(value, tuple) else None if value == "" else value
        for name, value in given.items()
    }


def _change(run: Run, client_id: str, fields: dict[str, Any]) -> OAuthClient:
    change = decode(fields, ClientChange, CHECKS)

    async def work(services: ServiceFinder) -> OAuthClient:
        administration = services.of(ClientAdministration)
        return await administration.change(client_id, change, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)

    return run(work)


def _print_registered(
    run: Run, work: Callable[[ClientAdministration], Awaitable[RegisteredClient]], *, as_json: bool
) -> None:
    """Print an application with its new secret: as JSON, or as variables that libraries of OpenID Connect need."""

    async def find_and_work(services: ServiceFinder) -> tuple[str, RegisteredClient]:
        administration = services.of(ClientAdministration)
        return administration.issuer, await work(administration)

    issuer, registered = run(find_and_work)
    if as_json:
        _print(registered_view(registered), as_json=True)
        return
    variables = {
        "OIDC_ISSUER": issuer,
        "OIDC_CLIENT_ID": registered.client.client_id,
        "OIDC_CLIENT_SECRET": registered.secret,
        "OIDC_REDIRECT_URI": next(iter(registered.client.redirect_uris), None),
    }
    click.echo("\n".join(f"{name}={value}" for name, value in variables.items() if value is not None))


def _print(view: msgspec.Struct, *, as_json: bool) -> None:
    document = msgspec.to_builtins(view)
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        print_table(("field", "value"), ([name, _text(value)] for name, value in document.items()))


def _text(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return " ".join(each if isinstance(each, str) else each["hint"] for each in value)
