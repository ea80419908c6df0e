"""The group of commands `auth-api oauth`, to which the packages of the OAuth provider add theirs."""

import click


@click.group()
def oauth() -> None:
    """Manage the applications to which users sign in with this server."""


def in_oauth_group(command: click.Command) -> click.Group:
    """Add a command to the group, and return the group for the manifest of the package."""
    oauth.add_command(command)
    return oauth
