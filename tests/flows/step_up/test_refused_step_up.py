"""Proofs that are not accepted, and requests that are invalid."""

from typing import Any

import pytest

from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory
from tests.support.actors import PASSWORD, Actor
from tests.support.exposition import Changes
from tests.support.factors import (
    add_totp,
    step_up,
    switch_two_step_on,
)
from tests.support.rows import audit_actions

WRONG = "Not-the-1-password"
NOT_FOUND = (404, "FACTOR_NOT_FOUND")


@pytest.mark.parametrize("state", ["app", "two-step", "without password"])
async def test_password_does_not_suffice_where_more_is_needed(ada: Actor, services: Services, state: str) -> None:
    if state == "app":
        await add_totp(services, ada.username)
    if state == "two-step":
        await switch_two_step_on(ada.username)
    if state == "without password":
        await UserRow.update({UserRow.hashed_password: UNUSABLE_HASH}, force=True)

    assert (await step_up(ada, method="password", password=PASSWORD)).outcome == NOT_FOUND


@pytest.mark.parametrize("method", ["totp", "recovery_code"])
async def test_code_of_an_account_without_factors_is_not_a_guess(ada: Actor, method: str) -> None:
    assert (await step_up(ada, method=method, code="123456")).outcome == NOT_FOUND
    assert await audit_actions() == ["account:registered"]


async def test_wrong_password_is_recorded_and_counts_with_those_of_logins(
    ada: Actor, app_with: OtherAppFactory
) -> None:
    changes = Changes()
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as other:
        ada.client = other.client
        wrong = [(await step_up(ada, method="password", password=WRONG)).outcome for _ in range(5)]
        refused = await step_up(ada, method="password", password=PASSWORD)
        login = await Actor(other.client).log_in()

    assert wrong == [(400, "FACTOR_INVALID")] * 5
    assert refused.outcome == login.outcome == (429, "TOO_MANY_ATTEMPTS")
    assert (await audit_actions()).count("step_up:failed") == 5
    assert changes.of("step_ups_total", method="password", outcome="invalid") == 5
    assert changes.of("step_ups_total", method="password", outcome="throttled") == 1


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"method": "totp"}, [("code", "missing")]),
        ({"method": "recovery_code", "code": None}, [("code", "missing")]),
        ({"method": "password"}, [("password", "missing")]),
        ({"method": "totp", "code": "1", "password": "x"}, [("password", "conflict")]),
        ({"method": "password", "code": "1", "password": "x"}, [("code", "conflict")]),
        ({"method": "password", "code": "1"}, [("code", "conflict"), ("password", "missing")]),
        ({"method": "sign_in"}, [("method", "type")]),
        ({"code": "123456"}, [("method", "missing")]),
        ({"method": ["totp"], "code": "1"}, [("method", "type")]),
        ({"method": "password", "password": "x" * 1025}, [("password", "too_long")]),
        ({"method": "totp", "code": "1" * 65}, [("code", "too_long")]),
    ],
    ids=str,
)
async def test_request_is_validated(ada: Actor, body: dict[str, Any], errors: list[tuple[str, str]]) -> None:
    response = await ada.call("POST", "/api/auth/step-up", json=body)

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert sorted((error["field"], error["code"]) for error in response["errors"]) == errors


async def test_token_is_checked_before_the_body(ada: Actor) -> None:
    assert (await step_up(ada, token="")).outcome == (401, "AUTHENTICATION_REQUIRED")
