"""`auth-api secrets`."""

import click

from auth_api.kit.crypto.generation import new_secret


@click.group()
def secrets() -> None:
    """Secrets for the settings."""


@secrets.command()
def generate() -> None:
    """Print a secret for JWT_SECRET_KEY or TOKEN_DERIVATION_KEY: 384 random bits."""
    click.echo(new_secret())
