"""Removal, replacement and switching of second factors, and what follows from them for sessions and codes."""

from typing import Any

import pytest

from auth_api.credentials.recovery_codes.tables import RecoveryCodeRow
from auth_api.credentials.totp.tables import TotpCandidateRow, TotpFactorRow
from auth_api.flows.own_factors.service import OwnFactorsService
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions.errors import TokenRevokedException
from auth_api.sessions.tables import SessionRow
from auth_api.sign_in.tables import PendingLoginRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.aged_rows import ago
from tests.support.authenticator_app import AuthenticatorApp, add_app, begin_totp, confirm_totp
from tests.support.factors import add_totp, current_code
from tests.support.passkeys import stored_passkey
from tests.support.rows import age_sessions, audit_actions

STEP_UP = (403, "STEP_UP_REQUIRED")

CHANGES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "begin": ("POST", "/api/user/totp", {"json": {}}),
    "remove": ("DELETE", "/api/user/totp", {}),
    "switch": ("POST", "/api/user/two-step", {"json": {"enabled": False}}),
    "codes": ("POST", "/api/user/recovery-codes", {"json": {}}),
}


async def send(actor: Actor, change: str) -> ApiResponse:
    method, path, arguments = CHANGES[change]
    return await actor.call(method, path, **arguments)


