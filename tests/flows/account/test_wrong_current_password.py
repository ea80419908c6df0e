"""A mistyped password that confirms a request is reported at its field, and ends neither the session nor the link."""

import pytest

from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.mail_flows import verify
from tests.support.mailbox import Mailbox

WRONG = "Not-the-1-password"

REQUESTS = {
    "/api/user/password": {"new_password": "Another-Mare-8-Paperclip"},
    "/api/user/email": {"new_email": "other@example.com"},
    "/api/user/delete": {},
}


@pytest.mark.parametrize(("path", "body"), REQUESTS.items(), ids=REQUESTS)
async def test_wrong_current_password_is_reported_at_its_field(
    user_factory: UserFactory, path: str, body: dict[str, str]
) -> None:
    ada = await user_factory()

    response = await ada.call("POST", path, json={"current_password": WRONG, **body})

    assert response.outcome == (401, "INVALID_CREDENTIALS")
    assert response["errors"] == [
        {"field": "current_password", "code": "incorrect", "message": "This is not the password of the account."}
    ]
    assert (await ada.profile()).status == 200
    assert (await ada.try_refresh()).status == 200


async def test_wrong_password_of_a_verification_is_reported_at_its_field(ada: Actor, mailbox: Mailbox) -> None:
    await ada.register()
    token = await mailbox.token()

    response = await verify(ada, token, password=WRONG)

    assert response.outcome == (401, "INVALID_CREDENTIALS")
    assert [error["field"] for error in response["errors"]] == ["password"]
    assert (await verify(ada, token, password=ada.password)).status == 200


async def test_failed_login_names_no_field(user_factory: UserFactory) -> None:
    """The server does not reveal which entry is wrong."""
    ada = await user_factory()

    responses = [await ada.log_in(password=WRONG), await ada.log_in(username="unknown")]

    assert [response.outcome for response in responses] == [(401, "INVALID_CREDENTIALS")] * 2
    assert ["errors" in response.json for response in responses] == [False, False]
