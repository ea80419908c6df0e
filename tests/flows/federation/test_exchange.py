"""Exchanging the code of a sign-in for the session of an application."""

import asyncio
from typing import Any

import httpx
import pytest

from auth_api.services import Services
from auth_api.sign_in_flows.flow import FlowPurpose
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.cookie_mode import COOKIE, COOKIE_MODE
from tests.support.factors import add_totp, current_code, switch_two_step_on
from tests.support.hand_off import VERIFIER, new_code
from tests.support.problems import assert_problem
from tests.support.sign_in_flows import prove, start

EXCHANGE = "/api/auth/exchange"


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with a session."""
    return await user_factory()


async def exchange(client: httpx.AsyncClient, code: str, verifier: str = VERIFIER, **more: Any) -> httpx.Response:
    return await client.post(EXCHANGE, json={"code": code, "code_verifier": verifier, **more})


async def test_code_gives_one_of_twenty_requests_a_session(ada: Actor, services: Services) -> None:
    code = await new_code(services, ada.access_token)

    responses = await asyncio.gather(*(exchange(ada.client, code) for _ in range(20)))

    (won,) = (response for response in responses if response.status_code == 200)
    assert [assert_problem(each, 400, "FLOW_INVALID")["status"] for each in responses if each is not won] == [400] * 19
    application = Actor(ada.client, access_token=won.json()["access_token"])
    assert (won.json()["user"]["username"], won.json()["amr"]) == ("ada", ["pwd"])
    assert len((await application.call("GET", "/api/user/sessions"))["items"]) == 2


async def test_wrong_verifier_does_not_use_the_code_up(ada: Actor, services: Services) -> None:
    code = await new_code(services, ada.access_token)

    for verifier in ("W" * 43, VERIFIER.lower(), "é" * 43, "\x00" * 43, "A" * 128):
        assert_problem(await exchange(ada.client, code, verifier), 400, "FLOW_INVALID")
    for verifier in ("A" * 42, "A" * 129, ""):
        assert_problem(await exchange(ada.client, code, verifier), 400, "VALIDATION_ERROR")
    for other in ("", "fc_", f"{code}A", code.upper(), "\x00"):
        assert_problem(await exchange(ada.client, other), 400, "FLOW_INVALID")
    assert_problem(await exchange(ada.client, code, code_challenge_method="plain"), 400, "VALIDATION_ERROR")

    assert (await exchange(ada.client, code)).status_code == 200


async def test_page_in_cookie_mode_keeps_the_refresh_token_in_its_cookie(ada: Actor, services: Services) -> None:
    code = await new_code(services, ada.access_token)

    response = await ada.client.post(EXCHANGE, json={"code": code, "code_verifier": VERIFIER}, headers=COOKIE_MODE)

    assert response.status_code == 200
    assert "refresh_token" not in response.json()
    assert response.cookies[COOKIE].startswith("rt_")


async def test_code_of_another_purpose_gives_no_session(ada: Actor, services: Services) -> None:
    flows = services.core.sign_in_flows
    code = await prove(flows, await start(flows, purpose=FlowPurpose.LINK))

    assert_problem(await exchange(ada.client, code, "V" * 43), 400, "FLOW_INVALID")


async def test_exchange_decides_about_the_account_as_it_is_now(ada: Actor, services: Services) -> None:
    """A second factor that was added in the meantime is required, and whatever ends the sessions ends the code."""
    with_factor, ended = [await new_code(services, ada.access_token) for _ in range(2)]
    seed = await add_totp(services, "ada")
    await switch_two_step_on("ada")

    refused = await exchange(ada.client, with_factor)
    assert refused.json()["error_code"] == "MFA_REQUIRED"
    second = {"method": "totp", "code": current_code(services, seed), "mfa_token": refused.json()["mfa_token"]}
    assert (await ada.client.post("/api/auth/mfa", json=second)).status_code == 200
    assert_problem(await exchange(ada.client, with_factor), 400, "FLOW_INVALID")

    await ada.call("POST", "/api/auth/logout-all")
    assert_problem(await exchange(ada.client, ended), 400, "FLOW_INVALID")


async def test_server_without_applications_has_no_exchange(app_with: OtherAppFactory) -> None:
    async with app_with(RETURN_URLS="[]") as other:
        assert_problem(await exchange(other.client, "fc_x"), 404, "NOT_FOUND")
