"""Ada at a browser that is signed in, and an application that she does not know yet."""

import pytest

from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.authorization import Application, registered
from tests.support.visitor import Visitor


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with a verified e-mail address."""
    return await user_factory(is_verified=True)


@pytest.fixture
async def visitor(ada: Actor) -> Visitor:
    """Ada at a browser that is signed in."""
    visitor = Visitor(ada.client)
    await visitor.log_in()
    return visitor


@pytest.fixture
async def application(services: Services) -> Application:
    """An application of others, with a home page."""
    return await registered(services, uri="https://wiki.example.com/about")
