"""Commands with a database of their own."""

from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

from tests.support.deployment import Deployment

Command = Callable[..., CompletedProcess[str]]


@pytest.fixture
def auth_api(deployment: Deployment) -> Command:
    """Return a function that runs a command to its end."""
    return deployment.command
