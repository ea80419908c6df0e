"""The level of assurance that the methods of a session reach."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Final

import pytest

from auth_api.sessions.claims import assurance_level

pytestmark = pytest.mark.engine_independent

NOW: Final = datetime(2026, 2, 19, 10, 30, 45, tzinfo=UTC)


@pytest.mark.parametrize(("amr", "mfa_at"), [*product([("pwd",), ()], [None, NOW, NOW - timedelta(days=1)])])
def test_password_reaches_one_factor_at_any_time(amr: tuple[str, ...], mfa_at: datetime | None) -> None:
    """Without another method, the time of a second factor proves nothing."""
    assert assurance_level(amr, mfa_at, NOW) == "aal1"
