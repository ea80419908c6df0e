"""Options of commands for the fields of the profile: `--display-name` and so on."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from auth_api.users.profile import Profile


def profile_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each field of the profile; `given_fields` evaluates the values."""
    for name in reversed(Profile.__struct_fields__):
        words = name.replace("_", " ")
        command = click.option(f"--{words.replace(' ', '-')}", name, help=f"The {words} of the user.")(command)
    return command


def given_fields(options: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the fields whose options were given, with None for an empty value."""
    return {name: value or None for name, value in options.items() if value is not None}
