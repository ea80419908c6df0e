"""What the commands of packages share: how they reach their service, and how they ask for confirmation.

The context of the command line has the function that runs a command: `@click.pass_obj` passes it.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import click

S = TypeVar("S")
T = TypeVar("T")


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
