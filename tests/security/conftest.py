"""A server process, for tests on the level of sockets."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import DeploymentFactory
from tests.support.processes import RunningServer


@pytest.fixture(scope="session")
async def server(deployment_factory: DeploymentFactory) -> AsyncIterator[RunningServer]:
    """A server for all tests of this folder."""
    deployment = await deployment_factory()
    with deployment.server() as running:
        yield running
