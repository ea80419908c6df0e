"""Commands on a database of their own."""

from collections.abc import Callable
from subprocess import CompletedProcess
from urllib.parse import urlsplit

import pytest

from tests.support.deployment import Deployment
from tests.support.postgres import create_database

Command = Callable[..., CompletedProcess[str]]


@pytest.fixture
def auth_api(deployment: Deployment) -> Command:
    """Return a function that runs the command line to its end."""
    return deployment.command


@pytest.fixture
async def empty(deployment: Deployment) -> Deployment:
    """One whose database nobody has migrated yet."""
    if urlsplit(deployment.database_url).scheme == "sqlite":
        return deployment
    url = await create_database(deployment.database_url, f"{deployment.folder.name}_empty")
    return Deployment(deployment.folder, url)
