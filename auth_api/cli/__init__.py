"""The command line: `auth-api`, or `python -m auth_api`.

Exit status: 0 for success, 1 for a failure or an unknown name, 2 for invalid arguments or settings or a missing
confirmation (`--yes`).
"""

import sys
from typing import Final

import click

from auth_api import __version__
from auth_api.cli.context import run
from auth_api.cli.doctor import doctor
from auth_api.cli.keys import keys
from auth_api.cli.limits import limits
from auth_api.cli.mail import mail
from auth_api.cli.migrate import migrate
from auth_api.cli.oauth import try_
from auth_api.cli.openapi import openapi
from auth_api.cli.providers import providers
from auth_api.cli.secrets import secrets
from auth_api.cli.serve import serve
from auth_api.features import COMMANDS
from auth_api.kit.errors import ApplicationException, ValidationException
from auth_api.oauth.resources.command_group import in_oauth_group
from auth_api.settings.files import UnreadableFileError
from auth_api.settings.reader import InvalidSettingsError

OWN_COMMANDS: Final = (serve, migrate, doctor, mail, secrets, keys, limits, providers, openapi)
"""The commands that belong to no feature."""

INVALID_SETTINGS_STATUS: Final = 2


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "obj": run},
    epilog="Exit status: 0 success, 1 failure or unknown name, 2 invalid arguments or settings.",
)
@click.version_option(__version__, prog_name="auth-api")
def commands() -> None:
    """Run and administer the authentication server."""


for command in (*OWN_COMMANDS, *COMMANDS, in_oauth_group(try_)):
    commands.add_command(command)


def main() -> None:
    """Run a command, and print errors of the settings and of the application as sentences."""
    try:
        commands()
    except (InvalidSettingsError, UnreadableFileError) as error:
        click.echo(f"The settings are invalid:\n{error}", err=True)
        sys.exit(INVALID_SETTINGS_STATUS)
    except ValidationException as error:
        lines = [f"  {problem.field}: {problem.message}" for problem in error.errors]
        click.echo("\n".join([error.detail, *lines]), err=True)
        sys.exit(1)
    except ApplicationException as error:
        click.echo(error.detail, err=True)
        sys.exit(1)
