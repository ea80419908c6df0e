"""Pages of the user's own sessions and security history."""

import pytest

from tests.conftest import UserFactory
from tests.support.actors import Actor


async def test_pages_of_sessions_contain_each_session_once(user_factory: UserFactory) -> None:
    ada = await user_factory()
    for _ in range(4):
        await ada.log_in()

    first = await ada.call("GET", "/api/user/sessions?limit=3")
    second = await ada.call("GET", f"/api/user/sessions?limit=3&cursor={first['next_cursor']}")

    shown = [*first["items"], *second["items"]]
    assert len({session["id"] for session in shown}) == 5
    assert [session["current"] for session in shown] == [True, False, False, False, False]
    assert second["next_cursor"] is None


async def test_one_session_can_be_ended(user_factory: UserFactory) -> None:
    ada = await user_factory()
    phone = Actor(ada.client, access_token=ada.access_token)
    await ada.log_in()
    sessions = (await ada.call("GET", "/api/user/sessions"))["items"]

    ended = await ada.call("DELETE", f"/api/user/sessions/{sessions[1]['id']}")

    assert ended.status == 204
    assert (await phone.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.profile()).status == 200


async def test_session_of_another_user_cannot_be_ended(user_factory: UserFactory) -> None:
    ada, grace = await user_factory(), await user_factory()
    session = (await ada.call("GET", "/api/user/sessions"))["items"][0]

    response = await grace.call("DELETE", f"/api/user/sessions/{session['id']}")

    assert response.outcome == (404, "SESSION_NOT_FOUND")
    assert (await ada.profile()).status == 200


async def test_history_is_newest_first(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await ada.log_in()

    history = await ada.call("GET", "/api/user/audit-log")

    assert [event["action"] for event in history["items"]] == ["login:succeeded", "account:registered"]


@pytest.mark.parametrize("path", ["/api/user/sessions", "/api/user/audit-log"])
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("cursor=", "cursor"),
        ("cursor=%F0", "cursor"),
        ("cursor=eA", "cursor"),
    ],
)
async def test_invalid_page_parameter_is_a_validation_error(
    user_factory: UserFactory, path: str, query: str, field: str
) -> None:
    ada = await user_factory()

    response = await ada.call("GET", f"{path}?{query}")

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert [error["field"] for error in response["errors"]] == [field]
