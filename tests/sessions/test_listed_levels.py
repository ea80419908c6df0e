"""The list of sessions states how and how surely each user of them has proved their identity, as of now."""

from typing import Any

import pytest

from auth_api.sessions.tables import SessionRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.rows import age_sessions


async def listed(actor: Actor) -> tuple[str, list[str]]:
    """Return the level and the methods of the only session."""
    response = await actor.call("GET", "/api/user/sessions")
    (item,) = response["items"]
    return item["acr"], item["amr"]


@pytest.mark.parametrize(
    ("stored", "has_factor", "expected"),
    [
        ("pwd", False, ("aal1", ["pwd"])),
        ("pwd otp", True, ("aal2", ["pwd", "otp", "mfa"])),
        ("pwd swk", True, ("phr", ["pwd", "swk", "mfa"])),
        ("pwd otp", False, ("aal1", ["pwd", "otp"])),
    ],
)
async def test_list_states_the_level_of_a_session(
    user_factory: UserFactory, stored: str, has_factor: bool, expected: tuple[str, list[str]]
) -> None:
    ada = await user_factory()
    values: dict[Any, Any] = {SessionRow.amr: stored}
    if has_factor:
        values[SessionRow.mfa_at] = SessionRow.auth_time
    await SessionRow.update(values, force=True)

    assert await listed(ada) == expected


async def test_level_in_the_list_ends_with_the_time_of_the_second_factor(user_factory: UserFactory) -> None:
    """It is the present one, and not that of the last token."""
    ada = await user_factory()
    await SessionRow.update({SessionRow.amr: "pwd otp", SessionRow.mfa_at: SessionRow.auth_time}, force=True)

    await age_sessions(hours=25)

    assert await listed(ada) == ("aal1", ["pwd", "otp"])
