"""Recovery codes replace a factor, they are none: what an account needs whose only factor cannot be used any longer."""

from typing import Any

import pytest

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.credentials.recovery_codes.tables import RecoveryCodeRow
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.factors import add_recovery_codes, step_up, switch_two_step_on
from tests.support.log_lines import logged
from tests.support.passkeys import stored_passkey
from tests.support.rows import age_sessions


@pytest.fixture
async def codes(ada: Actor, services: Services) -> tuple[str, ...]:
    """Her recovery codes, beside a passkey of another domain."""
    await stored_passkey(services, ada)
    changed: dict[Any, Any] = {PasskeyRow.rp_id: "old.example"}
    await PasskeyRow.update(changed, force=True)
    return await add_recovery_codes(services, ada.username)


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    return await user_factory(is_verified=True)


async def needed_proof(ada: Actor) -> tuple[str, list[str]]:
    """Return the level and the methods that an operation asks for long after the login."""
    await age_sessions(seconds=301)
    response = await ada.call("POST", "/api/user/delete", json={})
    assert response.outcome == (403, "STEP_UP_REQUIRED")
    return response["acr_values"], response["methods"]


async def test_account_without_a_usable_factor_needs_its_password(ada: Actor, codes: tuple[str, ...]) -> None:
    assert await needed_proof(ada) == ("aal1", ["password"])
    assert (await step_up(ada, method="recovery_code", code=codes[0])).outcome == (404, "FACTOR_NOT_FOUND")

    stepped_up = await step_up(ada, method="password", password=ada.password)

    assert stepped_up.status == 200
    assert (await ada.call("POST", "/api/user/delete", token=stepped_up["access_token"], json={})).status == 204


async def test_password_only_confirms_a_change_of_an_account_without_a_usable_factor(
    ada: Actor, codes: tuple[str, ...]
) -> None:
    del codes
    await age_sessions(seconds=301)

    assert (await ada.call("POST", "/api/user/delete", json={"current_password": ada.password})).status == 204


async def test_two_step_login_without_a_usable_factor_needs_a_recovery_code(ada: Actor, codes: tuple[str, ...]) -> None:
    await switch_two_step_on(ada.username)

    assert await needed_proof(ada) == ("aal2", ["recovery_code"])
    assert (await step_up(ada, method="password", password=ada.password)).outcome == (404, "FACTOR_NOT_FOUND")
    assert (await step_up(ada, method="recovery_code", code=codes[0])).status == 200


@pytest.mark.parametrize(("has_codes", "methods"), [(True, ["recovery_code"]), (False, [])])
async def test_two_step_login_stays_closed_if_its_passkey_belongs_to_another_domain(
    ada: Actor, codes: tuple[str, ...], methods: list[str], *, has_codes: bool
) -> None:
    del codes
    if not has_codes:
        await RecoveryCodeRow.delete(force=True)
    await switch_two_step_on(ada.username)

    with logged("ERROR") as errors:
        response = await ada.log_in()

    assert (response.outcome, response["methods"], response["enrolment"]) == ((403, "MFA_REQUIRED"), methods, [])
    assert [line["event"] for line in errors] == ["login:no_usable_factor"]
