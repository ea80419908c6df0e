"""An application with limits, behind a proxy that reports the client's IP address."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import CLIENT_IP, OtherApp, OtherAppFactory

LONG_TIMEOUTS = {
    "DATABASE_POOL_TIMEOUT": "30",
    "DATABASE_CONNECT_TIMEOUT": "30",
    "DATABASE_STATEMENT_TIMEOUT": "30",
    "PASSWORD_HASH_QUEUE_TIMEOUT": "10",
}
"""So that many parallel requests do not get 503 on a slow machine."""


@pytest.fixture
async def limited(app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    """An application with the default limits, except logins per IP address, which would hide the account throttle."""
    async with app_with(
        RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="1000", TRUSTED_PROXIES=CLIENT_IP, **LONG_TIMEOUTS
    ) as other:
        yield other


@pytest.fixture
async def strict(app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    """An application with the default limits."""
    async with app_with(RATE_LIMIT_ENABLED="true", TRUSTED_PROXIES=CLIENT_IP, **LONG_TIMEOUTS) as other:
        yield other
