"""Refreshes with malformed requests, unusual rows or database errors. A failure never ends the session."""

from typing import Any

import pytest

from auth_api.services import Services
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.faults import fault
from tests.support.rows import age_sessions, audit_actions


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("refresh_token", "missing")]),
        ({"token": "rt_a"}, [("refresh_token", "missing"), ("token", "unknown")]),
        ({"refresh_token": None}, [("refresh_token", "type")]),
        ({"refresh_token": 7}, [("refresh_token", "type")]),
        ({"refresh_token": "rt_" + "a" * 9000}, [("refresh_token", "too_long")]),
        ({"refresh_token": "rt_a", "access_token": "b"}, [("access_token", "unknown")]),
    ],
    ids=["missing", "other field", "null", "number", "too long", "unknown field"],
)
async def test_refresh_request_must_be_one_token(
    ada: Actor, body: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    response = await ada.call("POST", "/api/auth/refresh", token="", json=body)

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert [(error["field"], error["code"]) for error in response["errors"]] == errors


async def test_refresh_request_needs_a_body(ada: Actor) -> None:
    assert (await ada.call("POST", "/api/auth/refresh", token="")).outcome == (400, "MALFORMED_REQUEST")


@pytest.mark.parametrize("token", ["rt_\x00", "rt_ä", "rt_\n", "RT_" + "A" * 43])
async def test_refresh_token_with_unusual_characters_is_unknown(ada: Actor, token: str) -> None:
    response = await ada.try_refresh(token)

    assert response.outcome == (401, "TOKEN_INVALID")
    assert response.response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


async def test_access_token_of_a_refresh_request_is_ignored(user_factory: UserFactory) -> None:
    ada = await user_factory()
    body = {"refresh_token": ada.refresh_token}

    response = await ada.call("POST", "/api/auth/refresh", token="not.a.token", json=body)

    assert response.status == 200


async def test_ended_session_takes_precedence_over_an_expired_token(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await ada.log_out()
    await RefreshTokenRow.update({RefreshTokenRow.expires_at: RefreshTokenRow.created_at}, force=True)
    await SessionRow.update({SessionRow.expires_at: SessionRow.created_at}, force=True)

    assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")


async def test_used_token_that_has_expired_does_not_count_as_reused(user_factory: UserFactory) -> None:
    ada = await user_factory()
    first = await ada.try_refresh()
    await age_sessions(hours=1)  # the grace is over
    await RefreshTokenRow.update({RefreshTokenRow.expires_at: RefreshTokenRow.created_at}).where(
        RefreshTokenRow.used_at.is_not_null()
    )

    assert (await ada.try_refresh()).outcome == (401, "TOKEN_EXPIRED")
    assert (await ada.try_refresh(first["refresh_token"])).status == 200


async def test_token_that_was_revoked_itself_is_revoked(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await RefreshTokenRow.update({RefreshTokenRow.is_revoked: True}, force=True)

    assert (await ada.try_refresh()).outcome == (401, "TOKEN_REVOKED")


async def test_refresh_is_503_if_the_token_cannot_be_claimed(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    before = await SessionRow.select()

    async with fault(services.core.database.engine, "ignore", "UPDATE", "refresh_tokens"):
        response = await ada.try_refresh()

    assert response.outcome == (503, "SERVER_OVERLOADED")
    assert response.response.headers["Retry-After"] == "1"
    assert await SessionRow.select() == before
    assert (await ada.try_refresh()).status == 200


async def test_refresh_leaves_the_token_unused_if_the_successor_cannot_be_stored(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()
    before = await SessionRow.select()

    async with fault(services.core.database.engine, "refuse", "INSERT", "refresh_tokens"):
        assert (await ada.try_refresh()).outcome == (500, "INTERNAL_ERROR")

    assert await SessionRow.select() == before
    assert [row["used_at"] for row in await RefreshTokenRow.select()] == [None]
    assert (await ada.try_refresh()).status == 200


async def test_reuse_does_not_end_the_session_if_it_cannot_be_recorded(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()
    stolen = ada.refresh_token
    await ada.refresh()
    await ada.refresh()

    async with fault(services.core.database.engine, "refuse", "INSERT", "audit_logs"):
        assert (await ada.try_refresh(stolen)).outcome == (500, "INTERNAL_ERROR")

    assert (await ada.profile()).status == 200
    assert (await ada.try_refresh(stolen)).outcome == (401, "REFRESH_TOKEN_REUSED")
    assert (await audit_actions()).count("refresh_token:reused") == 1


async def test_reuse_does_not_end_other_sessions(user_factory: UserFactory) -> None:
    ada = await user_factory()
    phone = Actor(ada.client)
    await phone.log_in()
    stolen = ada.refresh_token
    await ada.refresh()
    await ada.refresh()

    assert (await ada.try_refresh(stolen)).outcome == (401, "REFRESH_TOKEN_REUSED")

    assert (await phone.profile()).status == 200
    assert (await phone.try_refresh()).status == 200
