"""A user with an older session, for the tests of further proofs."""

import pytest

from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.clock import MovableClock
from tests.support.factors import add_totp, move_to_a_new_step
from tests.support.rows import age_sessions


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with a session that was opened ten minutes ago."""
    ada = await user_factory(is_verified=True)
    await age_sessions(minutes=10)
    return ada


@pytest.fixture
async def seed(ada: Actor, services: Services, clock: MovableClock) -> bytes:
    """The secret of her authenticator app, at the beginning of a time step."""
    move_to_a_new_step(clock)
    return await add_totp(services, ada.username)
