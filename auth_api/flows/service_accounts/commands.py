"""Manage API keys and service accounts: `auth-api api-keys` and `auth-api service-accounts`."""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import click

from auth_api.credentials.api_keys.api_key import CreatedKey, KeyOwner, NewKey
from auth_api.credentials.api_keys.new_key_fields import MAX_DAYS, NAME_CHECK, check_name
from auth_api.credentials.api_keys.policy import DEFAULT_DAYS
from auth_api.credentials.api_keys.schemas import key_fields
from auth_api.credentials.api_keys.service_accounts import ServiceAccounts
from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.flows.service_accounts.schemas import (
    ACCOUNT_NAME_CHECK,
    NewServiceAccount,
    NewServiceKey,
    account_fields,
    check_account_name,
)
from auth_api.flows.service_accounts.user_keys import UserKeys
from auth_api.kit.command_line import Run, ServiceFinder, confirm, json_option, report, yes_option
from auth_api.kit.crypto.api_keys import API_KEY_PATTERN
from auth_api.kit.http.json import decode
from auth_api.kit.pagination import PageRequest
from auth_api.kit.text_tables import print_table
from auth_api.roles.rights import OPERATOR
from auth_api.users.service import UserService

T = TypeVar("T")

MAX_ROWS = 1000

KEY_COLUMNS = ("id", "name", "hint", "scopes", "status", "created_by", "created_at", "expires_at", "last_used_at")
ACCOUNT_COLUMNS = ("id", "name", "is_active", "scopes", "description", "created_by", "created_at")

_user_option = click.option("--user", "user", help="The owner: a username or an e-mail address.")
_account_option = click.option("--service-account", "account", help="The owner: the name of a service account.")


@click.group(name="api-keys")
def api_keys() -> None:
    """Manage API keys, with --user or --service-account."""


@api_keys.command(name="list")
@_user_option
@_account_option
@json_option
@click.pass_obj
def list_keys(run: Run, *, user: str | None, account: str | None, as_json: bool) -> None:
    """List the API keys of an owner, newest first."""

    async def work(services: ServiceFinder, owner: KeyOwner) -> list[dict[str, Any]]:
        keys, _ = await services.of(UserKeys).api_keys.page(owner, PageRequest(MAX_ROWS))
        return [key_fields(key) for key in keys]

    _print(_on_owner(run, user, account, work), KEY_COLUMNS, as_json=as_json)


@api_keys.command(name="create")
@click.argument("name")
@_user_option
@_account_option
@click.option("--scope", "scopes", multiple=True, required=True, help="A permission; repeatable.")
@click.option(
    "--days", type=click.IntRange(1, MAX_DAYS), help=f"Lifetime in days.  [default: {DEFAULT_DAYS}, or the maximum]"
)
@click.option("--never-expires", is_flag=True, help="No end; only for service accounts.")
@json_option
@click.pass_obj
def create_key(  # noqa: PLR0913 - one parameter for each option
    run: Run,
    name: str,
    *,
    user: str | None,
    account: str | None,
    scopes: tuple[str, ...],
    days: int | None,
    never_expires: bool,
    as_json: bool,
) -> None:
    """Create an API key with the name NAME.

    Its secret is printed once and cannot be shown again.
    """
    if never_expires and (days is not None or user is not None):
        message = "--never-expires is only for service accounts, and cannot be combined with --days."
        raise click.UsageError(message)

    async def work(services: ServiceFinder, owner: KeyOwner) -> CreatedKey:
        fields = {"name": name, "scopes": list(scopes)}
        wanted = decode(fields, NewServiceKey, {NAME_CHECK: check_name})
        if owner.user_id is not None:
            return await services.of(UserKeys).create(
                owner.user_id, wanted.name, wanted.scopes, days=days, request_context=COMMAND_LINE_CONTEXT
            )
        lifetime = None if never_expires else timedelta(days=days or DEFAULT_DAYS)
        return await services.of(ServiceAccounts).create_key(
            owner.service_account_id or 0,
            NewKey(name=wanted.name, scopes=tuple(wanted.scopes), lifetime=lifetime),
            by=OPERATOR,
            request_context=COMMAND_LINE_CONTEXT,
        )

    created = _on_owner(run, user, account, work)
    if as_json:
        click.echo(json.dumps({**key_fields(created.key), "secret": created.raw}, indent=2))
    else:
        _print([key_fields(created.key)], KEY_COLUMNS, as_json=False)
        click.echo(f"\n{created.raw}")


