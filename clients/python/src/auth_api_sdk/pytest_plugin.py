"""The fixture `auth_issuer`, for tests of services that check tokens of auth_api."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from auth_api_sdk.testing import TestIssuer


@pytest.fixture
def auth_issuer() -> Iterator["TestIssuer"]:
    """An issuer in memory: makes tokens, and lets verifiers trust them."""
    from auth_api_sdk.testing import TestIssuer  # noqa: PLC0415 - most tests do not need it, nor what it imports

    issuer = TestIssuer()
    yield issuer
    issuer.close()
