"""`auth-api users`."""

import json
import sys
from collections.abc import Sequence

import click

from auth_api.cli.context import run
from auth_api.kit.http.json import decode
from auth_api.registration.schemas import RegisterRequest
from auth_api.services import Services
from auth_api.users.account import Account
from auth_api.users.schemas import user_fields

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def users() -> None:
    """Look after accounts. NAME is a username or an e-mail address."""


@users.command()
@click.argument("email")
@click.argument("username")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@_json
def create(email: str, username: str, *, password_stdin: bool, as_json: bool) -> None:
    """Open an account."""
    password = _read_line() if password_stdin else click.prompt("Password", hide_input=True, confirmation_prompt=True)

    async def work(services: Services) -> Account:
        fields = {"email": email, "username": username, "password": password}
        wanted = decode(fields, RegisterRequest, services.field_checks)
        return await services.registration.create(
            email=wanted.email, username=wanted.username, password=wanted.password
        )

    _print([run(work)], as_json=as_json)


@users.command()
@click.argument("name")
@_json
def show(name: str, *, as_json: bool) -> None:
    """Show one account."""
    _print([run(lambda services: services.administration.find(name))], as_json=as_json)


@users.command(name="list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many at most.")
@_json
def list_(*, limit: int, as_json: bool) -> None:
    """List the newest accounts."""
    _print(run(lambda services: services.administration.newest(limit)), as_json=as_json, many=True)


@users.command()
@click.argument("name")
def disable(name: str) -> None:
    """Deactivate an account and end its sessions at once."""
    changed = run(lambda services: services.administration.disable(name))
    click.echo("disabled" if changed else "was disabled already")


@users.command()
@click.argument("name")
def enable(name: str) -> None:
    """Activate an account again."""
    changed = run(lambda services: services.administration.enable(name))
    click.echo("enabled" if changed else "was enabled already")


def _read_line() -> str:
    try:
        return sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        message = "The password on standard input is not UTF-8."
        raise click.ClickException(message) from error


def _print(accounts: Sequence[Account], *, as_json: bool, many: bool = False) -> None:
    documents = [user_fields(account) for account in accounts]
    if as_json:
        click.echo(json.dumps(documents if many else documents[0], indent=2))
        return
    columns = ("id", "username", "email", "is_active", "email_verified", "created_at", "last_login")
    rows = [columns, *(tuple(str(document[column]) for column in columns) for document in documents)]
    widths = [max(len(row[index]) for row in rows) for index in range(len(columns))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
