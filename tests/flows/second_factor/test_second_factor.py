"""The second step of a login: a code of an authenticator app, or a recovery code."""

import json
from typing import Any

import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.sign_in.tables import PendingLoginRow
from tests.support.actors import Actor
from tests.support.exposition import Changes
from tests.support.factors import (
    add_recovery_codes,
    current_code,
    first_step,
    second_step,
    wrong_code,
)
from tests.support.rows import audit_actions
from tests.support.statements import recorded


async def test_password_of_a_user_with_two_step_login_is_answered_with_what_comes_next(
    ada: Actor, seed: bytes, services: Services
) -> None:
    del seed
    await add_recovery_codes(services, ada.username)

    response = await ada.log_in()

    assert response.outcome == (403, "MFA_REQUIRED")
    members = {name: response[name] for name in ("expires_in", "methods", "enrolment")}
    assert members == {"expires_in": 600, "methods": ["totp", "recovery_code"], "enrolment": []}
    assert response["mfa_token"].startswith("mfa_")
    assert len(response["mfa_token"]) == len("mfa_") + 43
    assert await SessionRow.count() == 1


async def test_code_of_the_app_completes_the_login(ada: Actor, seed: bytes, services: Services) -> None:
    response = await second_step(ada, await first_step(ada), current_code(services, seed))

    assert response.status == 200
    assert set(response.json) == {
        "access_token",
        "refresh_token",
        "token_type",
        "expires_in",
        "refresh_expires_in",
        "acr",
        "amr",
        "user",
    }
    assert (response["acr"], response["amr"]) == ("aal2", ["pwd", "otp", "mfa"])
    assert (await ada.profile(response["access_token"])).json == response["user"]


@pytest.mark.parametrize("spelling", ["{} ", "{:.3}-{}", " {:.3} {}"])
async def test_code_may_be_typed_with_spaces_and_hyphens(
    ada: Actor, seed: bytes, services: Services, spelling: str
) -> None:
    code = current_code(services, seed)
    typed = spelling.format(code, code[3:])

    assert (await second_step(ada, await first_step(ada), typed)).status == 200


async def test_recovery_code_completes_the_login_and_is_counted(ada: Actor, services: Services) -> None:
    codes = await add_recovery_codes(services, ada.username)
    typed = codes[3].upper().replace("-", " ").replace("0", "O").replace("1", "l")

    response = await second_step(ada, await first_step(ada), typed, method="recovery_code")

    assert (response.status, response["recovery_codes_left"]) == (200, 9)
    assert (response["acr"], response["amr"]) == ("aal2", ["pwd", "recovery_code", "mfa"])


async def test_refreshed_token_keeps_how_the_user_logged_in(ada: Actor, seed: bytes, services: Services) -> None:
    logged_in = await second_step(ada, await first_step(ada), current_code(services, seed))
    verify = services.core.sessions.access_tokens.verify
    before = verify(logged_in["access_token"])

    token = logged_in["refresh_token"]
    for _ in range(3):
        refreshed = await ada.try_refresh(token)
        token = refreshed["refresh_token"]

    after = verify(refreshed["access_token"])
    assert (after.auth_time, after.sid) == (before.auth_time, before.sid)
    (session,) = await SessionRow.select().where(SessionRow.id == before.sid)
    assert (session["amr"], session["auth_time"]) == ("pwd otp", session["mfa_at"])


async def test_session_of_a_login_in_two_steps_is_recorded_once(ada: Actor, seed: bytes, services: Services) -> None:
    changes = Changes()

    await second_step(ada, await first_step(ada), current_code(services, seed))

    assert await audit_actions() == ["account:registered", "login:second_factor_requested", "login:succeeded"]
    row = await AuditLogRow.select().order_by(AuditLogRow.id, ascending=False).first()
    assert row is not None
    assert json.loads(row["details"]) == {"methods": ["pwd", "otp"], "acr": "aal2"}
    assert changes.by("logins_total", "outcome") == {"second_factor_required": 1, "succeeded": 1}
    assert changes.of("second_factors_total", method="totp", outcome="succeeded") == 1


