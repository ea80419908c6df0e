"""Users add, list and remove their passkeys."""

import pytest

from auth_api.credentials.recovery_codes.tables import RecoveryCodeRow
from auth_api.events.audit.tables import AuditLogRow
from auth_api.events.outbox.tables import OutboxRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.passkeys import (
    add_passkey,
    factors_of,
    new_authenticator,
    passkey_login,
)
from tests.support.soft_authenticator import DEVICE_BOUND, EDDSA, ES256, RS256, SYNCED


@pytest.mark.parametrize("algorithm", [EDDSA, ES256, RS256])
@pytest.mark.parametrize(("flags", "method"), [(DEVICE_BOUND, "hwk"), (SYNCED, "swk")])
async def test_new_passkey_is_a_proof_and_logs_in(
    user_factory: UserFactory, algorithm: int, flags: int, method: str
) -> None:
    ada = await user_factory(is_verified=True)
    soft = new_authenticator(algorithm=algorithm, flags=flags)

    response = await add_passkey(ada, soft, name="Laptop")

    assert (response.status, response["acr"], response["amr"]) == (201, "phr", ["pwd", method, "mfa"])
    assert len(response["recovery_codes"]) == 10
    passkey = response["passkey"]
    assert passkey == {
        "id": passkey["id"],
        "name": "Laptop",
        "created_at": passkey["created_at"],
        "last_used_at": None,
        "usable": True,
        "backed_up": flags == SYNCED,
    }
    assert (await ada.profile()).status == 200
    assert (await passkey_login(ada, soft)).status == 200


async def test_new_passkey_leaves_two_step_login_off(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    await add_passkey(ada, new_authenticator())

    assert (await factors_of(ada))["two_step"] is False
    assert (await ada.log_in()).status == 200


async def test_only_the_first_factor_brings_recovery_codes(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    await add_passkey(ada, new_authenticator())

    assert "recovery_codes" not in (await add_passkey(ada, new_authenticator())).json
    assert await RecoveryCodeRow.count() == 10


async def test_passkeys_are_listed_newest_first_without_secrets(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    for name in ("Laptop", "Phone"):
        await add_passkey(ada, new_authenticator(), name=name)

    listed = await factors_of(ada)

    assert [passkey["name"] for passkey in listed["passkeys"]] == ["Phone", "Laptop"]
    assert listed["passkeys"][0].keys() == {"id", "name", "created_at", "last_used_at", "usable", "backed_up"}
    assert "passkey" in listed["enrolment"]


async def test_use_of_a_passkey_is_dated(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    soft = new_authenticator()
    await add_passkey(ada, soft)
    await passkey_login(ada, soft)

    assert (await factors_of(ada))["passkeys"][0]["last_used_at"] is not None


async def test_new_passkey_is_recorded_and_mailed_once(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    await add_passkey(ada, new_authenticator())

    events = await AuditLogRow.select(AuditLogRow.details).where(AuditLogRow.action == "factor:added")
    assert len(events) == 1
    assert await OutboxRow.count().where(OutboxRow.template == "factor_added") == 1


@pytest.mark.parametrize(
    ("name", "error"),
    [("", "too_short"), ("  ", "too_short"), ("x" * 61, "too_long"), ("a\u202eb", "invisible_character"), (7, "type")],
)
async def test_passkey_name_is_checked(user_factory: UserFactory, name: object, error: str) -> None:
    ada = await user_factory(is_verified=True)

    response = await add_passkey(ada, new_authenticator(), name=name)

    assert (response.status, [each["code"] for each in response["errors"]]) == (400, [error])


async def test_passkey_without_a_name_is_called_after_the_device(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    ada.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

    assert (await add_passkey(ada, new_authenticator()))["passkey"]["name"] == "Firefox on Linux"


async def test_passkey_of_an_earlier_domain_is_listed_as_unusable(
    user_factory: UserFactory, app_with: OtherAppFactory
) -> None:
    ada = await user_factory(is_verified=True)
    await add_passkey(ada, new_authenticator())

    async with app_with(PASSKEY_RP_ID="other.example", PASSKEY_ORIGINS="https://other.example") as other:
        elsewhere = Actor(other.client, access_token=ada.access_token)
        assert [passkey["usable"] for passkey in (await factors_of(elsewhere))["passkeys"]] == [False]


async def test_passkeys_are_exported(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    await add_passkey(ada, new_authenticator(), name="Laptop")

    exported = (await ada.call("GET", "/api/user/export")).json

    found = [(factor["kind"], factor["name"]) for factor in exported["second_factors"]]
    assert found == [("passkey", "Laptop"), ("recovery_codes", None)]