async def switch(actor: Actor, *, enabled: bool) -> ApiResponse:
    return await actor.call("POST", "/api/user/two-step", json={"enabled": enabled})


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with a verified e-mail address, a session and an authenticator app."""
    ada = await user_factory(is_verified=True)
    await add_app(ada)
    return ada


@pytest.fixture
async def phone(ada: Actor, services: Services) -> Actor:
    """A second session of Ada, at the level of the app."""
    phone = Actor(ada.client)
    await UserRow.update({UserRow.two_step_since: None}, force=True)
    await phone.log_in()
    await UserRow.update({UserRow.two_step_since: UserRow.created_at}, force=True)
    await SessionRow.update({SessionRow.amr: "pwd otp", SessionRow.mfa_at: SessionRow.auth_time}, force=True)
    assert (await level_of(phone)) == "aal2"
    return phone


async def level_of(actor: Actor) -> str:
    """Return the level of the access token after a refresh."""
    return (
        "aal2"
        if (await SessionRow.select(SessionRow.mfa_at).where(SessionRow.id == await session_of(actor)))[0]["mfa_at"]
        else "aal1"
    )


async def session_of(actor: Actor) -> Any:
    items = (await actor.call("GET", "/api/user/sessions"))["items"]
    return next(item["id"] for item in items if item["current"])


@pytest.mark.parametrize("change", CHANGES)
async def test_change_needs_a_recent_proof_by_the_factor(ada: Actor, change: str) -> None:
    await age_sessions(seconds=301)
    await SessionRow.update({SessionRow.mfa_at: ago(seconds=301)}, force=True)

    response = await send(ada, change)

    assert (response.outcome, response["acr_values"]) == (STEP_UP, "aal2")
    assert response["methods"] == ["totp", "recovery_code"]
    assert await TotpFactorRow.count() == 1


@pytest.mark.parametrize("change", CHANGES)
async def test_change_needs_the_level_of_the_factor_without_two_step_login_too(
    user_factory: UserFactory, services: Services, change: str
) -> None:
    ada = await user_factory(is_verified=True)
    await stored_passkey(services, ada)

    response = await send(ada, change)

    assert (response.outcome, response["methods"]) == (STEP_UP, ["passkey"])


async def test_removal_of_the_last_factor_ends_two_step_login_and_deletes_the_codes(ada: Actor, phone: Actor) -> None:
    removed = await send(ada, "remove")

    assert removed.status == 204
    factors = (await ada.call("GET", "/api/user/factors")).json
    assert (factors["two_step"], factors["totp"], factors["recovery_codes"]) == (False, None, None)
    assert await RecoveryCodeRow.count() == 0
    for actor in (ada, phone):
        assert (await actor.profile()).status == 200
        assert (await level_of(actor)) == "aal1"
        refreshed = await actor.refresh()
        assert refreshed.status == 200
    assert (await audit_actions())[-2:] == ["two_step:disabled", "factor:removed"]


async def test_live_token_loses_its_level_with_the_last_factor(ada: Actor, services: Services) -> None:
    await send(ada, "remove")
    await add_totp(services, "ada")

    assert (await send(ada, "codes")).outcome == STEP_UP


async def test_removal_of_one_of_several_factors_keeps_two_step_login_and_the_own_level(
    ada: Actor, phone: Actor, services: Services
) -> None:
    await stored_passkey(services, ada)

    assert (await send(ada, "remove")).status == 204

    assert (await ada.call("GET", "/api/user/factors"))["two_step"] is True
    assert await RecoveryCodeRow.count() == 10
    assert [await level_of(actor) for actor in (ada, phone)] == ["aal2", "aal1"]


async def test_replaced_app_no_longer_works_and_other_sessions_lose_the_level(
    ada: Actor, phone: Actor, services: Services
) -> None:
    (before,) = await TotpFactorRow.select(TotpFactorRow.sealed)
    (since,) = await UserRow.select(UserRow.two_step_since)
    codes = await RecoveryCodeRow.select(RecoveryCodeRow.code_hash)

    _, confirmed = await add_app(ada)

    assert "recovery_codes" not in confirmed.json
    assert confirmed["sessions_ended"] == 0
    (after,) = await TotpFactorRow.select(TotpFactorRow.sealed)
    assert before["sealed"] != after["sealed"]
    assert await UserRow.select(UserRow.two_step_since) == [since]
    assert await RecoveryCodeRow.select(RecoveryCodeRow.code_hash) == codes
    assert [await level_of(actor) for actor in (ada, phone)] == ["aal2", "aal1"]
    assert (await audit_actions())[-2:] == ["factor:removed", "factor:added"]


async def test_app_in_use_works_until_the_new_one_is_confirmed(ada: Actor, services: Services) -> None:
    seed = await add_totp(services, "ada")
    await begin_totp(ada)
    login = await Actor(ada.client).log_in()

    body = {"mfa_token": login["mfa_token"], "method": "totp", "code": current_code(services, seed)}
    assert (await ada.call("POST", "/api/auth/mfa", token="", json=body)).status == 200


async def test_removal_without_an_app_keeps_the_candidate(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    await begin_totp(ada)

    assert (await send(ada, "remove")).outcome == (404, "FACTOR_NOT_FOUND")
    assert await TotpCandidateRow.count() == 1


async def test_only_the_later_of_two_enrolments_can_be_confirmed(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    first, second = await begin_totp(ada), await begin_totp(ada)

    assert first["secret"] != second["secret"]
    assert await TotpCandidateRow.count() == 1


async def test_expired_enrolment_is_not_found(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    await begin_totp(ada)
    await TotpCandidateRow.update({TotpCandidateRow.expires_at: ago(seconds=1)}, force=True)

    assert (await confirm_totp(ada, "123456")).outcome == (404, "FACTOR_NOT_FOUND")


async def test_new_recovery_codes_replace_the_earlier_ones(ada: Actor) -> None:
    before = await RecoveryCodeRow.select(RecoveryCodeRow.code_hash)

    created = await send(ada, "codes")

    assert (created.status, len(set(created["recovery_codes"]))) == (201, 10)
    after = await RecoveryCodeRow.select(RecoveryCodeRow.code_hash)
    assert len(after) == 10
    assert not {row["code_hash"] for row in before} & {row["code_hash"] for row in after}
    assert (await ada.call("GET", "/api/user/factors"))["recovery_codes"]["created_at"] == created["created_at"]


async def test_recovery_codes_need_a_factor(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)

    assert (await send(ada, "codes")).outcome == (404, "FACTOR_NOT_FOUND")


async def test_two_step_login_needs_a_usable_factor(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)

    assert (await switch(ada, enabled=True)).outcome == (404, "FACTOR_NOT_FOUND")
    assert (await switch(ada, enabled=False)).json == {"two_step": False, "two_step_since": None, "sessions_ended": 0}


async def test_two_step_login_by_passkey_is_switched_on_and_off_by_its_owner(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory(is_verified=True)
    await stored_passkey(services, ada)
    other = Actor(ada.client)
    await other.log_in()
    ada_session = await session_of(ada)
    await SessionRow.update({SessionRow.amr: "pwd swk", SessionRow.mfa_at: SessionRow.auth_time}).where(
        SessionRow.id == ada_session
    )
    await ada.refresh()

    on, again, off = [await switch(ada, enabled=enabled) for enabled in (True, True, False)]

    assert (on["two_step"], on["sessions_ended"], again["sessions_ended"]) == (True, 1, 0)
    assert on["two_step_since"] == again["two_step_since"]
    assert (await other.profile()).outcome == (401, "TOKEN_REVOKED")
    assert off.json == {"two_step": False, "two_step_since": None, "sessions_ended": 0}
    assert (await ada.call("GET", "/api/user/factors"))["two_step"] is False


async def test_switching_off_removes_the_app(ada: Actor) -> None:
    assert (await switch(ada, enabled=False)).status == 200

    assert await TotpFactorRow.count() == await RecoveryCodeRow.count() == 0
    assert (await audit_actions())[-2:] == ["two_step:disabled", "factor:removed"]


async def test_change_ends_logins_that_wait_for_a_factor(ada: Actor) -> None:
    await Actor(ada.client).log_in()

    await send(ada, "remove")

    assert await PendingLoginRow.count().where(PendingLoginRow.ended_at.is_null()) == 0


async def test_unverified_email_address_gets_no_factor(user_factory: UserFactory) -> None:
    ada = await user_factory()

    assert (await begin_totp(ada)).outcome == (403, "EMAIL_NOT_VERIFIED")


async def test_enrolment_is_refused_after_another_factor_was_added(
    user_factory: UserFactory, services: Services
) -> None:
    """A thief who only has the password began it before the owner added a passkey."""
    thief = await user_factory(is_verified=True)
    begun = await begin_totp(thief)
    await stored_passkey(services, thief)

    response = await confirm_totp(thief, AuthenticatorApp(begun["secret"]).code())

    assert response.outcome == STEP_UP
    assert await TotpFactorRow.count() == 0


async def test_session_that_has_ended_changes_nothing(ada: Actor, phone: Actor, services: Services) -> None:
    """Its request was identified before another one ended the session."""
    tokens = services.core.sessions.access_tokens
    principal = await services.core.sessions.principal(tokens.verify(phone.access_token))
    await phone.log_out()

    with pytest.raises(TokenRevokedException):
        await services.of(OwnFactorsService).remove_totp(principal, RequestContext())
    assert await TotpFactorRow.count() == 1
