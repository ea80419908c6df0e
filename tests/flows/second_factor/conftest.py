"""A user with two-step login, for the tests of the second step."""

import pytest

from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.clock import MovableClock
from tests.support.factors import add_totp, move_to_a_new_step, switch_two_step_on


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with two-step login."""
    ada = await user_factory(is_verified=True)
    await switch_two_step_on(ada.username)
    return ada


@pytest.fixture
async def seed(ada: Actor, services: Services, clock: MovableClock) -> bytes:
    """The secret of her authenticator app, at the beginning of a time step."""
    move_to_a_new_step(clock)
    return await add_totp(services, ada.username)
