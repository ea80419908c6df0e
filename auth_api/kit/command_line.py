"""How a command of a package reaches its service: the context of the command line has the function that runs it."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

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
