"""Fixtures: the application in production mode, behind a trusted proxy."""

from contextlib import AbstractAsyncContextManager

import pytest

from tests.conftest import CLIENT_IP, OtherApp, OtherAppFactory


@pytest.fixture
def production(app_with: OtherAppFactory) -> OtherAppFactory:
    """Return a function whose context manager starts the application in production mode."""

    def make(**variables: str) -> AbstractAsyncContextManager[OtherApp]:
        fixed = {
            "ENVIRONMENT": "production",
            "JWT_SECRET_KEY": "9fK2-vQ7x_Lw4Rz8Tn1Yc6Hb3Jd5Gm0Ps",
            "PUBLIC_URL": "https://auth.company.test",
            "TRUSTED_PROXIES": CLIENT_IP,
        }
        return app_with(**{**fixed, **variables})

    return make
