"""A login that must add a first factor: the factor completes it."""

import asyncio
from typing import Any

import pytest

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.credentials.recovery_codes.tables import RecoveryCodeRow
from auth_api.credentials.totp.tables import TotpFactorRow
from auth_api.events.outbox.tables import OutboxRow
from auth_api.flows.administration.explanation import ExplanationService
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp, OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.enrolment import (
    CONFIRM,
    PASSKEYS,
    begin_app,
    begin_passkey,
    enrolment_token,
    send,
)
from tests.support.exposition import Changes
from tests.support.factors import second_step
from tests.support.mail_flows import verifying_app
from tests.support.mailbox import Mailbox
from tests.support.passkeys import new_authenticator, passkey_login, stored_passkey
from tests.support.rows import audit_actions, user_rows

ENDED = (400, "MFA_TOKEN_INVALID")


async def live_sessions() -> int:
    count: int = await SessionRow.count().where(SessionRow.ended_at.is_null())
    return count


async def last_login() -> Any:
    (row,) = await UserRow.select(UserRow.last_login)
    return row["last_login"]


async def test_registration_opens_no_session(ada: Actor) -> None:
    del ada

    assert await SessionRow.count() == 0


async def test_password_without_a_factor_only_lets_the_user_add_one(ada: Actor) -> None:
    changes = Changes()

    response = await ada.log_in()

    assert response.outcome == (403, "MFA_ENROLMENT_REQUIRED")
    members = {name: response[name] for name in ("expires_in", "methods", "enrolment")}
    assert members == {"expires_in": 600, "methods": [], "enrolment": ["passkey", "totp"]}
    assert response["mfa_token"].startswith("mfa_")
    assert await SessionRow.count() == 0
    assert await last_login() is None
    assert await audit_actions() == ["account:registered", "login:second_factor_requested"]
    assert changes.by("logins_total", "outcome") == {"enrolment_required": 1}


