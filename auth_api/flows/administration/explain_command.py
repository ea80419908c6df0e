"""Explain why a user cannot log in: `auth-api explain`."""

import json
import sys
from typing import Any

import click
import msgspec

from auth_api.events.audit.schemas import exported_view
from auth_api.flows.administration.explanation import Explanation, ExplanationService
from auth_api.flows.administration.identity_commands import identity_fields
from auth_api.flows.administration.session_table import print_sessions, session_fields
from auth_api.kit.clock import optional_rfc3339
from auth_api.kit.command_line import Run
from auth_api.kit.text_tables import print_table
from auth_api.users.schemas import user_fields


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def explain(run: Run, name: str, *, as_json: bool) -> None:
    """Explain why a user cannot log in. NAME is a username or an e-mail address.

    Exit status 1 if no user has this name.
    """
    found = run(lambda services: services.of(ExplanationService).explain(name))
    if as_json:
        click.echo(json.dumps(_document(found), indent=2, default=msgspec.json.decode))
    else:
        _print(found)
    sys.exit(0 if found.user is not None else 1)


def _document(found: Explanation) -> dict[str, Any]:
    return {
        "account": user_fields(found.user) if found.user is not None else None,
        "roles": list(found.roles),
        "identities": [identity_fields(identity) for identity in found.identities],
        "role_providers": dict(found.role_providers),
        "obstacles": msgspec.to_builtins(found.obstacles),
        "wrong_passwords": [
            {
                "network": counted.network,
                "count": counted.count,
                "blocked_until": optional_rfc3339(counted.blocked_until),
            }
            for counted in found.failures
        ],
        "sessions": [session_fields(session) for session in found.sessions],
        "events": [msgspec.to_builtins(exported_view(row)) for row in found.events],
    }


def _print(found: Explanation) -> None:
    if found.user is not None:
        click.echo(f"{found.user.username} <{found.user.email}>, id {found.user.id}")
        by_provider = {name: f"{name} (by {provider})" for name, provider in found.role_providers.items()}
        click.echo(f"Roles: {', '.join(by_provider.get(name, name) for name in found.roles) or 'none'}")
        providers = sorted({identity.provider for identity in found.identities})
        stated = [f"{each} (not configured)" if each in found.unconfigured_providers else each for each in providers]
        click.echo(f"Linked providers: {', '.join(stated) or 'none'}\n")
    for obstacle in found.obstacles:
        click.echo(obstacle.detail)
    if not found.obstacles:
        click.echo(
            "A login with the right password succeeds, unless a limit per client IP refuses it (auth-api limits)."
        )
    if found.failures:
        click.echo("\nWrong passwords that still count:")
        rows = [
            (counted.network or "(all networks)", counted.count, counted.blocked_until) for counted in found.failures
        ]
        print_table(("network", "count", "blocked_until"), rows)
    if found.user is None:
        return
    click.echo(f"\nLive sessions: {len(found.sessions)}")
    if found.sessions:
        print_sessions(found.sessions)
    click.echo("\nMost recent events:")
    events = [
        (row.created_at, row.action, row.resource, row.actor, row.ip_address, _details(row.details))
        for row in found.events
    ]
    print_table(("at", "action", "resource", "actor", "ip_address", "details"), events)


def _details(details: dict[str, Any]) -> str:
    texts = {name: "+".join(map(str, value)) if isinstance(value, list) else value for name, value in details.items()}
    return ", ".join(f"{name}={text}" for name, text in texts.items())
