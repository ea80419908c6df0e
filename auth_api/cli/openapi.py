"""`auth-api openapi`."""

import click
import msgspec

from auth_api.app import create_app
from auth_api.cli.context import load_settings


@click.command()
def openapi() -> None:
    """Print the OpenAPI document, also where the pages are switched off."""
    settings = load_settings()
    shown = msgspec.structs.replace(settings, http=msgspec.structs.replace(settings.http, docs_enabled=True))
    document = msgspec.json.encode(create_app(shown).openapi_schema.to_schema(), order="sorted")
    click.echo(msgspec.json.format(document, indent=2))
