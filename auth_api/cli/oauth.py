"""Try an application: `auth-api oauth try`."""

import asyncio
import ipaddress
import json
import os
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import click

from auth_api.cli.context import load_settings, run
from auth_api.kit.outbound.client import Outbound
from auth_api.kit.outbound.policy import OutboundPolicy
from auth_api.oauth.clients.client import OAuthClient
from auth_api.oauth.clients.service import Clients
from auth_api.oauth.resources.built_in_scopes import OFFLINE_ACCESS
from auth_api.oauth.resources.service import Resources
from auth_api.oauth.try_out.endpoints import Endpoints, TrialFailedError
from auth_api.oauth.try_out.trial import Trial
from auth_api.services import Services

SECRET_VARIABLE: Final = "OIDC_CLIENT_SECRET"  # noqa: S105 - the name of the variable

_ANYWHERE: Final = OutboundPolicy(
    allowed_networks=(ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")), allows_loopback=True
)
"""The operator decides where this server is, which is often in a private network."""


@click.command(name="try")
@click.argument("client_id")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    help="A scope to ask for; repeatable.  [default: those of the application, except offline_access]",
)
def try_(client_id: str, *, scopes: tuple[str, ...]) -> None:
    """Log in as the application CLIENT_ID would, and print what it learns, as JSON.

    The command calls the running server at PUBLIC_URL. A browser logs in and comes back to a redirect URI of this
    machine, or enters a code on the page for devices; a machine needs no browser. The client secret is asked for, or
    read from OIDC_CLIENT_SECRET.
    """
    client, asked, resource = run(partial(_plan, client_id, scopes))
    credentials = {"client_id": client_id}
    if client.has_secret:
        credentials["client_secret"] = os.environ.get(SECRET_VARIABLE) or _ask_for_secret()

    async def work() -> dict[str, Any]:
        outbound = Outbound(_ANYWHERE)
        try:
            endpoints = await Endpoints.discover(outbound, load_settings().http.public_url, credentials)
            tell = partial(click.echo, err=True)
            return await Trial(client=client, endpoints=endpoints, scope=asked, resource=resource, tell=tell).run()
        finally:
            await outbound.close()

    try:
        click.echo(json.dumps(asyncio.run(work()), indent=2))
    except TimeoutError as error:
        message = "No browser came back in time."
        raise click.ClickException(message) from error
    except (TrialFailedError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _ask_for_secret() -> str:
    if not sys.stdin.isatty():
        message = f"Not a terminal. Set {SECRET_VARIABLE} to the client secret."
        raise click.UsageError(message)
    return str(click.prompt("Client secret", hide_input=True, err=True))


async def _plan(client_id: str, scopes: Sequence[str], services: Services) -> tuple[OAuthClient, str, str]:
    """Return the application, the scopes to ask for, and the identifier of the resource of the access token."""
    client = await services.of(Clients).existing(client_id)
    wanted = tuple(scopes) or tuple(scope for scope in client.scopes if scope != OFFLINE_ACCESS)
    owners = await services.of(Resources).owner_of(wanted)
    resource = next((owners[scope].identifier for scope in wanted if scope in owners), "")
    return client, " ".join(wanted), resource
