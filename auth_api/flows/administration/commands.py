"""Manage users: `auth-api users`."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.flows.administration.account_recovery import AccountRecoveryService
from auth_api.flows.administration.command_parts import json_object, on_user
from auth_api.flows.administration.explanation import MAX_SESSIONS
from auth_api.flows.administration.factor_commands import factors, reset_factors
from auth_api.flows.administration.identity_commands import identities, unlink
from auth_api.flows.administration.profile_options import given_fields, profile_options
from auth_api.flows.administration.removal_commands import delete, disable, enable
from auth_api.flows.administration.schemas import AdminUser, UserCreationRequest
from auth_api.flows.administration.service import AdministrationService
from auth_api.flows.administration.session_table import print_sessions
from auth_api.flows.administration.user_creation import UserCreation
from auth_api.flows.administration.user_filter import FilterKind, requested_filter
from auth_api.flows.administration.user_search import UserSearch
from auth_api.kit.command_line import Run, ServiceFinder, confirm, json_option, report, yes_option
from auth_api.kit.http.json import decode
from auth_api.kit.pagination import PageRequest
from auth_api.kit.text import counted
from auth_api.kit.text_tables import print_table
from auth_api.roles.rights import OPERATOR
from auth_api.sessions.principal import LiveSession
from auth_api.sessions.service import SessionService
from auth_api.sign_in.errors import EmailNotVerifiedException
from auth_api.users.field_checks import field_checks
from auth_api.users.password_rules import PasswordRules
from auth_api.users.profile import Profile
from auth_api.users.schemas import UserChange
from auth_api.users.user import User

_password_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking."
)


@click.group()
def users() -> None:
    """Manage users. NAME is a username or an e-mail address."""


for _command in (factors, reset_factors, identities, unlink, disable, enable, delete):
    users.add_command(_command)


@users.command()
@click.argument("email")
@click.argument("username")
@profile_options
@click.option("--verified", "email_verified", is_flag=True, default=None, help="Mark the e-mail address as verified.")
@click.option("--role", help="A role that the user gets, such as administrator.")
@_password_stdin
@json_option
@click.pass_obj
def create(run: Run, /, *, role: str | None, password_stdin: bool, as_json: bool, **fields: Any) -> None:
    """Create a user."""
    password = _new_password(from_stdin=password_stdin)

    async def work(services: ServiceFinder) -> AdminUser:
        document = {"password": password, **given_fields(fields)}
        wanted = decode(document, UserCreationRequest, field_checks(services.of(PasswordRules)))
        try:
            user = await services.of(UserCreation).create(
                wanted, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT, sends_mail=False, role_name=role
            )
        except EmailNotVerifiedException as error:
            message = "A user with a role needs a verified e-mail address: add --verified if it is the user's."
            raise click.ClickException(message) from error
        return await services.of(UserSearch).read(user.id)

    _print([run(work)], as_json=as_json)


@users.command()
@click.argument("name")
@json_option
@click.pass_obj
def show(run: Run, name: str, *, as_json: bool) -> None:
    """Show a user."""
    _print([on_user(run, name, lambda services, user: services.of(UserSearch).read(user.id))], as_json=as_json)


@users.command(name="set")
@click.argument("name")
@click.option("--username", help="The new username.")
@click.option("--metadata", help="A JSON object with the keys to change; null removes a key.")
@profile_options
@json_option
@click.pass_obj
def set_(run: Run, /, name: str, *, metadata: str | None, as_json: bool, **profile: str | None) -> None:
    """Change a user. An empty value removes a field of the profile.

    The former name of the command, `update`, is accepted, too.
    """
    fields: dict[str, Any] = given_fields(profile)
    if metadata is not None:
        fields["metadata"] = json_object(metadata)
    if not fields:
        message = "Give at least one option with a field to change."
        raise click.UsageError(message)

    async def work(services: ServiceFinder, user: User) -> AdminUser:
        wanted = decode(fields, UserChange, field_checks(services.of(PasswordRules)))
        await services.of(AdministrationService).change(
            user.id, wanted.values(), by=OPERATOR, request_context=COMMAND_LINE_CONTEXT
        )
        return await services.of(UserSearch).read(user.id)

    _print([on_user(run, name, work)], as_json=as_json)


users.add_command(set_, "update")


@users.command(name="list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Maximum number of users.")
@click.option("--prefix", help="Only users whose username begins with this; with an @, their e-mail address.")
@click.option("--role", help="Only users with this role.")
@click.option("--disabled", "status", flag_value="disabled", help="Only disabled users.")
@click.option("--unverified", "verified", flag_value="false", help="Only users without a verified e-mail address.")
@json_option
@click.pass_obj
def list_(run: Run, /, *, limit: int, as_json: bool, **wanted: str | None) -> None:
    """List the newest users, or those with a prefix in alphabetical order."""
    given = {name: text for name, text in wanted.items() if text is not None}
    if len(given) > 1:
        message = "Give at most one of --prefix, --role, --disabled and --unverified."
        raise click.UsageError(message)
    if (prefix := given.pop("prefix", None)) is not None:
        given["email_prefix" if "@" in prefix else "username_prefix"] = prefix
    user_filter = requested_filter(None, {FilterKind(name): text for name, text in given.items()})

    async def work(services: ServiceFinder) -> Sequence[AdminUser]:
        search = services.of(UserSearch)
        return await search.describe((await search.find(user_filter, PageRequest(limit)))[0])

    _print(run(work), as_json=as_json, is_list=True)


@users.command()
@click.argument("name")
@_password_stdin
@json_option
@click.pass_obj
def set_password(run: Run, name: str, *, password_stdin: bool, as_json: bool) -> None:
    """Set a password, end all sessions and reset failed logins."""

    async def work(services: ServiceFinder, user: User) -> int:
        return await services.of(AccountRecoveryService).set_password(user, _new_password(from_stdin=password_stdin))

    ended = on_user(run, name, work)
    report(f"password set, {counted(ended, 'session')} ended", as_json=as_json, changed=True, sessions_ended=ended)


@users.command()
@click.argument("name")
@json_option
@click.pass_obj
def verify_email(run: Run, name: str, *, as_json: bool) -> None:
    """Mark the e-mail address of a user as verified."""
    changed = on_user(run, name, lambda services, user: services.of(AccountRecoveryService).verify_email(user))
    report("verified" if changed else "already verified", as_json=as_json, changed=changed)


@users.command()
@click.argument("name")
@json_option
@click.pass_obj
def sessions(run: Run, name: str, *, as_json: bool) -> None:
    """List the live sessions of a user, newest first."""

    async def work(services: ServiceFinder, user: User) -> Sequence[LiveSession]:
        return (await services.of(SessionService).list_live(user.id, PageRequest(MAX_SESSIONS)))[0]

    print_sessions(on_user(run, name, work), as_json=as_json)


@users.command()
@click.argument("name")
@yes_option
@json_option
@click.pass_obj
def end_sessions(run: Run, name: str, *, yes: bool, as_json: bool) -> None:
    """End all sessions of a user."""

    async def work(services: ServiceFinder, user: User) -> int:
        confirm(f"End all sessions of {user.username} <{user.email}> (id {user.id})?", yes=yes)
        return await services.of(AccountRecoveryService).end_sessions(
            user.id, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT
        )

    ended = on_user(run, name, work)
    report(f"{counted(ended, 'session')} ended", as_json=as_json, changed=ended > 0, sessions_ended=ended)


def _new_password(*, from_stdin: bool) -> str:
    if not from_stdin and not sys.stdin.isatty():
        message = "Not a terminal. Pass --password-stdin to read the password from standard input."
        raise click.UsageError(message)
    if not from_stdin:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        return sys.stdin.buffer.readline().decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        message = "The password on standard input is not UTF-8."
        raise click.ClickException(message) from error


def _print(users_found: Sequence[AdminUser], *, as_json: bool, is_list: bool = False) -> None:
    documents = msgspec.json.decode(msgspec.json.encode(users_found))
    if as_json:
        click.echo(json.dumps(documents if is_list else documents[0], indent=2))
        return
    columns = (
        "id",
        "username",
        "email",
        "is_active",
        "email_verified",
        "created_at",
        "last_login",
        "roles",
        *Profile.__struct_fields__,
    )
    for document in documents:
        document["roles"] = " ".join(document["roles"]) or None
    print_table(columns, ([document[column] for column in columns] for document in documents))
