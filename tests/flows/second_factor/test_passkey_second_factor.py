"""A passkey completes a login by password."""

import asyncio
from typing import Any

import pytest

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.events.audit.tables import AuditLogRow
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.passkeys import (
    login_options,
    new_authenticator,
    second_factor_options,
    send_login,
    send_second_factor,
    stored_passkey,
    switch_on_two_step,
)
from tests.support.soft_authenticator import SYNCED, SoftAuthenticator


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with two-step login."""
    ada = await user_factory()
    await switch_on_two_step(ada)
    return ada


async def begin(actor: Actor) -> str:
    """Log in by password, and return the token of the second step."""
    refused = await actor.log_in()
    assert refused.outcome == (403, "MFA_REQUIRED")
    return str(refused["mfa_token"])


async def used(actor: Actor, soft: SoftAuthenticator, mfa_token: str) -> Any:
    return soft.get(await second_factor_options(actor, mfa_token))


async def test_passkey_completes_a_login_and_is_the_first_method(ada: Actor, services: Services) -> None:
    soft = await stored_passkey(services, ada)

    refused = await ada.log_in()
    response = await send_second_factor(ada, refused["mfa_token"], await used(ada, soft, refused["mfa_token"]))

    assert refused["methods"] == ["passkey"]
    assert (response.status, response["acr"], response["amr"]) == (200, "phr", ["pwd", "hwk", "mfa"])


async def test_options_name_only_the_passkeys_of_the_account(
    ada: Actor, user_factory: UserFactory, services: Services
) -> None:
    soft = await stored_passkey(services, ada)
    await stored_passkey(services, await user_factory())

    options = await second_factor_options(ada, await begin(ada))

    ids = [passkey["id"] for passkey in options["allowCredentials"]]
    assert ids == [soft.get(await login_options(ada))["id"]]
    assert options["allowCredentials"][0]["transports"] == ["hybrid", "internal"]


async def test_user_handle_may_be_absent_but_not_that_of_another(ada: Actor, services: Services) -> None:
    soft = await stored_passkey(services, ada)
    mfa_token = await begin(ada)
    soft.user_handle = "A" * 43
    wrong = await send_second_factor(ada, mfa_token, await used(ada, soft, mfa_token))
    soft.user_handle = None
    right = await send_second_factor(ada, mfa_token, await used(ada, soft, mfa_token))

    assert (wrong.outcome, right.status) == ((400, "PASSKEY_INVALID"), 200)


async def test_passkey_of_another_account_is_refused_as_second_factor(
    ada: Actor, user_factory: UserFactory, services: Services
) -> None:
    await stored_passkey(services, ada)
    other = await stored_passkey(services, await user_factory())
    mfa_token = await begin(ada)

    response = await send_second_factor(ada, mfa_token, await used(ada, other, mfa_token))

    assert response.outcome == (400, "PASSKEY_INVALID")
    assert await SessionRow.count() == 2  # those of the registrations


async def test_challenge_of_another_purpose_or_login_is_refused(ada: Actor, services: Services) -> None:
    soft = await stored_passkey(services, ada, new_authenticator(flags=SYNCED))
    first, second = await begin(ada), await begin(ada)
    for_login, for_first = soft.get(await login_options(ada)), await used(ada, soft, first)

    assert (await send_second_factor(ada, second, for_login)).outcome == (400, "PASSKEY_INVALID")
    assert (await send_second_factor(ada, second, for_first)).outcome == (400, "PASSKEY_INVALID")
    assert (await send_login(ada, for_first)).outcome == (400, "PASSKEY_INVALID")
    assert (await send_second_factor(ada, first, for_first)).status == 200


async def test_concurrent_uses_of_a_passkey_complete_one_login(ada: Actor, services: Services) -> None:
    soft = await stored_passkey(services, ada, new_authenticator(flags=SYNCED))
    mfa_token = await begin(ada)
    credential = await used(ada, soft, mfa_token)

    responses = await asyncio.gather(*(send_second_factor(ada, mfa_token, credential) for _ in range(20)))

    assert [response.status for response in responses].count(200) == 1
    assert {response.status for response in responses} == {200, 400}
    assert await SessionRow.count() == 2


async def test_five_wrong_passkeys_end_the_login(ada: Actor, services: Services) -> None:
    soft = await stored_passkey(services, ada)
    mfa_token = await begin(ada)
    credential = await used(ada, soft, mfa_token)
    outcomes = [(await send_second_factor(ada, mfa_token, {})).outcome for _ in range(5)]

    assert outcomes == [(400, "PASSKEY_INVALID")] * 5
    assert (await send_second_factor(ada, mfa_token, credential)).outcome == (400, "MFA_TOKEN_INVALID")
    assert await AuditLogRow.count().where(AuditLogRow.action == "login:second_factor_failed") == 5


async def test_wrong_passkeys_do_not_count_as_wrong_codes(ada: Actor, services: Services) -> None:
    await stored_passkey(services, ada)
    await send_second_factor(ada, await begin(ada), {})

    assert await UserRow.select(UserRow.second_factor_failures) == [{"second_factor_failures": None}]


async def test_user_without_a_usable_passkey_has_no_such_method(ada: Actor, services: Services) -> None:
    await stored_passkey(services, ada)
    changed: dict[Any, Any] = {PasskeyRow.rp_id: "old.example"}
    await PasskeyRow.update(changed, force=True)

    refused = await ada.log_in()

    assert refused["methods"] == []
    for path, body in (("mfa/passkey-options", {}), ("mfa", {"method": "passkey", "credential": {}})):
        response = await ada.call(
            "POST", f"/api/auth/{path}", token="", json={"mfa_token": refused["mfa_token"], **body}
        )
        assert response.outcome == (404, "FACTOR_NOT_FOUND")


async def test_removed_passkey_is_unknown_as_second_factor(ada: Actor, services: Services) -> None:
    soft = await stored_passkey(services, ada)
    mfa_token = await begin(ada)
    credential = await used(ada, soft, mfa_token)
    await PasskeyRow.delete(force=True)
    await stored_passkey(services, ada)

    assert (await send_second_factor(ada, mfa_token, credential)).outcome == (400, "PASSKEY_UNKNOWN")


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"method": "passkey"}, [("credential", "missing")]),
        ({"method": "passkey", "code": "1", "credential": {}}, [("code", "conflict")]),
        ({"method": "totp", "code": "1", "credential": {}}, [("credential", "conflict")]),
        ({"method": "totp"}, [("code", "missing")]),
        ({"method": "password", "code": "1"}, [("method", "type")]),
        ({"method": "passkey", "credential": {"a": "x" * 17000}}, [("credential", "too_long")]),
    ],
    ids=str,
)
async def test_fields_must_fit_the_method(ada: Actor, fields: dict[str, object], errors: list[tuple[str, str]]) -> None:
    response = await ada.call("POST", "/api/auth/mfa", token="", json={"mfa_token": "mfa_x", **fields})

    assert response.outcome == (400, "VALIDATION_ERROR")
    assert [(error["field"], error["code"]) for error in response["errors"]] == errors
