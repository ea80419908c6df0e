"""Show and check the providers of logins: `auth-api providers`."""

import json
import sys

import click

from auth_api.cli.context import load_settings, run
from auth_api.cli.doctor import print_findings
from auth_api.credentials.providers.policy import ProvidersPolicy
from auth_api.doctor.findings import Finding, has_failed
from auth_api.doctor.providers import check_providers, evaluate_role_map
from auth_api.flows.federation.provider_redirects import redirect_uri
from auth_api.kit.command_line import json_option
from auth_api.kit.text_tables import print_table
from auth_api.services import Services

COLUMNS = ("id", "name", "redirect_uri", "issuer", "sign_up")


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def providers(context: click.Context, /, *, as_json: bool) -> None:
    """Show the providers of logins, and the redirect URI to register at each."""
    if context.invoked_subcommand is not None:
        return
    settings = load_settings()
    rows = [
        {
            "id": each.id,
            "name": each.name,
            "redirect_uri": redirect_uri(settings.http.public_url, each.id),
            "issuer": each.issuer or None,
            "sign_up": each.sign_up,
        }
        for each in settings.of(ProvidersPolicy).configured
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        print_table(COLUMNS, ([row[column] for column in COLUMNS] for row in rows))


@providers.command()
@click.argument("provider_id", metavar="[ID]", required=False)
@json_option
def check(*, provider_id: str | None, as_json: bool) -> None:
    """Check one provider or all: discovery, keys, clock, PKCE and roles.

    Exit status 1 if a check fails.
    """

    async def work(services: Services) -> list[Finding]:
        core = services.core
        configured = [provider.settings for provider in core.providers.all()]
        chosen = [each for each in configured if provider_id in {None, each.id}]
        if not chosen:
            message = f"PROVIDERS does not list {provider_id}." if provider_id else "PROVIDERS is empty."
            raise click.ClickException(message)
        roles = await core.roles.all()
        findings = await check_providers(chosen, core.outbound)
        return findings + [finding for each in chosen for finding in evaluate_role_map(each, roles)]

    findings = run(work)
    print_findings(findings, as_json=as_json)
    sys.exit(1 if has_failed(findings) else 0)
