"""Logins with a passkey over HTTP."""

from typing import Any

import jwt
import pytest

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.passkeys import (
    login_options,
    new_authenticator,
    passkey_login,
    send_login,
    stored_passkey,
    switch_on_two_step,
)
from tests.support.soft_authenticator import DEVICE_BOUND, EDDSA, ES256, RS256, SYNCED
from tests.support.statements import recorded


@pytest.mark.parametrize("algorithm", [EDDSA, ES256, RS256])
@pytest.mark.parametrize(("flags", "method"), [(DEVICE_BOUND, "hwk"), (SYNCED, "swk")])
async def test_passkey_logs_in_at_the_highest_level(
    user_factory: UserFactory, services: Services, algorithm: int, flags: int, method: str
) -> None:
    ada = await user_factory()
    soft = await stored_passkey(services, ada, new_authenticator(flags=flags, algorithm=algorithm))

    response = await passkey_login(ada, soft)

    assert response.status == 200
    assert (response["acr"], response["amr"]) == ("phr", [method, "mfa"])
    assert response["user"]["username"] == "ada"
    claims = jwt.decode(response["access_token"], options={"verify_signature": False})
    assert (claims["acr"], claims["amr"]) == ("phr", [method, "mfa"])
    assert (await ada.profile(response["access_token"])).status == 200


async def test_passkey_login_needs_no_second_factor_of_a_two_step_account(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()
    soft = await stored_passkey(services, ada)
    await switch_on_two_step(ada)

    assert (await passkey_login(ada, soft)).status == 200


async def test_passkey_login_options_are_alike_for_everyone_and_store_nothing(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()
    before = await login_options(ada)
    await stored_passkey(services, ada)

    with recorded(services.core.database.engine) as statements:
        after = await login_options(ada)

    assert statements == []
    assert before.pop("challenge") != after.pop("challenge")
    assert (
        before
        == after
        == {
            "rpId": "example.com",
            "allowCredentials": [],
            "timeout": 300000,
            "userVerification": "required",
        }
    )


async def test_user_handle_is_neither_an_id_nor_an_address(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    first = await stored_passkey(services, ada)
    second = await stored_passkey(services, ada)

    row = await UserRow.select(UserRow.id, UserRow.subject, UserRow.webauthn_handle).first()

    assert row is not None
    assert len(row["webauthn_handle"]) == 43
    assert first.user_handle == second.user_handle == row["webauthn_handle"]


async def test_counter_of_a_synchronized_passkey_may_decrease(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    soft = new_authenticator(flags=SYNCED)
    soft.sign_count = 7
    await stored_passkey(services, ada, soft)
    soft.sign_count = 3

    assert (await passkey_login(ada, soft)).status == 200
    assert (await PasskeyRow.select(PasskeyRow.sign_count).first()) == {"sign_count": 3}


async def test_passkey_of_a_disabled_account_opens_no_session(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    soft = await stored_passkey(services, ada)
    changed: dict[Any, Any] = {UserRow.is_active: False}
    await UserRow.update(changed, force=True)

    assert (await passkey_login(ada, soft)).outcome == (403, "ACCOUNT_DISABLED")


async def test_passkey_login_takes_seven_statements(user_factory: UserFactory, services: Services) -> None:
    """The passkey; then `last_login`, the challenge, the passkey, the session, its token and the audit row."""
    ada = await user_factory()
    soft = await stored_passkey(services, ada)
    credential = soft.get(await login_options(ada))

    with recorded(services.core.database.engine) as statements:
        assert (await send_login(ada, credential)).status == 200

    verbs = [statement.split()[0] for statement in statements]
    assert verbs == ["SELECT", "UPDATE", "INSERT", "UPDATE", "INSERT", "INSERT", "INSERT"]


async def test_server_without_passkeys_has_no_passkey_routes(app_with: OtherAppFactory) -> None:
    async with app_with(PASSKEYS_ENABLED="false") as other:
        for path in ("options", "login"):
            response = await other.client.post(f"/api/auth/passkey/{path}", json={})
            assert (response.status_code, response.json()["error_code"]) == (404, "NOT_FOUND")
