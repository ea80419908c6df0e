"""GET /account/data, the export and the deletion."""

import httpx
import pytest

from auth_api.roles.built_in import ADMINISTRATOR
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.factors import add_totp, current_code, switch_two_step_on
from tests.support.roles import give_role
from tests.support.rows import age_sessions, user_rows
from tests.support.visitor import COOKIE, Visitor

DATA = "/account/data"


@pytest.fixture
async def visitor(client: httpx.AsyncClient, user_factory: UserFactory) -> Visitor:
    """Ada, who is logged in."""
    await user_factory()
    visitor = Visitor(client)
    await visitor.log_in()
    return visitor


async def test_export_is_a_file_of_the_data_that_the_api_exports(visitor: Visitor) -> None:
    page = await visitor.get(DATA)
    assert "for 365 days" in page.text
    assert "Linked accounts" not in page.text

    response = (await visitor.submit(page, f"{DATA}/export")).response

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="ada-')
    assert response.headers["Cache-Control"] == "no-store"
    document = response.json()
    assert document["profile"]["email"] == "ada@example.com"
    assert document["sessions"]
    assert document["audit_events"]
    assert visitor.client.cookies[COOKIE] not in response.text


async def test_deletion_needs_the_username_and_the_password(visitor: Visitor) -> None:
    page = await visitor.get(DATA)
    form = f"{DATA}/delete"

    other = await visitor.submit(page, form, confirm="bob", current_password=visitor.password)
    assert other.outcome == (422, "data", "VALIDATION_ERROR")
    assert other.field_error("confirm") == "This is not the username of this account."
    wrong = await visitor.submit(page, form, confirm="ada", current_password="Wrong-Horse-7-Staple")
    assert wrong.outcome == (422, "data", "INVALID_CREDENTIALS")
    assert "Wrong-Horse" not in wrong.response.text
    empty = await visitor.submit(page, form, confirm="ada")
    assert empty.outcome == (422, "data", "VALIDATION_ERROR")
    assert empty.field_error("current_password") == "Please fill in this field."
    assert len(await user_rows()) == 1


async def test_deletion_says_goodbye_and_deletes_the_cookie(visitor: Visitor) -> None:
    await age_sessions(minutes=6)
    page = await visitor.get(DATA)

    gone = await visitor.submit(page, f"{DATA}/delete", confirm=" Ada ", current_password=visitor.password)

    assert gone.outcome == (200, "goodbye", "")
    assert COOKIE not in visitor.client.cookies
    assert "/account/login" in gone.reader.links
    assert "/account/logout" not in gone.reader.links
    assert await user_rows() == []
    again = await visitor.submit(page, f"{DATA}/delete", confirm="ada", current_password=visitor.password)
    assert again.location == "/account/login?continue=%2Faccount%2Fdata"


async def test_last_administrator_is_told_to_appoint_another_one(visitor: Visitor) -> None:
    await give_role("ada", ADMINISTRATOR)
    page = await visitor.get(DATA)

    refused = await visitor.submit(page, f"{DATA}/delete", confirm="ada", current_password=visitor.password)

    assert refused.outcome == (422, "data", "LAST_ADMINISTRATOR")
    assert "Make another person an administrator first." in refused.text
    assert len(await user_rows()) == 1


async def test_account_with_two_step_login_confirms_each_change_by_its_second_factor(
    visitor: Visitor, services: Services
) -> None:
    seed = await add_totp(services, "ada")
    await switch_two_step_on("ada")
    for path, form in ((DATA, f"{DATA}/delete"), ("/account/email",) * 2, ("/account/password",) * 2):
        page = await visitor.get(path)
        assert form not in [each.action for each in page.reader.forms], path
        assert "Confirm that it is you" in page.text
        (link,) = [link for link in page.reader.links if link.startswith("/account/confirm?")]
        fields = {"confirm": "ada", "new_email": "ada@example.org", "new_password": "Better-Horse-8-Staple"}
        sent = await visitor.post(form, {**fields, "current_password": visitor.password})
        assert (sent.status, sent.location) == (303, link), path

    proved = await visitor.submit(
        await visitor.get(link), "/account/confirm", method="totp", code=current_code(services, seed)
    )

    assert proved.location == "/account/password"
    assert "current_password" in (await visitor.get("/account/password")).reader.inputs
    assert "current_password" not in (await visitor.get("/account/email")).reader.inputs
    page = await visitor.get(DATA)
    assert "current_password" not in page.reader.inputs
    assert (await visitor.submit(page, f"{DATA}/delete", confirm="ada")).name == "goodbye"
