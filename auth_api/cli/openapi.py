"""Print the OpenAPI document: `auth-api openapi`."""

from pathlib import Path

import click
import msgspec

from auth_api.app import create_app
from auth_api.cli.context import load_settings
from auth_api.kit.mail.folder import FolderMailer
from auth_api.oauth.keys.policy import OAuthPolicy


@click.command()
def openapi() -> None:
    """Print the OpenAPI document, including operations that the settings switch off."""
    settings = load_settings()
    oauth = msgspec.structs.replace(settings.of(OAuthPolicy), enabled=True)
    shown = msgspec.structs.replace(
        settings,
        http=msgspec.structs.replace(settings.http, docs_enabled=True),
        passkeys=msgspec.structs.replace(settings.passkeys, enabled=True),
        of_features={**settings.of_features, OAuthPolicy: oauth},
    )
    app = create_app(shown, mailer=FolderMailer(Path(), settings.mail.sender))
    document = msgspec.json.encode(app.openapi_schema.to_schema(), order="sorted")
    click.echo(msgspec.json.format(document, indent=2))
