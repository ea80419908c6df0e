"""Show and reset the second factors of a user: `auth-api users factors` and `reset-factors`."""

import json
from typing import Any, Final

import click

from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.flows.administration.command_parts import on_user
from auth_api.flows.administration.factor_reset import FactorResetService, ResetFactors
from auth_api.kit.clock import optional_rfc3339, rfc3339
from auth_api.kit.command_line import Run, ServiceFinder, confirm, json_option, report, yes_option
from auth_api.kit.text import counted
from auth_api.kit.text_tables import print_table
from auth_api.roles.rights import OPERATOR
from auth_api.sign_in.second_factors import AccountFactors
from auth_api.users.user import User

MAX_REASON: int = 200

FACTOR_COLUMNS: Final = ("kind", "name", "created_at", "last_used_at", "usable")
"""What an operator sees of a factor: enough for its owner to recognize it."""


@click.command()
@click.argument("name")
@json_option
@click.pass_obj
def factors(run: Run, name: str, *, as_json: bool) -> None:
    """Show the second factors of a user, without secrets."""

    async def work(services: ServiceFinder, user: User) -> tuple[User, AccountFactors]:
        return user, await services.of(FactorResetService).find(user)

    user, found = on_user(run, name, work)
    document = _document(user, found)
    if as_json:
        click.echo(json.dumps(document, indent=2))
        return
    click.echo(f"Two-step login: {'on since ' + document['two_step_since'] if document['two_step'] else 'off'}")
    if document["factors"]:
        print_table(FACTOR_COLUMNS, ([factor[column] for column in FACTOR_COLUMNS] for factor in document["factors"]))
    if found.recovery_codes is not None:
        click.echo(f"Unused recovery codes: {found.recovery_codes.left}")


@click.command()
@click.argument("name")
@click.option("--reason", help=f"Stored in the security history; at most {MAX_REASON} characters.")
@yes_option
@json_option
@click.pass_obj
def reset_factors(run: Run, name: str, *, reason: str | None, yes: bool, as_json: bool) -> None:
    """Remove all second factors and recovery codes of a user, and end all sessions.

    Identify the person first: after this, the password is enough to log in.
    """
    if reason is not None and len(reason) > MAX_REASON:
        message = f"The reason has more than {MAX_REASON} characters."
        raise click.UsageError(message)

    async def work(services: ServiceFinder, user: User) -> ResetFactors:
        confirm(f"Remove all second factors of {user.username} <{user.email}> (id {user.id})?", yes=yes)
        return await services.of(FactorResetService).reset(
            user.id, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT, reason=reason
        )

    done = on_user(run, name, work)
    sentence = f"{counted(done.factors_removed, 'factor')} removed, {counted(done.sessions_ended, 'session')} ended"
    report(
        sentence if done.has_changed else "no second factor to remove",
        as_json=as_json,
        changed=done.has_changed,
        factors_removed=done.factors_removed,
        sessions_ended=done.sessions_ended,
    )


def _document(user: User, found: AccountFactors) -> dict[str, Any]:
    codes = found.recovery_codes
    return {
        "two_step": user.two_step_since is not None,
        "two_step_since": optional_rfc3339(user.two_step_since),
        "factors": [
            {
                "kind": factor.kind.value,
                "name": factor.name,
                "created_at": rfc3339(factor.since),
                "last_used_at": optional_rfc3339(factor.last_used_at),
                "usable": factor.is_usable,
            }
            for factor in found.dated
        ],
        "recovery_codes": None if codes is None else {"left": codes.left, "created_at": rfc3339(codes.created_at)},
    }
