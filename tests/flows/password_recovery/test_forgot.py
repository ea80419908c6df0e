"""Requesting a password reset: the response and the work do not depend on who has the address."""

from typing import Any

import httpx
import pytest

from auth_api.events.outbox.delivery import Delivery
from auth_api.events.outbox.tables import OutboxRow
from auth_api.services import Services
from tests.conftest import CLIENT_IP, OtherAppFactory, UserFactory
from tests.support import operators
from tests.support.actors import Actor, ApiResponse
from tests.support.mailbox import Mailbox
from tests.support.rows import audit_actions, outbox_rows
from tests.support.statements import recorded

ADDRESSES = {"known": "ada@example.com", "unknown": "eve@example.com", "disabled": "bob@example.com"}


async def forgot(actor: Actor, email: str) -> ApiResponse:
    return await actor.call("POST", "/api/auth/password/forgot", token="", json={"email": email})


def shown(response: ApiResponse) -> Any:
    headers = {name: value for name, value in response.response.headers.items() if name != "x-request-id"}
    return response.status, response.response.content, headers


@pytest.fixture
async def ada(user_factory: UserFactory, services: Services, mailbox: Mailbox) -> Actor:
    """Ada has an account, Bob's account is disabled, Eve has no account."""
    ada = await user_factory()
    await user_factory(username="bob")
    await operators.disable(services, "bob")
    return ada


async def test_user_gets_a_mail(ada: Actor, mailbox: Mailbox) -> None:
    response = await forgot(ada, "Ada@Example.com")

    assert (response.status, response.json) == (
        202,
        {"message": "If an account has this e-mail address, an e-mail is on its way."},
    )
    message = await mailbox.one()
    assert (message.recipient, message.subject) == ("ada@example.com", "Set a new password")
    assert (await audit_actions())[-1] == "password:reset_requested"


@pytest.mark.parametrize("who", ["unknown", "disabled"])
async def test_unknown_and_disabled_users_get_no_mail(ada: Actor, mailbox: Mailbox, who: str) -> None:
    assert (await forgot(ada, ADDRESSES[who])).status == 202

    assert await mailbox.collect() == []
    assert await outbox_rows() == []


async def test_response_and_work_do_not_reveal_whether_the_email_is_taken(ada: Actor, services: Services) -> None:
    responses, work = [], []
    for email in ADDRESSES.values():
        with recorded(services.core.database.engine) as statements:
            responses.append(shown(await forgot(ada, email)))
        work.append(statements)

    assert responses[0] == responses[1] == responses[2]
    assert work[0] == work[1] == work[2]
    assert len(work[0]) == 1


async def test_invalid_email_is_a_validation_error(ada: Actor) -> None:
    assert (await forgot(ada, "no address")).outcome == (400, "VALIDATION_ERROR")


async def test_fourth_mail_within_an_hour_is_not_sent_with_the_same_response(
    app_with: OtherAppFactory, mailbox: Mailbox, user_factory: UserFactory
) -> None:
    await user_factory()
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true", TRUSTED_PROXIES=CLIENT_IP) as other:
        for email in ("ada@example.com", "unknown@example.com"):
            responses = [
                await other.client.post(
                    "/api/auth/password/forgot",
                    json={"email": spelling},
                    headers={"X-Forwarded-For": "198.51.100.1"},
                )
                for spelling in (email, email.title(), email, email, email)
            ]
            assert {(response.status_code, response.content) for response in responses} == {(202, responses[0].content)}
            assert len(await outbox_rows()) == 3
            await other.services.of(Delivery).deliver_all()
            await OutboxRow.delete(force=True)

    assert len(mailbox.sent) == 3


async def test_twenty_first_request_from_one_ip_address_is_limited(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true") as other:
        responses = [
            await other.client.post("/api/auth/password/forgot", json={"email": f"person{number}@example.com"})
            for number in range(21)
        ]

    assert [response.status_code for response in responses] == [202] * 20 + [429]
    assert responses[-1].json()["error_code"] == "RATE_LIMITED"


async def test_route_does_not_exist_without_mail(app_with: OtherAppFactory, client: httpx.AsyncClient) -> None:
    """Otherwise the response would promise a mail that is not sent."""
    async with app_with() as other:
        response = await other.client.post("/api/auth/password/forgot", json={"email": "ada@example.com"})

    assert (response.status_code, response.json()["error_code"]) == (404, "NOT_FOUND")
