"""An application whose limits are on, behind a proxy that says who is calling."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import CLIENT_IP, OtherApp, OtherAppFactory

PATIENT = {"DATABASE_POOL_TIMEOUT": "30", "DATABASE_CONNECT_TIMEOUT": "30", "DATABASE_STATEMENT_TIMEOUT": "30"}
"""Where many arrive at once, a slow machine must not decide by 503."""


@pytest.fixture
async def limited(app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    """With limits as they come, but for logins per address: those would hide the account throttle."""
    async with app_with(
        RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="1000", TRUSTED_PROXIES=CLIENT_IP, **PATIENT
    ) as other:
        yield other


@pytest.fixture
async def strict(app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    """With limits as they come."""
    async with app_with(RATE_LIMIT_ENABLED="true", TRUSTED_PROXIES=CLIENT_IP, **PATIENT) as other:
        yield other
