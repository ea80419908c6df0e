"""A person at a browser who changes the second factors of their account."""

import httpx
import pytest

from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.visitor import Visitor


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with a verified e-mail address, who is logged in by an application, too."""
    return await user_factory(is_verified=True)


@pytest.fixture
async def visitor(ada: Actor, client: httpx.AsyncClient) -> Visitor:
    """Ada, just logged in at a browser without script."""
    visitor = Visitor(client, username=ada.username, email=ada.email)
    await visitor.log_in()
    return visitor
