"""What a new passkey must be, and who may add it."""

import asyncio
from typing import Any

import pytest

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from tests.conftest import UserFactory
from tests.support import cbor
from tests.support.passkeys import (
    add_passkey,
    creation_options,
    factors_of,
    new_authenticator,
    passkey_login,
    remove_passkey,
    send_passkey,
    stored_passkey,
)
from tests.support.soft_authenticator import rsa_key

BEGIN = "/api/user/passkeys/options"


async def test_passkey_of_another_user_is_a_duplicate(user_factory: UserFactory) -> None:
    ada, eve = await user_factory(is_verified=True), await user_factory(is_verified=True)
    soft, other = new_authenticator(), new_authenticator()
    await add_passkey(ada, soft)
    other.credential_id = soft.credential_id
    before = await PasskeyRow.select()

    assert (await add_passkey(eve, other)).outcome == (409, "DUPLICATE_PASSKEY")
    assert await PasskeyRow.select() == before
    assert (await passkey_login(ada, soft))["user"]["username"] == "ada"


async def test_registration_is_single_use(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    credential = new_authenticator().create(await creation_options(ada))

    responses = await asyncio.gather(*(send_passkey(ada, credential) for _ in range(20)))

    added = [response for response in responses if response.status == 201]
    assert len(added) == await PasskeyRow.count() == 1
    ada.access_token = added[0]["access_token"]
    assert (await send_passkey(ada, credential)).outcome == (400, "PASSKEY_INVALID")


async def test_registration_belongs_to_one_session(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    credential = new_authenticator().create(await creation_options(ada))
    await ada.log_in()

    assert (await send_passkey(ada, credential)).outcome == (400, "PASSKEY_INVALID")


async def test_registration_belongs_to_one_user(user_factory: UserFactory) -> None:
    ada, eve = await user_factory(is_verified=True), await user_factory(is_verified=True)
    credential = new_authenticator().create(await creation_options(ada))

    assert (await send_passkey(eve, credential)).outcome == (400, "PASSKEY_INVALID")


async def test_unverified_user_cannot_begin_to_add_a_passkey(user_factory: UserFactory) -> None:
    ada = await user_factory()

    assert (await ada.call("POST", BEGIN, json={})).outcome == (403, "EMAIL_NOT_VERIFIED")


async def test_adding_a_passkey_needs_a_recent_proof(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    changed: dict[Any, Any] = {
        SessionRow.auth_time: SessionRow.created_at - __import__("datetime").timedelta(minutes=6)
    }
    await SessionRow.update(changed, force=True)

    assert (await ada.call("POST", BEGIN, json={})).outcome == (403, "STEP_UP_REQUIRED")


async def test_password_session_of_a_user_with_a_passkey_changes_no_passkey(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory(is_verified=True)
    credential = new_authenticator().create(await creation_options(ada))
    await stored_passkey(services, ada)
    passkey_id = (await factors_of(ada))["passkeys"][0]["id"]

    refused = await ada.call("POST", BEGIN, json={})
    assert (refused.outcome, refused["acr_values"]) == ((403, "STEP_UP_REQUIRED"), "aal2")
    assert refused["methods"] == ["passkey"]
    assert (await send_passkey(ada, credential)).outcome == (403, "STEP_UP_REQUIRED")
    assert await remove_passkey(ada, passkey_id) == (403, "STEP_UP_REQUIRED")


async def test_user_has_at_most_twenty_passkeys(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory(is_verified=True)
    await add_passkey(ada, new_authenticator())
    credential = new_authenticator().create(await creation_options(ada))
    for _ in range(19):
        await stored_passkey(services, ada)

    assert (await ada.call("POST", BEGIN, json={})).outcome == (409, "LIMIT_REACHED")
    assert (await send_passkey(ada, credential)).outcome == (409, "LIMIT_REACHED")
    assert "passkey" not in (await factors_of(ada))["enrolment"]
    assert await PasskeyRow.count() == 20


@pytest.mark.parametrize("case", ["long id", "algorithm", "wrong type", "short RSA", "padded RSA", "off curve"])
async def test_hostile_key_is_invalid(user_factory: UserFactory, case: str) -> None:
    ada = await user_factory(is_verified=True)
    soft = new_authenticator()
    options = await creation_options(ada)
    soft.user_handle = options["user"]["id"]
    numbers = soft.key.public_key().public_numbers()  # type: ignore[union-attr]
    point = {-1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}  # type: ignore[union-attr]
    modulus = rsa_key(1024).public_key().public_numbers().n.to_bytes(128)
    strong = rsa_key(2048).public_key().public_numbers().n.to_bytes(256)
    keys: dict[str, dict[int, Any]] = {
        "long id": {1: 2, 3: -7, **point},
        "algorithm": {1: 2, 3: -999, **point},
        "wrong type": {1: 2, 3: -257, **point},
        "short RSA": {1: 3, 3: -257, -1: modulus, -2: b"\x01\x00\x01"},
        "padded RSA": {1: 3, 3: -257, -1: bytes(4096) + strong, -2: b"\x01\x00\x01"},
        "off curve": {1: 2, 3: -7, **point, -3: bytes(32)},
    }
    if case == "long id":
        soft.credential_id = bytes(1024)
    data = soft.authenticator_data(soft.attested_credential(cbor.encode(keys[case])))
    credential = soft.created(soft.client_data("webauthn.create", options["challenge"]), data)

    assert (await send_passkey(ada, credential)).outcome == (400, "PASSKEY_INVALID")
    assert await PasskeyRow.count() == 0
