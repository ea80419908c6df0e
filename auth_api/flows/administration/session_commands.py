"""End the sessions of all users: `auth-api sessions`."""

import json

import click

from auth_api.flows.administration.account_recovery import AccountRecoveryService
from auth_api.kit.command_line import Run, ServiceFinder, confirm
from auth_api.kit.text import counted


@click.group()
def sessions() -> None:
    """End the sessions of all users.

    `auth-api users end-sessions` ends those of one user.
    """


@sessions.command()
@click.option("--all", "of_all", is_flag=True, required=True, help="Confirm that the sessions of all users are meant.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def revoke(run: Run, *, of_all: bool, yes: bool, as_json: bool) -> None:  # noqa: ARG001 - click requires it
    """End all sessions of all users, who have to log in again.

    Run it after restoring a backup, which also restores sessions that had ended, or if tokens were stolen. Passwords
    and links in mails stay valid.
    """

    async def work(services: ServiceFinder) -> int:
        confirm("End all sessions of all users? They have to log in again.", yes=yes)
        return await services.of(AccountRecoveryService).end_all_sessions()

    ended = run(work)
    click.echo(json.dumps({"sessions_ended": ended}, indent=2) if as_json else f"{counted(ended, 'session')} ended")
