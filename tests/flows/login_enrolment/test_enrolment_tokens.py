"""The token of a login that must add a first factor: where it is accepted, and what ends it."""

import pytest

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.credentials.recovery_codes.tables import RecoveryCodeRow
from auth_api.credentials.totp.tables import TotpFactorRow
from auth_api.sessions.tables import SessionRow
from auth_api.sign_in.tables import PendingLoginRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp
from tests.support.actors import Actor
from tests.support.aged_rows import ago
from tests.support.enrolment import (
    CONFIRM,
    OPTIONS,
    PASSKEYS,
    TOTP,
    begin_app,
    begin_passkey,
    enrolment_requests,
    enrolment_token,
    send,
)
from tests.support.factors import add_totp, second_step
from tests.support.passkeys import new_authenticator

ENDED = (400, "MFA_TOKEN_INVALID")


async def test_token_works_once(ada: Actor) -> None:
    token = await enrolment_token(ada)
    app = await begin_app(ada, token)
    assert (await send(ada, CONFIRM, token, code=app.code())).status == 200

    for path, fields in enrolment_requests(credential={}).items():
        assert (await send(ada, path, token, **fields)).outcome == ENDED, path


async def test_factor_that_was_added_meanwhile_ends_the_login(ada: Actor) -> None:
    waiting, other = await enrolment_token(ada), await enrolment_token(ada)
    credential = await begin_passkey(ada, waiting, new_authenticator())
    app = await begin_app(ada, other)
    assert (await send(ada, CONFIRM, other, code=app.code())).status == 200

    for path, fields in enrolment_requests(credential=credential).items():
        assert (await send(ada, path, waiting, **fields)).outcome == ENDED, path
    assert await PasskeyRow.count() == 0


async def test_passkey_of_another_login_is_refused(ada: Actor) -> None:
    first, second = await enrolment_token(ada), await enrolment_token(ada)
    credential = await begin_passkey(ada, first, new_authenticator())

    assert (await send(ada, PASSKEYS, second, credential=credential)).outcome == (400, "PASSKEY_INVALID")
    assert (await send(ada, PASSKEYS, first, credential=credential)).status == 200


async def test_app_of_another_login_is_not_confirmed(ada: Actor) -> None:
    first, second = await enrolment_token(ada), await enrolment_token(ada)
    code = (await begin_app(ada, first)).code()

    assert (await send(ada, CONFIRM, second, code=code)).outcome == (404, "FACTOR_NOT_FOUND")
    assert (await send(ada, CONFIRM, first, code=code)).status == 200


async def test_token_of_a_second_step_adds_no_factor(ada: Actor, requiring: OtherApp) -> None:
    await add_totp(requiring.services, ada.username)
    response = await ada.log_in()
    assert response.outcome == (403, "MFA_REQUIRED")

    for path, fields in enrolment_requests(credential={}).items():
        assert (await send(ada, path, response["mfa_token"], **fields)).outcome == ENDED, path


async def test_token_of_an_enrolment_is_accepted_nowhere_else(ada: Actor) -> None:
    token = await enrolment_token(ada)

    assert (await second_step(ada, token, "123456")).outcome == ENDED
    assert (await send(ada, "/api/auth/mfa/passkey-options", token)).outcome == ENDED
    assert (await ada.profile(token)).outcome == (401, "TOKEN_INVALID")
    assert (await begin_app(ada, token)).secret


async def test_login_ends_after_ten_minutes(ada: Actor) -> None:
    token = await enrolment_token(ada)
    await PendingLoginRow.update({PendingLoginRow.expires_at: ago(seconds=1)}, force=True)

    for path, fields in enrolment_requests(credential={}).items():
        assert (await send(ada, path, token, **fields)).outcome == ENDED, path


async def test_deleted_account_has_no_login(ada: Actor) -> None:
    token = await enrolment_token(ada)
    await UserRow.delete(force=True)

    for path, fields in enrolment_requests(credential={}).items():
        assert (await send(ada, path, token, **fields)).outcome == ENDED, path


async def test_account_that_was_disabled_meanwhile_is_refused(ada: Actor) -> None:
    token = await enrolment_token(ada)
    app = await begin_app(ada, token)
    code = app.code()
    await UserRow.update({UserRow.is_active: False}, force=True)

    assert (await send(ada, CONFIRM, token, code=code)).outcome == (403, "ACCOUNT_DISABLED")

    assert await SessionRow.count() == await TotpFactorRow.count() == await RecoveryCodeRow.count() == 0
    await UserRow.update({UserRow.is_active: True}, force=True)
    assert (await send(ada, CONFIRM, token, code=code)).status == 200


@pytest.mark.parametrize("path", [TOTP, OPTIONS])
async def test_enrolment_needs_a_verified_address(ada: Actor, path: str) -> None:
    token = await enrolment_token(ada)
    await UserRow.update({UserRow.email_verified_at: None}, force=True)

    assert (await send(ada, path, token)).outcome == (403, "EMAIL_NOT_VERIFIED")


@pytest.mark.parametrize("path", [TOTP, CONFIRM, OPTIONS, PASSKEYS])
async def test_access_token_and_token_of_a_login_exclude_each_other(ada: Actor, path: str) -> None:
    token = await enrolment_token(ada)
    soft = new_authenticator()
    done = await send(ada, PASSKEYS, token, credential=await begin_passkey(ada, token, soft))
    body = {"mfa_token": token, **enrolment_requests(credential={})[path]}

    response = await ada.call("POST", path, token=done["access_token"], json=body)

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert [(error["field"], error["code"]) for error in response["errors"]] == [("mfa_token", "conflict")]


@pytest.mark.parametrize("path", [TOTP, CONFIRM, OPTIONS, PASSKEYS])
async def test_request_without_any_token_is_refused_after_its_body(ada: Actor, path: str) -> None:
    body = enrolment_requests(credential={})[path]

    refused = await ada.call("POST", path, token="", json=body)
    malformed = await ada.call("POST", path, token="", json={**body, "mfa_token": 7})

    assert refused.outcome == (401, "AUTHENTICATION_REQUIRED")
    assert malformed.outcome == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("path", [TOTP, CONFIRM, OPTIONS, PASSKEYS])
async def test_invalid_access_token_is_refused_before_the_body(ada: Actor, path: str) -> None:
    token = await enrolment_token(ada)

    for body in ({"mfa_token": token, **enrolment_requests(credential={})[path]}, {"unknown": 1}):
        assert (await ada.call("POST", path, token="abc", json=body)).outcome == (401, "TOKEN_INVALID")