async def test_password_without_a_factor_counts_as_right(
    user_factory: UserFactory, app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    """An outdated hash is renewed, and wrong passwords from the same network are forgotten."""
    ada = await user_factory(is_verified=True)
    (before,) = await user_rows()
    variables = {"MFA_POLICY": "required", "PASSWORD_HASH_ITERATIONS": "2", "RATE_LIMIT_ENABLED": "true"}

    async with verifying_app(app_with, mailbox, **variables) as other:
        ada.client = other.client
        await ada.log_in(password="Wrong-Horse-7-Staple")
        assert (await ada.log_in()).outcome == (403, "MFA_ENROLMENT_REQUIRED")
        (after,) = await user_rows()
        failures = (await other.services.of(ExplanationService).explain("ada")).failures

    assert after["hashed_password"] != before["hashed_password"]
    assert [each.network for each in failures] == [None]


async def test_kinds_that_the_server_does_not_offer_are_not_named(ada: Actor, requiring: OtherApp) -> None:
    object.__setattr__(requiring.services.core.passkeys, "relying_party", None)

    assert (await ada.log_in())["enrolment"] == ["totp"]


async def test_confirmed_app_completes_the_login(ada: Actor) -> None:
    token = await enrolment_token(ada)
    app = await begin_app(ada, token)

    changes = Changes()

    response = await send(ada, CONFIRM, token, code=app.code())

    assert response.status == 200, response.json
    assert (response["acr"], response["amr"]) == ("aal2", ["pwd", "otp", "mfa"])
    assert (response["user"]["username"], len(response["recovery_codes"])) == ("ada", 10)
    assert "recovery_codes_left" not in response.json
    assert (await ada.profile(response["access_token"])).status == 200
    assert (await ada.try_refresh(response["refresh_token"])).status == 200
    assert await last_login() is not None
    assert changes.by("logins_total", "outcome") == {"succeeded": 1}
    assert await audit_actions() == [
        "account:registered",
        "login:second_factor_requested",
        "factor:added",
        "two_step:enabled",
        "login:succeeded",
    ]
    assert [row["template"] for row in await OutboxRow.select(OutboxRow.template)] == ["factor_added"]


async def test_passkey_completes_the_login(ada: Actor) -> None:
    token, soft = await enrolment_token(ada), new_authenticator()
    credential = await begin_passkey(ada, token, soft)

    response = await send(ada, PASSKEYS, token, credential=credential, name="Laptop")

    assert response.status == 200, response.json
    assert (response["acr"], response["amr"], len(response["recovery_codes"])) == ("phr", ["pwd", "hwk", "mfa"], 10)
    factors = await ada.call("GET", "/api/user/factors", token=response["access_token"])
    assert (factors["two_step"], factors["passkeys"][0]["name"]) == (False, "Laptop")
    assert (await passkey_login(ada, soft)).status == 200
    later = await ada.log_in()
    assert (later.outcome, later["methods"]) == ((403, "MFA_REQUIRED"), ["passkey", "recovery_code"])


async def test_new_app_ends_the_sessions_from_before(ada: Actor, requiring: OtherApp) -> None:
    token = await enrolment_token(ada)
    soft = new_authenticator()
    await stored_passkey(requiring.services, ada, soft)
    assert (await passkey_login(ada, soft)).status == 200
    await PasskeyRow.delete(force=True)
    app = await begin_app(ada, token)

    assert (await send(ada, CONFIRM, token, code=app.code())).status == 200

    assert await SessionRow.count() == 2
    assert await live_sessions() == 1


async def test_code_of_the_confirmation_is_used_up(ada: Actor) -> None:
    token = await enrolment_token(ada)
    app = await begin_app(ada, token)
    code = app.code()
    assert (await send(ada, CONFIRM, token, code=code)).status == 200

    pending = (await ada.log_in())["mfa_token"]

    assert (await second_step(ada, pending, code)).outcome == (400, "FACTOR_INVALID")
    assert (await second_step(ada, pending, app.code())).status == 200


async def test_wrong_code_is_not_a_guess(ada: Actor) -> None:
    """The secret was shown to the client, so there is nothing to guess."""
    token = await enrolment_token(ada)
    app = await begin_app(ada, token)

    outcomes = {(await send(ada, CONFIRM, token, code="abcdef")).outcome for _ in range(7)}

    assert outcomes == {(400, "FACTOR_INVALID")}
    assert await RecoveryCodeRow.count() == await TotpFactorRow.count() == 0
    assert (await send(ada, CONFIRM, token, code=app.code())).status == 200


async def test_later_enrolment_replaces_the_earlier_one(ada: Actor) -> None:
    token = await enrolment_token(ada)
    earlier, later = await begin_app(ada, token), await begin_app(ada, token)

    assert (await send(ada, CONFIRM, token, code=earlier.code())).outcome == (400, "FACTOR_INVALID")
    assert (await send(ada, CONFIRM, token, code=later.code())).status == 200


async def test_app_must_be_begun_before_it_is_confirmed(ada: Actor) -> None:
    token = await enrolment_token(ada)

    assert (await send(ada, CONFIRM, token, code="123456")).outcome == (404, "FACTOR_NOT_FOUND")


@pytest.mark.parametrize("kind", ["app", "passkey"])
async def test_one_of_many_enrolments_opens_one_session(ada: Actor, kind: str) -> None:
    token = await enrolment_token(ada)
    path, fields = CONFIRM, dict[str, Any]()
    if kind == "app":
        fields = {"code": (await begin_app(ada, token)).code()}
    else:
        path, fields = PASSKEYS, {"credential": await begin_passkey(ada, token, new_authenticator())}

    responses = await asyncio.gather(*(send(ada, path, token, **fields) for _ in range(20)))

    outcomes = [response.outcome for response in responses]
    assert outcomes.count((200, "")) == 1
    assert set(outcomes) == {(200, ""), ENDED}
    assert await SessionRow.count() == 1
    assert await RecoveryCodeRow.count() == 10
    assert await TotpFactorRow.count() + await PasskeyRow.count() == 1


async def test_two_logins_that_add_factors_at_once_open_one_session(ada: Actor) -> None:
    first, second = await enrolment_token(ada), await enrolment_token(ada)
    app = await begin_app(ada, first)
    credential = await begin_passkey(ada, second, new_authenticator())

    responses = await asyncio.gather(
        send(ada, CONFIRM, first, code=app.code()), send(ada, PASSKEYS, second, credential=credential)
    )

    assert sorted(response.outcome for response in responses) == [(200, ""), ENDED]
    assert await SessionRow.count() == 1
