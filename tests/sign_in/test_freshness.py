"""Sensitive changes are confirmed by the password or, without one, by a recent login."""

from datetime import timedelta
from typing import Any, Final

import pytest

from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.services import Services
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.claims import Claims
from auth_api.sessions.tables import SessionRow
from auth_api.sign_in.freshness import Freshness
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.mail_flows import confirm
from tests.support.mailbox import Mailbox
from tests.support.rows import age_sessions, audit_actions

NEW: Final = "ada@example.org"

REQUESTS: Final[dict[str, dict[str, Any]]] = {"/api/user/email": {"new_email": NEW}, "/api/user/delete": {}}

STEP_UP: Final = (403, "STEP_UP_REQUIRED")

each_request = pytest.mark.parametrize("path", REQUESTS)


async def send(actor: Actor, path: str, *, token: str | None = None, **more: str) -> ApiResponse:
    return await actor.call("POST", path, token=token, json={**REQUESTS[path], **more})


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with a session whose password was removed."""
    ada = await user_factory(is_verified=True)
    await UserRow.update({UserRow.hashed_password: UNUSABLE_HASH}, force=True)
    return ada


async def test_account_without_a_password_changes_its_email_address_after_a_recent_login(
    ada: Actor, mailbox: Mailbox
) -> None:
    requested = await send(ada, "/api/user/email")
    confirmed = await confirm(ada, await mailbox.token(), bearer=ada.access_token)

    assert (requested.status, confirmed.status) == (202, 200)
    assert (await ada.profile())["email"] == NEW


async def test_account_without_a_password_deletes_itself_after_a_recent_login(ada: Actor) -> None:
    assert (await send(ada, "/api/user/delete")).status == 204

    assert await UserRow.count() == 0


@each_request
async def test_old_login_is_refused_with_what_the_user_can_do(ada: Actor, path: str) -> None:
    await age_sessions(seconds=301)

    response = await send(ada, path)

    assert response.outcome == STEP_UP
    members = {name: response[name] for name in ("acr_values", "max_age", "methods", "enrolment")}
    assert members == {"acr_values": "aal1", "max_age": 300, "methods": ["sign_in"], "enrolment": []}
    assert response.response.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_user_authentication", acr_values="aal1", max_age="300"'
    )
    assert (await ada.profile()).status == 200
    assert await audit_actions() == ["account:registered"]


async def test_maximum_age_of_a_login_can_be_set(ada: Actor, app_with: OtherAppFactory) -> None:
    await age_sessions(seconds=301)

    async with app_with(STEP_UP_MAX_AGE_SECONDS="3600") as other:
        ada.client = other.client
        assert (await send(ada, "/api/user/delete")).status == 204


async def test_maximum_age_in_the_response_is_the_one_that_is_set(ada: Actor, app_with: OtherAppFactory) -> None:
    await age_sessions(seconds=61)

    async with app_with(STEP_UP_MAX_AGE_SECONDS="60") as other:
        ada.client = other.client
        response = await send(ada, "/api/user/delete")

    assert (response.outcome, response["max_age"]) == (STEP_UP, 60)


@each_request
async def test_token_gains_nothing_from_a_later_login(ada: Actor, services: Services, path: str) -> None:
    """Its time of authentication may be earlier than that of its session, and then decides."""
    session = await SessionRow.objects().first()
    assert session is not None
    earlier = session.auth_time - timedelta(seconds=301)
    claims = Claims(
        user_id=session.user_id,
        session_id=session.id,
        amr=("pwd",),
        auth_time=earlier,
        mfa_at=None,
        now=session.auth_time,
    )
    sessions = services.core.sessions
    token = sessions.access_tokens.issue(claims, session_ends_in=sessions.policy.access_ttl).raw

    assert (await send(ada, path, token=token)).outcome == STEP_UP


@each_request
async def test_password_is_refused_where_the_account_has_none(ada: Actor, path: str) -> None:
    assert (await send(ada, path, current_password=ada.password)).outcome == (401, "INVALID_CREDENTIALS")


@each_request
async def test_account_with_a_password_need_not_send_it_after_a_recent_login(
    user_factory: UserFactory, path: str
) -> None:
    grace = await user_factory()

    assert (await send(grace, path)).status in {202, 204}


@each_request
async def test_account_with_a_password_is_asked_for_it_long_after_the_login(
    user_factory: UserFactory, path: str
) -> None:
    grace = await user_factory()
    await age_sessions(seconds=301)

    response = await send(grace, path)

    assert (response.outcome, response["methods"]) == (STEP_UP, ["password"])


@each_request
async def test_password_confirms_a_change_long_after_the_login(user_factory: UserFactory, path: str) -> None:
    grace = await user_factory()
    await age_sessions(days=1)

    assert (await send(grace, path, current_password=grace.password)).status in {202, 204}


@each_request
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("confirmed_by", ["password", "login"])
async def test_confirmation_does_not_outlast_the_end_of_the_session(  # noqa: PLR0913, PLR0917 - fixtures
    user_factory: UserFactory,
    services: Services,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    moment: str,
    confirmed_by: str,
) -> None:
    """All access is revoked, and the password removed, while a request of the attacker is in progress."""
    ada = await user_factory(is_verified=True)
    if confirmed_by == "login" and moment == "after":
        await UserRow.update({UserRow.hashed_password: UNUSABLE_HASH}, force=True)
    confirm = Freshness.confirm

    async def revoke_all_access() -> None:
        core = services.core
        user = await core.users.find(ada.username)

        async def work() -> None:
            await core.users.lock(user.id)
            await core.access_revocation.revoke(AccessEvent.REPORTED, user.id)

        await core.database.transaction(work)

    async def interrupted(self: Freshness, *arguments: Any, **more: Any) -> Any:
        if moment == "before":
            await revoke_all_access()
        result = await confirm(self, *arguments, **more)
        if moment == "after":
            await revoke_all_access()
        return result

    monkeypatch.setattr(Freshness, "confirm", interrupted)
    more = {"current_password": ada.password} if confirmed_by == "password" else {}

    response = await send(ada, path, **more)

    assert response.outcome in {(401, "TOKEN_REVOKED"), (401, "INVALID_CREDENTIALS")}
    assert [mail for mail in await mailbox.collect() if mail.recipient == NEW] == []
    assert await UserRow.count() == 1
