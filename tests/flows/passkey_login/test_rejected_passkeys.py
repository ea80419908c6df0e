"""Uses of passkeys that open no session."""

from typing import Any

import pytest

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.clock import MovableClock
from tests.support.passkeys import (
    login_options,
    passkey_login,
    send_login,
    stored_passkey,
)


@pytest.mark.parametrize(
    "client_data",
    [
        {"origin": "https://login.example.com:8443"},
        {"origin": "http://login.example.com"},
        {"origin": "https://evil.login.example.com"},
        {"crossOrigin": True},
        {"topOrigin": "https://login.example.com"},
        {"type": "webauthn.create"},
    ],
    ids=str,
)
async def test_passkey_of_another_page_is_invalid(
    user_factory: UserFactory, services: Services, client_data: dict[str, Any]
) -> None:
    ada = await user_factory()
    soft = await stored_passkey(services, ada)

    assert (await passkey_login(ada, soft, **client_data)).outcome == (400, "PASSKEY_INVALID")


@pytest.mark.parametrize("handle", [None, "", "A" * 43, "%%%", "A" * 200])
async def test_passkey_login_needs_the_user_handle_of_the_account(
    user_factory: UserFactory, services: Services, handle: str | None
) -> None:
    ada = await user_factory()
    soft = await stored_passkey(services, ada)
    soft.user_handle = handle

    assert (await passkey_login(ada, soft)).outcome == (400, "PASSKEY_INVALID")


async def test_passkey_use_without_verification_of_the_user_is_invalid(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()
    soft = await stored_passkey(services, ada)
    soft.flags = 0x01

    assert (await passkey_login(ada, soft)).outcome == (400, "PASSKEY_INVALID")


async def test_challenge_expires_after_five_minutes_and_a_half(
    user_factory: UserFactory, services: Services, clock: MovableClock
) -> None:
    ada = await user_factory()
    soft = await stored_passkey(services, ada)
    early, late = await login_options(ada), await login_options(ada)

    clock.move(seconds=328)
    assert (await send_login(ada, soft.get(early))).status == 200
    clock.move(seconds=3)
    assert (await send_login(ada, soft.get(late))).outcome == (400, "PASSKEY_INVALID")


@pytest.mark.parametrize(
    ("credential", "code", "errors"),
    [
        ("text", "VALIDATION_ERROR", ["type"]),
        (None, "VALIDATION_ERROR", ["type"]),
        ([], "VALIDATION_ERROR", ["type"]),
        ({"id": "x" * 17000}, "VALIDATION_ERROR", ["too_long"]),
        ({}, "PASSKEY_INVALID", []),
        ({"id": 7, "rawId": 7, "type": "public-key", "response": []}, "PASSKEY_INVALID", []),
    ],
    ids=["text", "null", "list", "large", "empty", "numbers"],
)
async def test_malformed_credential_is_refused(
    user_factory: UserFactory, credential: object, code: str, errors: list[str]
) -> None:
    ada = await user_factory()

    response = await send_login(ada, credential)

    fields = [error["code"] for error in response.json.get("errors", ())]
    assert (response.status, response.code, fields) == (400, code, errors)


async def test_passkey_of_another_domain_opens_no_session(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    soft = await stored_passkey(services, ada)
    changed: dict[Any, Any] = {PasskeyRow.rp_id: "old.example"}
    await PasskeyRow.update(changed, force=True)

    assert (await passkey_login(ada, soft)).outcome == (400, "PASSKEY_INVALID")
