"""The log has the reason for each rejected passkey, which the response does not contain."""

from typing import Any

import pytest

from auth_api.credentials.errors import PasskeyInvalidException
from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.kit.crypto.challenges import ChallengePurpose
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.log_lines import logged
from tests.support.passkeys import (
    creation_options,
    login_options,
    new_authenticator,
    passkey_login,
    send_login,
    send_passkey,
    send_step_up,
    step_up_options,
    stored_passkey,
)
from tests.support.soft_authenticator import SYNCED, SoftAuthenticator

INVALID = (400, "PASSKEY_INVALID")


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    return await user_factory(is_verified=True)


@pytest.fixture
async def soft(ada: Actor, services: Services) -> SoftAuthenticator:
    """The authenticator of a passkey of the user."""
    return await stored_passkey(services, ada, new_authenticator(flags=SYNCED))


def rejections(lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(line["purpose"], line["reason"]) for line in lines if line.get("event") == "passkey:rejected"]


async def test_second_use_of_an_assertion_is_logged(ada: Actor, soft: SoftAuthenticator) -> None:
    credential = soft.get(await login_options(ada))
    await send_login(ada, credential)

    with logged("INFO") as lines:
        assert (await send_login(ada, credential)).outcome == INVALID

    assert rejections(lines) == [("login", "challenge_used")]


async def test_second_use_of_a_registration_is_logged(ada: Actor) -> None:
    credential = new_authenticator().create(await creation_options(ada))
    ada.access_token = (await send_passkey(ada, credential))["access_token"]

    with logged("INFO") as lines:
        assert (await send_passkey(ada, credential)).outcome == INVALID

    assert rejections(lines) == [("registration", "challenge_used")]


async def test_passkey_of_an_earlier_domain_is_logged(ada: Actor, soft: SoftAuthenticator) -> None:
    changed: dict[Any, Any] = {PasskeyRow.rp_id: "old.example"}
    await PasskeyRow.update(changed, force=True)

    with logged("INFO") as lines:
        assert (await passkey_login(ada, soft)).outcome == INVALID

    assert rejections(lines) == [("login", "earlier_rp_id")]


@pytest.mark.usefixtures("soft")
async def test_passkey_of_another_user_is_logged(ada: Actor, user_factory: UserFactory, services: Services) -> None:
    other = await stored_passkey(services, await user_factory())

    with logged("INFO") as lines:
        assert (await send_step_up(ada, other.get(await step_up_options(ada)))).outcome == INVALID

    assert rejections(lines) == [("step_up", "wrong_user")]


async def test_passkey_that_was_removed_during_its_use_is_logged(
    ada: Actor, soft: SoftAuthenticator, services: Services
) -> None:
    passkeys = services.core.passkeys
    checked = await passkeys.check(
        soft.get(await login_options(ada)),
        ChallengePurpose.LOGIN,
        binding="",
        user_id=None,
        request_context=RequestContext(),
    )
    await PasskeyRow.delete(force=True)

    with logged("INFO") as lines, pytest.raises(PasskeyInvalidException):
        await services.core.database.transaction(checked.claim)

    assert rejections(lines) == [("login", "changed_meanwhile")]