async def test_wrong_code_is_recorded_and_leaves_four_guesses(ada: Actor, seed: bytes, services: Services) -> None:
    token = await first_step(ada)
    changes = Changes()

    response = await second_step(ada, token, wrong_code(services, seed))

    assert (response.outcome, response["attempts_left"]) == ((400, "FACTOR_INVALID"), 4)
    assert (await audit_actions())[-1] == "login:second_factor_failed"
    assert changes.of("second_factors_total", method="totp", outcome="invalid") == 1
    assert changes.by("logins_total", "outcome") == {}
    assert await SessionRow.count() == 1


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "12 34", "\x00", "🔑" * 6]
)
async def test_text_that_is_not_a_code_is_a_wrong_code(ada: Actor, seed: bytes, code: str) -> None:
    del seed

    assert (await second_step(ada, await first_step(ada), code)).outcome == (400, "FACTOR_INVALID")


async def test_method_that_the_user_does_not_have_costs_no_guess(ada: Actor, seed: bytes, services: Services) -> None:
    token = await first_step(ada)

    refused = [(await second_step(ada, token, "0", method="recovery_code")).outcome for _ in range(6)]

    assert refused == [(404, "FACTOR_NOT_FOUND")] * 6
    assert (await second_step(ada, token, current_code(services, seed))).status == 200


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"method": "sign_in"}, [("method", "type")]),
        ({"method": "password"}, [("method", "type")]),
        ({"method": 7}, [("method", "type")]),
        ({"code": "1" * 65}, [("code", "too_long")]),
        ({"code": None}, [("code", "missing")]),
        ({"code": 7}, [("code", "type")]),
        ({"credential": {}}, [("credential", "conflict")]),
        ({"password": "x"}, [("password", "unknown")]),
    ],
)
async def test_request_is_validated(ada: Actor, changed: dict[str, Any], errors: list[tuple[str, str]]) -> None:
    body = {"mfa_token": "mfa_unknown", "method": "totp", "code": "123456", **changed}

    response = await ada.call("POST", "/api/auth/mfa", token="", json=body)

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert [(error["field"], error["code"]) for error in response["errors"]] == errors


async def test_token_for_the_second_step_gives_no_access_elsewhere(ada: Actor, seed: bytes) -> None:
    del seed
    token = await first_step(ada)

    assert (await ada.profile(token)).outcome == (401, "TOKEN_INVALID")
    assert (await ada.try_refresh(token)).outcome == (401, "TOKEN_INVALID")
    assert (await ada.log_out(token)).outcome == (401, "TOKEN_INVALID")
    body = {"token": token, "new_password": "Another-Mare-8-Paperclip"}
    reset = await ada.call("POST", "/api/auth/password/reset", token="", json=body)
    assert reset.outcome == (400, "ONE_TIME_TOKEN_INVALID")
    assert await SessionRow.count() == 1


async def test_only_the_digest_of_the_token_is_stored(ada: Actor) -> None:
    token = await first_step(ada)

    (row,) = await PendingLoginRow.select()
    assert token not in str(row)
    assert len(row["token_hash"]) == 64


async def test_second_step_takes_at_most_ten_statements(ada: Actor, seed: bytes, services: Services) -> None:
    """The login and the app; the guess; the user, both claims, the session, its token, and the audit row."""
    token = await first_step(ada)

    with recorded(services.core.database.engine) as statements:
        assert (await second_step(ada, token, current_code(services, seed))).status == 200

    verbs = [statement.split()[0] for statement in statements]
    assert verbs == ["SELECT", "SELECT", "UPDATE", "UPDATE", "UPDATE", "UPDATE", "INSERT", "INSERT", "INSERT"]
