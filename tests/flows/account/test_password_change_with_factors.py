"""A password change of an account with a second factor, or without a password, needs a recent proof of identity."""

import pytest

from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.aged_rows import ago
from tests.support.authenticator_app import add_app
from tests.support.factors import add_totp, switch_two_step_on

STEP_UP = (403, "STEP_UP_REQUIRED")


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with a verified e-mail address, a session and an authenticator app."""
    ada = await user_factory(is_verified=True)
    await add_app(ada)
    return ada


async def test_password_change_of_an_account_with_a_factor_needs_a_recent_proof(ada: Actor) -> None:
    await SessionRow.update({SessionRow.mfa_at: ago(seconds=301)}, force=True)
    wrong = {"current_password": "wrong", "new_password": "Another-Mare-8-Paperclip"}

    assert (await ada.call("POST", "/api/user/password", json=wrong)).outcome == STEP_UP


async def test_password_change_keeps_the_level_of_the_session(ada: Actor) -> None:
    body = {"current_password": ada.password, "new_password": "Another-Mare-8-Paperclip"}
    (before,) = await SessionRow.select(SessionRow.mfa_at)

    response = await ada.call("POST", "/api/user/password", json=body)

    assert response.status == 200
    after = await SessionRow.select(SessionRow.mfa_at, SessionRow.amr).where(SessionRow.ended_at.is_null())
    assert after == [{**before, "amr": "otp pwd"}]


async def test_password_is_missing_only_if_the_account_has_one(user_factory: UserFactory) -> None:
    ada = await user_factory()
    body = {"new_password": "Another-Mare-8-Paperclip"}

    missing = await ada.call("POST", "/api/user/password", json=body)
    await UserRow.update({UserRow.hashed_password: "!"}, force=True)
    accepted = await ada.call("POST", "/api/user/password", json=body)

    assert (missing.outcome, missing["errors"][0]["field"]) == ((400, "VALIDATION_ERROR"), "current_password")
    assert accepted.status == 200
    assert (await ada.log_in(password="Another-Mare-8-Paperclip")).status == 200


async def test_two_step_login_that_was_switched_on_meanwhile_stops_a_password_change(
    user_factory: UserFactory, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await user_factory()
    hasher = services.core.hasher
    compute = hasher.hash

    async def hash_meanwhile(password: str) -> str:
        await add_totp(services, "ada")
        await switch_two_step_on("ada")
        return await compute(password)

    monkeypatch.setattr(hasher, "hash", hash_meanwhile)
    body = {"current_password": ada.password, "new_password": "Another-Mare-8-Paperclip"}

    assert (await ada.call("POST", "/api/user/password", json=body)).outcome == STEP_UP
    monkeypatch.undo()
    assert (await ada.log_in()).outcome == (403, "MFA_REQUIRED")
