"""An authenticator app is added in two steps, and replaces an earlier one."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from auth_api.credentials.totp.tables import TotpCandidateRow, TotpFactorRow
from auth_api.sessions.tables import SessionRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.authenticator_app import AuthenticatorApp, add_app, begin_totp, confirm_totp, present_step
from tests.support.rows import age_sessions, audit_actions

NO_FACTORS = {
    "two_step": False,
    "two_step_since": None,
    "required": False,
    "totp": None,
    "passkeys": [],
    "recovery_codes": None,
    "enrolment": ["passkey", "totp"],
}


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with a verified e-mail address and a session."""
    return await user_factory(is_verified=True)


async def factors_of(actor: Actor) -> dict[str, object]:
    response = await actor.call("GET", "/api/user/factors")
    assert response.status == 200
    document: dict[str, object] = response.json
    return document


async def test_account_without_factors_can_add_an_app(ada: Actor) -> None:
    assert await factors_of(ada) == NO_FACTORS


async def test_enrolment_returns_the_secret_as_text_as_uri_and_as_picture(ada: Actor) -> None:
    begun = await begin_totp(ada)

    uri = urlsplit(begun["otpauth_uri"])
    assert (begun.status, begun["expires_in"], len(begun["secret"])) == (201, 600, 32)
    assert (uri.scheme, uri.netloc, unquote(uri.path)) == ("otpauth", "totp", "/auth_api:ada@example.com")
    assert parse_qs(uri.query) == {"secret": [begun["secret"]], "issuer": ["auth_api"]}
    assert begun["qr_code"].startswith("data:image/png;base64,")
    assert await factors_of(ada) == NO_FACTORS


async def test_confirmed_app_is_a_proof_that_brings_recovery_codes_and_two_step_login(ada: Actor) -> None:
    _, confirmed = await add_app(ada)

    assert set(confirmed.json) == {
        "access_token",
        "token_type",
        "expires_in",
        "acr",
        "amr",
        "auth_time",
        "totp",
        "sessions_ended",
        "recovery_codes",
    }
    assert (confirmed["acr"], confirmed["amr"]) == ("aal2", ["pwd", "otp", "mfa"])
    assert len(set(confirmed["recovery_codes"])) == 10
    factors = await factors_of(ada)
    assert factors["two_step"] is True
    assert factors["totp"] == confirmed["totp"]
    assert confirmed["totp"]["last_used_at"] is None
    assert await audit_actions() == ["account:registered", "factor:added", "two_step:enabled"]


async def test_confirmation_ends_all_other_sessions(ada: Actor) -> None:
    other = Actor(ada.client)
    await other.log_in()

    _, confirmed = await add_app(ada)

    assert confirmed["sessions_ended"] == 1
    assert (await other.profile()).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.profile()).status == 200
    reasons = await SessionRow.select(SessionRow.ended_reason).where(SessionRow.ended_at.is_not_null())
    assert [row["ended_reason"] for row in reasons] == ["two_step_enabled"]
    assert (await ada.refresh()).status == 200


async def test_code_of_the_confirmation_is_used_up(ada: Actor) -> None:
    app, _ = await add_app(ada)
    used = app.code_of(app.next_step - 1)
    login = await Actor(ada.client).log_in()

    response = await ada.call(
        "POST", "/api/auth/mfa", token="", json={"mfa_token": login["mfa_token"], "method": "totp", "code": used}
    )

    assert response.outcome == (400, "FACTOR_INVALID")


@pytest.mark.parametrize("distance", [-2, 3])
async def test_code_of_a_distant_step_is_refused(ada: Actor, distance: int) -> None:
    """Not 2, as the present step may end between the look at the clock and the request."""
    app = AuthenticatorApp((await begin_totp(ada))["secret"])

    response = await confirm_totp(ada, app.code_of(present_step() + distance))

    assert response.outcome == (400, "FACTOR_INVALID")
    assert await TotpFactorRow.count() == 0
    assert await TotpCandidateRow.count() == 1


async def test_confirmation_without_an_enrolment_finds_no_factor(ada: Actor) -> None:
    assert (await confirm_totp(ada, "123456")).outcome == (404, "FACTOR_NOT_FOUND")


async def test_old_session_begins_no_enrolment(ada: Actor) -> None:
    await age_sessions(seconds=301)

    assert (await begin_totp(ada)).outcome == (403, "STEP_UP_REQUIRED")


async def test_server_without_a_data_key_has_no_apps(ada: Actor, app_with: OtherAppFactory) -> None:
    async with app_with(
        ENVIRONMENT="production",
        PUBLIC_URL="https://auth.corp.net",
        JWT_SECRET_KEY="qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2",
    ) as other:
        other.client.base_url = "https://auth.corp.net"
        ada.client = other.client
        await ada.log_in()
        assert (await begin_totp(ada)).outcome == (404, "NOT_FOUND")
        assert (await confirm_totp(ada, "123456")).outcome == (404, "NOT_FOUND")


async def test_app_is_confirmed_only_by_the_session_that_was_shown_its_secret(ada: Actor) -> None:
    """A session whose proof is too old to begin could guess the code otherwise, and become a fresh one by that."""
    thief = Actor(ada.client)
    await thief.log_in()
    app = AuthenticatorApp((await begin_totp(ada))["secret"])
    code = app.code()

    assert (await confirm_totp(thief, code)).outcome == (404, "FACTOR_NOT_FOUND")
    assert (await confirm_totp(ada, code)).status == 200


async def test_session_confirms_its_app_after_a_refresh(ada: Actor) -> None:
    app = AuthenticatorApp((await begin_totp(ada))["secret"])
    await ada.refresh()

    assert (await confirm_totp(ada, app.code())).status == 200
