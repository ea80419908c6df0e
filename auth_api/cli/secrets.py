"""Generate secrets: `auth-api secrets`."""

import click

from auth_api.kit.crypto.generation import new_secret


@click.group()
def secrets() -> None:
    """Generate secrets for the settings."""


@secrets.command()
def generate() -> None:
    """Print a new secret for JWT_SECRET_KEY or TOKEN_DERIVATION_KEY."""
    click.echo(new_secret())
