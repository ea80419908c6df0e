"""Accounts of a server that requires second factors: sessions from before, and the last factor."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.credentials.recovery_codes.tables import RecoveryCodeRow
from auth_api.credentials.totp.tables import TotpFactorRow
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.authenticator_app import AuthenticatorApp, add_app, begin_totp, confirm_totp
from tests.support.factors import step_up
from tests.support.mail_flows import verifying_app
from tests.support.mailbox import Mailbox
from tests.support.passkeys import add_passkey, factors_of, new_authenticator, remove_passkey
from tests.support.rows import age_sessions

STEP_UP = (403, "STEP_UP_REQUIRED")
LAST_FACTOR = (409, "LAST_FACTOR")


@pytest.fixture
async def ada(user_factory: UserFactory, app_with: OtherAppFactory, mailbox: Mailbox) -> AsyncIterator[Actor]:
    """A user with a session from before the server required second factors."""
    ada = await user_factory(is_verified=True)
    async with verifying_app(app_with, mailbox, MFA_POLICY="required") as other:
        ada.client = other.client
        yield ada


async def change_email(actor: Actor) -> ApiResponse:
    body = {"new_email": "ada@example.org", "current_password": actor.password}
    return await actor.call("POST", "/api/user/email", json=body)


async def switch_off(actor: Actor) -> tuple[int, str]:
    return (await actor.call("POST", "/api/user/two-step", json={"enabled": False})).outcome


async def remove_totp(actor: Actor) -> tuple[int, str]:
    return (await actor.call("DELETE", "/api/user/totp")).outcome


async def test_session_from_before_goes_on(ada: Actor) -> None:
    assert (await ada.refresh()).status == 200
    assert (await ada.profile()).status == 200

    (session,) = (await ada.call("GET", "/api/user/sessions"))["items"]
    assert session["acr"] == "aal1"
    assert (await factors_of(ada))["required"] is True


async def test_factors_are_not_required_by_default(user_factory: UserFactory) -> None:
    assert (await factors_of(await user_factory()))["required"] is False


async def test_sensitive_change_of_such_a_session_names_the_factors_that_can_be_added(ada: Actor) -> None:
    response = await change_email(ada)

    assert response.outcome == STEP_UP
    members = {name: response[name] for name in ("acr_values", "methods", "enrolment")}
    assert members == {"acr_values": "aal2", "methods": [], "enrolment": ["passkey", "totp"]}
    challenge = response.response.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer error="insufficient_user_authentication", acr_values="aal2"')


@pytest.mark.parametrize("path", ["/api/user/password", "/api/user/delete"])
async def test_password_does_not_replace_the_missing_factor(ada: Actor, path: str) -> None:
    body = {"current_password": ada.password}
    if path == "/api/user/password":
        body["new_password"] = "Another-Horse-8-Battery"

    response = await ada.call("POST", path, json=body)

    assert (response.outcome, response["acr_values"]) == (STEP_UP, "aal2")


async def test_first_factor_is_added_by_the_password_only(ada: Actor) -> None:
    await add_app(ada)

    assert (await change_email(ada)).status == 202


async def test_first_passkey_is_added_by_the_password_only(ada: Actor) -> None:
    assert (await add_passkey(ada, new_authenticator())).status == 201

    assert (await change_email(ada)).status == 202


async def test_first_factor_needs_a_recent_proof_by_the_password(ada: Actor) -> None:
    await age_sessions(seconds=301)

    refused = await begin_totp(ada)

    members = {name: refused[name] for name in ("acr_values", "methods", "enrolment")}
    assert refused.outcome == STEP_UP
    assert members == {"acr_values": "aal1", "methods": ["password"], "enrolment": []}
    ada.access_token = (await step_up(ada, method="password", password=ada.password))["access_token"]
    assert (await begin_totp(ada)).status == 201


async def test_account_whose_factor_cannot_be_used_adds_no_other_one(ada: Actor) -> None:
    """Not even with the password: the factor protects the account although the server has lost its key."""
    await add_app(ada)
    await TotpFactorRow.update({TotpFactorRow.sealed: "1.00000000." + "A" * 60}, force=True)
    await UserRow.update({UserRow.two_step_since: None}, force=True)
    await RecoveryCodeRow.delete(force=True)
    await SessionRow.update({SessionRow.mfa_at: None}, force=True)

    response = await begin_totp(ada)

    assert response.outcome == STEP_UP
    assert (response["acr_values"], response["methods"], response["enrolment"]) == ("aal2", [], [])


async def test_enrolment_ends_when_another_session_adds_a_factor(ada: Actor) -> None:
    phone = Actor(ada.client, access_token=ada.access_token)
    app = AuthenticatorApp((await begin_totp(phone))["secret"])
    await add_passkey(ada, new_authenticator())

    assert (await confirm_totp(phone, app.code())).outcome == STEP_UP
    assert await TotpFactorRow.count() == 0


async def test_last_app_stays(ada: Actor) -> None:
    await add_app(ada)

    assert await remove_totp(ada) == LAST_FACTOR
    assert await switch_off(ada) == LAST_FACTOR

    factors = await factors_of(ada)
    assert (factors["two_step"], factors["totp"]["usable"], factors["recovery_codes"]["left"]) == (True, True, 10)
    assert (await change_email(ada)).status == 202


async def test_last_passkey_stays(ada: Actor) -> None:
    passkey = (await add_passkey(ada, new_authenticator()))["passkey"]

    assert await remove_passkey(ada, passkey["id"]) == LAST_FACTOR

    assert await PasskeyRow.count() == 1


async def test_factor_beside_another_one_can_be_removed(ada: Actor) -> None:
    await add_app(ada)
    passkey = (await add_passkey(ada, new_authenticator()))["passkey"]

    assert await remove_totp(ada) == (204, "")
    assert await switch_off(ada) == (200, "")
    assert await remove_passkey(ada, passkey["id"]) == LAST_FACTOR


async def test_factor_that_cannot_be_used_does_not_replace_the_last_one(ada: Actor) -> None:
    await add_app(ada)
    await add_passkey(ada, new_authenticator())
    await PasskeyRow.update({PasskeyRow.rp_id: "old.example"}, force=True)

    assert await remove_totp(ada) == LAST_FACTOR
    assert await switch_off(ada) == LAST_FACTOR
    assert await TotpFactorRow.count() == 1


async def test_two_step_login_stays_on_if_no_factor_can_be_used(ada: Actor) -> None:
    await add_passkey(ada, new_authenticator())
    assert (await ada.call("POST", "/api/user/two-step", json={"enabled": True})).status == 200
    await PasskeyRow.update({PasskeyRow.rp_id: "old.example"}, force=True)

    assert await switch_off(ada) == LAST_FACTOR
    assert (await factors_of(ada))["two_step"] is True


async def test_concurrent_removals_leave_one_passkey(ada: Actor) -> None:
    ids = [(await add_passkey(ada, new_authenticator()))["passkey"]["id"] for _ in range(2)]

    outcomes = await asyncio.gather(*(remove_passkey(ada, passkey_id) for passkey_id in ids))

    assert sorted(outcomes) == [(204, ""), LAST_FACTOR]
    assert await PasskeyRow.count() == 1


async def test_switching_off_twice_changes_nothing(ada: Actor) -> None:
    await add_passkey(ada, new_authenticator())

    assert await switch_off(ada) == (200, "")
