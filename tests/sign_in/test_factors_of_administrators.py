"""`MFA_POLICY=admins`: users with an administrative role need a second factor, all others do not."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from auth_api.flows.administration.explanation import ExplanationService
from auth_api.roles.tables import UserRoleRow
from auth_api.sessions.tables import SessionRow
from tests.conftest import OtherApp, OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.authenticator_app import add_app
from tests.support.enrolment import CONFIRM, begin_app, enrolment_token, send
from tests.support.held_hasher import held, requests_wait
from tests.support.passkeys import factors_of
from tests.support.roles import add_role, give_role
from tests.support.rows import user_rows
from tests.support.statements import recorded
from tests.support.visitor import Visitor

ENROLMENT = (403, "MFA_ENROLMENT_REQUIRED")
STEP_UP = (403, "STEP_UP_REQUIRED")


@pytest.fixture
async def registered(user_factory: UserFactory) -> Actor:
    """A user with a session from before she got an administrative role."""
    ada = await user_factory(is_verified=True)
    await give_role("ada", "support")
    return ada


@pytest.fixture
async def other(registered: Actor, app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    async with app_with(MFA_POLICY="admins") as other:
        registered.client = other.client
        yield other


@pytest.fixture
def ada(registered: Actor, other: OtherApp) -> Actor:
    return registered


async def obstacles(other: OtherApp) -> list[str]:
    return [each.code for each in (await other.services.of(ExplanationService).explain("ada")).obstacles]


async def test_administrator_adds_a_factor_at_the_login_and_keeps_it(ada: Actor, other: OtherApp) -> None:
    assert (await ada.log_in()).outcome == ENROLMENT
    assert [row["last_login"] for row in await user_rows()] == [None]
    assert await SessionRow.count() == 1
    assert await obstacles(other) == ["enrolment_required"]
    visitor = Visitor(ada.client)
    assert (await visitor.log_in()).name == "enrol"

    token = await enrolment_token(ada)
    app = await begin_app(ada, token)
    completed = await send(ada, CONFIRM, token, code=app.code())
    assert (completed.status, completed["acr"]) == (200, "aal2")
    ada.access_token = completed["access_token"]

    assert (await factors_of(ada))["required"] is True
    assert (await ada.call("DELETE", "/api/user/totp")).outcome == (409, "LAST_FACTOR")
    assert (await ada.log_in()).outcome == (403, "MFA_REQUIRED")
    await UserRoleRow.delete(force=True)
    assert (await factors_of(ada))["required"] is False
    assert (await ada.call("DELETE", "/api/user/totp")).status == 204


async def test_session_from_before_needs_a_factor_for_sensitive_changes(ada: Actor) -> None:
    assert (await ada.profile()).status == 200
    deletion = {"current_password": ada.password}

    refused = await ada.call("POST", "/api/user/delete", json=deletion)

    assert (refused.outcome, refused["acr_values"], refused["methods"]) == (STEP_UP, "aal2", [])
    assert refused["enrolment"] == ["passkey", "totp"]
    administration = await ada.call("GET", "/api/admin/users")
    assert (administration.outcome, administration["acr_values"]) == (STEP_UP, "aal2")
    await add_app(ada)
    assert (await ada.call("GET", "/api/admin/users")).status == 200


async def test_users_without_an_administrative_role_need_no_factor(ada: Actor, other: OtherApp) -> None:
    await UserRoleRow.delete(force=True)
    await add_role("shop", ["access:check", "orders:read", "profile:read", "revocations:read"])
    await give_role("ada", "shop")

    assert (await ada.log_in()).status == 200
    assert [row["last_login"] is not None for row in await user_rows()] == [True]
    assert await obstacles(other) == []
    assert (await factors_of(ada))["required"] is False
    assert (await ada.call("POST", "/api/user/delete", json={"current_password": ada.password})).status == 204


async def test_role_that_is_granted_during_the_login_counts(ada: Actor, other: OtherApp) -> None:
    await UserRoleRow.delete(force=True)

    async with held(other.services.core.hasher):
        login = asyncio.create_task(ada.log_in())
        await requests_wait(other.services.core.hasher)
        await give_role("ada", "auditor")

    assert (await login).outcome == ENROLMENT


async def test_policy_adds_no_statement_to_a_login(ada: Actor, other: OtherApp) -> None:
    await UserRoleRow.delete(force=True)
    with recorded(other.services.core.database.engine) as statements:
        assert (await ada.log_in()).status == 200

    assert [statement.split()[0] for statement in statements].count("SELECT") == 1
