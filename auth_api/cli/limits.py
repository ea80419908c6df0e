"""Print the limits: `auth-api limits`."""

import json

import click

from auth_api.cli.context import load_settings
from auth_api.credentials.api_keys.rate_limit import REQUESTS_PER_SECOND
from auth_api.features import client_ip_limits
from auth_api.oauth.clients.rate_limits import FAILURES, PUBLIC_CLIENTS, REQUESTS_PER_MINUTE
from auth_api.settings import Settings
from auth_api.throttling.policy import HOUR, MINUTE, FailedAttemptLimit
from auth_api.throttling.user_code_limit import WINDOW_SECONDS

Row = dict[str, str | int]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def limits(*, as_json: bool) -> None:
    """Print all limits that the settings define."""
    settings = load_settings()
    policy, rows = settings.throttling, limit_rows(settings)
    if as_json:
        click.echo(json.dumps({"enabled": policy.enabled, "limits": rows}, indent=2))
        return
    if not policy.enabled:
        click.echo("All limits are off (RATE_LIMIT_ENABLED=false).\n")
    width = max(len(str(row["limit"])) for row in rows)
    for row in rows:
        click.echo(f"{row['limit']!s:<{width}}  {row['allowed']}, then {row['then']}")


def limit_rows(settings: Settings) -> list[Row]:
    """Return one row per limit."""
    policy = settings.throttling
    rows: list[Row] = [
        {
            "limit": f"{limit.name}, per {'caller' if limit.is_per_caller else 'IP address'}"
            f"{'' if limit.is_shared else ' and worker process'}",
            "allowed": f"{limit.requests} requests in {_span(limit.window_seconds)}",
            "then": f"429 RATE_LIMITED {'until the window ends' if limit.is_shared else 'while the allowance refills'}",
        }
        for limit in map(policy.scaled, client_ip_limits(settings))
    ]
    rows.append(
        {
            "limit": "all requests, per IP address and worker process",
            "allowed": f"{policy.requests_per_second} requests per second",
            "then": "429 RATE_LIMITED",
        }
    )
    rows.append(
        {
            "limit": "requests with an accepted key of a service account, per key and process",
            "allowed": f"{REQUESTS_PER_SECOND * policy.factor} requests per second",
            "then": "429 RATE_LIMITED",
        }
    )
    rows += [
        {
            "limit": f"{name}, per {'IP address' if name in {FAILURES, PUBLIC_CLIENTS} else 'application'} and process",
            "allowed": f"{requests * policy.factor} requests in 1 min",
            "then": "429 temporarily_unavailable while the allowance refills",
        }
        for name, requests in REQUESTS_PER_MINUTE.items()
    ]
    rows.append(
        {
            "limit": "API keys that a user creates",
            "allowed": f"{policy.api_keys_by_user * policy.factor} in 1 h",
            "then": "429 RATE_LIMITED",
        }
    )
    rows += [
        {"limit": name, "allowed": f"{number} in 1 h", "then": "no mail, and the same response"}
        for name, number in (
            ("mails of one kind, per e-mail address and network of the client", policy.mails_per_network),
            ("mails of one kind, per e-mail address", policy.mails_per_recipient),
            ("mails that confirm a new e-mail address, per user", policy.mails_by_user),
        )
    ]
    rows += [
        {"limit": name, "allowed": f"{number} in 1 h", "then": "429 RATE_LIMITED until the window ends"}
        for name, number in (
            ("mails to others, per administrator or service account", policy.mails_by_administrator),
            ("invitations, per e-mail address", policy.invitations_per_recipient),
        )
    ]
    rows.append(
        {
            "limit": "wrong user codes of devices, per user and per IP address",
            "allowed": f"{policy.wrong_user_codes * policy.factor} in {_span(WINDOW_SECONDS)}",
            "then": "429 TOO_MANY_ATTEMPTS until the window ends",
        }
    )
    for kind in ("passwords", "codes"):
        rows.append(_account_row(f"wrong {kind}, per user and network", policy.per_network))
        rows.append(_account_row(f"wrong {kind}, per user, from networks not used recently", policy.per_account))
    return rows


def _account_row(name: str, limit: FailedAttemptLimit) -> Row:
    return {
        "limit": name,
        "allowed": f"{limit.free} in {_span(limit.window_seconds)}",
        "then": (
            f"429 TOO_MANY_ATTEMPTS for {_span(limit.first_wait_seconds)}, "
            f"doubling up to {_span(limit.longest_wait_seconds)}"
        ),
    }


def _span(seconds: int) -> str:
    for unit, name in ((HOUR, "h"), (MINUTE, "min")):
        if seconds % unit == 0:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"
