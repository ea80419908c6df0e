"""`auth-api sessions`."""

import json

import click

from auth_api.cli.context import confirm, run
from auth_api.services import Services


@click.group()
def sessions() -> None:
    """Sessions of all accounts; those of one are under `users`."""


@sessions.command()
@click.option("--all", "of_all", is_flag=True, required=True, help="Of every account: there is no other choice.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def revoke(*, of_all: bool, yes: bool, as_json: bool) -> None:  # noqa: ARG001 - it has to be said, and that is all
    """End every session: everybody has to log in again.

    After a backup was restored, which brings sessions back that had ended; or when tokens were stolen. Mailed links and
    passwords stay as they are.
    """

    async def work(services: Services) -> int:
        confirm("End every session of every account? Everybody has to log in again.", yes=yes)
        return await services.account_recovery.end_all_sessions()

    ended = run(work)
    click.echo(json.dumps({"sessions_ended": ended}, indent=2) if as_json else f"{ended} sessions ended")
