"""`auth-api secrets`."""

from secrets import token_urlsafe

import click


@click.group()
def secrets() -> None:
    """Secrets for the settings."""


@secrets.command()
def generate() -> None:
    """Print a secret for JWT_SECRET_KEY or TOKEN_DERIVATION_KEY: 384 random bits."""
    click.echo(token_urlsafe(48))
