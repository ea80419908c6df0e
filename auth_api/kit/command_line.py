"""What the commands of packages share: how they reach their service, and how they ask for confirmation.

The context of the command line has the function that runs a command: `@click.pass_obj` passes it.
"""

import json
import sys
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import click

S = TypeVar("S")
T = TypeVar("T")


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")


class ServiceFinder(Protocol):
    """Finds the services of all features by their class."""

    def of(self, kind: type[S]) -> S:
        """Return the service of a class."""


class Run(Protocol):
    """Runs a command with the settings, on an open database."""

    def __call__(self, command: Callable[[ServiceFinder], Awaitable[T]]) -> T:
        """Run a command, and return its result."""


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is destroyed; exit with status 1 for no, and 2 without a terminal."""
    if yes:
        return
    if not sys.stdin.isatty():
        message = f"{question} Not a terminal. Pass --yes to confirm."
        raise click.UsageError(message)
    click.confirm(question, abort=True)


def report(sentence: str, *, as_json: bool, **facts: bool | int) -> None:
    """Print what a command has done: the sentence, or the facts as JSON."""
    click.echo(json.dumps(facts, indent=2) if as_json else sentence)
