"""What several units of the kit are tested with."""

import pytest

from tests.support.breakers import Service, StandingClock


@pytest.fixture
def time() -> StandingClock:
    """Monotonic seconds that stand still."""
    return StandingClock()


@pytest.fixture
def service() -> Service:
    """A service that is up."""
    return Service()