@api_keys.command(name="revoke")
@click.argument("key_id", type=click.IntRange(min=1, max=2**63 - 1))
@_user_option
@_account_option
@json_option
@click.pass_obj
def revoke_key(run: Run, key_id: int, *, user: str | None, account: str | None, as_json: bool) -> None:
    """Revoke an API key by its number."""

    async def work(services: ServiceFinder, owner: KeyOwner) -> None:
        await services.of(UserKeys).api_keys.revoke(owner, key_id, COMMAND_LINE_CONTEXT)

    _on_owner(run, user, account, work)
    report("revoked", as_json=as_json, changed=True)


@api_keys.command()
def pattern() -> None:
    """Print the regular expression of all API keys, for secret scanners."""
    click.echo(API_KEY_PATTERN)


@click.group(name="service-accounts")
def service_accounts() -> None:
    """Manage service accounts: programs with API keys of their own."""


@service_accounts.command(name="list")
@json_option
@click.pass_obj
def list_accounts(run: Run, *, as_json: bool) -> None:
    """List the service accounts, newest first."""
    accounts, _ = run(lambda services: services.of(ServiceAccounts).page(PageRequest(MAX_ROWS)))
    _print([account_fields(account) for account in accounts], ACCOUNT_COLUMNS, as_json=as_json)


@service_accounts.command(name="create")
@click.argument("name")
@click.option("--description", default="", help="What it is for.")
@json_option
@click.pass_obj
def create_account(run: Run, name: str, *, description: str, as_json: bool) -> None:
    """Create a service account."""
    fields = {"name": name, "description": description}
    wanted = decode(fields, NewServiceAccount, {ACCOUNT_NAME_CHECK: check_account_name})
    account = run(
        lambda services: services.of(ServiceAccounts).create(
            wanted.name, wanted.description, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT
        )
    )
    _print([account_fields(account)], ACCOUNT_COLUMNS, as_json=as_json, is_list=False)


@service_accounts.command()
@click.argument("name")
@json_option
@click.pass_obj
def disable(run: Run, name: str, *, as_json: bool) -> None:
    """Disable a service account: all its keys are refused."""
    _set_active(run, name, is_active=False)
    report("disabled", as_json=as_json, changed=True)


@service_accounts.command()
@click.argument("name")
@json_option
@click.pass_obj
def enable(run: Run, name: str, *, as_json: bool) -> None:
    """Enable a disabled service account."""
    _set_active(run, name, is_active=True)
    report("enabled", as_json=as_json, changed=True)


@service_accounts.command()
@click.argument("name")
@yes_option
@json_option
@click.pass_obj
def delete(run: Run, name: str, *, yes: bool, as_json: bool) -> None:
    """Delete a service account with its keys."""

    async def work(services: ServiceFinder) -> None:
        accounts = services.of(ServiceAccounts)
        account = await accounts.find_by_name(name)
        confirm(f"Permanently delete the service account {account.name} (id {account.id}) with its keys?", yes=yes)
        await accounts.delete(account.id, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)

    run(work)
    report("deleted", as_json=as_json, changed=True)


def _on_owner(
    run: Run, user: str | None, account: str | None, work: Callable[[ServiceFinder, KeyOwner], Awaitable[T]]
) -> T:
    """Return the result of work on the keys of one owner."""
    if (user is None) == (account is None):
        message = "Give either --user or --service-account."
        raise click.UsageError(message)

    async def find_and_work(services: ServiceFinder) -> T:
        if user is not None:
            return await work(services, KeyOwner(user_id=(await services.of(UserService).find(user)).id))
        found = await services.of(ServiceAccounts).find_by_name(account or "")
        return await work(services, KeyOwner(service_account_id=found.id))

    return run(find_and_work)


def _set_active(run: Run, name: str, *, is_active: bool) -> None:
    async def work(services: ServiceFinder) -> None:
        accounts = services.of(ServiceAccounts)
        account = await accounts.find_by_name(name)
        await accounts.change(account.id, is_active=is_active, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)

    run(work)


def _print(documents: Sequence[dict[str, Any]], columns: Sequence[str], *, as_json: bool, is_list: bool = True) -> None:
    if as_json:
        click.echo(json.dumps(documents if is_list else documents[0], indent=2))
        return
    rows = [[document[column] for column in columns] for document in documents]
    print_table(columns, ([" ".join(cell) if isinstance(cell, list) else cell for cell in row] for row in rows))
