"""Fixtures for several parts of the kit."""

import pytest

from tests.support.breakers import FakeService, ManualClock


@pytest.fixture
def clock() -> ManualClock:
    """A monotonic clock that passes only when a test advances it."""
    return ManualClock()


@pytest.fixture
def service() -> FakeService:
    """A service that is up."""
    return FakeService()
