"""An application with limits, behind a proxy that reports the client's IP address."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import CLIENT_IP, OtherApp, OtherAppFactory


@pytest.fixture
async def limited(app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    """An application with the default limits, except logins per IP address, which would hide the account throttle."""
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="1000", TRUSTED_PROXIES=CLIENT_IP) as other:
        yield other


@pytest.fixture
async def strict(app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    """An application with the default limits."""
    async with app_with(RATE_LIMIT_ENABLED="true", TRUSTED_PROXIES=CLIENT_IP) as other:
        yield other
