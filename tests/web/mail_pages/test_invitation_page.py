"""GET and POST /account/invitation, and POST /account/invitation/accept."""

import httpx
import pytest

from auth_api.events.audit.actors import user_actor
from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions.tables import BrowserSessionRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.invitations import EMAIL, invited
from tests.support.mail_flows import NEW_PASSWORD, verifying_app
from tests.support.mailbox import Mailbox
from tests.support.roles import give_role
from tests.support.rows import user_rows
from tests.support.visitor import Visitor

PATH, ACCEPT = "/account/invitation", "/account/invitation/accept"
GRACE = {"username": "grace", "password": NEW_PASSWORD}


@pytest.fixture
def visitor(client: httpx.AsyncClient) -> Visitor:
    """The browser of the invited person, without script."""
    return Visitor(client, username="grace", email=EMAIL)


async def test_new_person_sees_what_the_invitation_brings_and_gets_an_account(
    visitor: Visitor, services: Services, mailbox: Mailbox, user_factory: UserFactory
) -> None:
    await user_factory()
    inviter = RequestContext(actor=user_actor(await give_role("ada", "administrator")))
    token = await invited(services, mailbox, "auditor", "support", request_context=inviter)

    page = await visitor.get(PATH)
    assert page.outcome == (200, "invitation", "")
    for _ in range(2):  # nothing is used up
        shown = await visitor.submit(page, PATH, token=f"http://testserver{PATH}#token={token} ")
    assert shown.outcome == (200, "accept-invitation", "")
    assert "The invitation is from ada ." in shown.text
    assert "Your account gets these roles: auditor support" in shown.text
    assert EMAIL in shown.text
    assert "/account/login?continue=%2Faccount%2Finvitation" not in shown.response.text
    for fields, code, wrong in (
        ({"username": "_", "password": ""}, "VALIDATION_ERROR", "username"),
        ({"username": "grace"}, "VALIDATION_ERROR", "password"),
        ({"username": "grace", "password": "short"}, "WEAK_PASSWORD", "password"),
        ({**GRACE, "username": "ada"}, "DUPLICATE_USERNAME", "username"),
    ):
        refused = await visitor.submit(shown, ACCEPT, **fields)
        assert refused.outcome == (422, "accept-invitation", code)
        assert refused.field_error(wrong)
        assert refused.form(ACCEPT).fields == {"token": token, "username": fields["username"], "password": ""}

    joined = await visitor.submit(refused, ACCEPT, **GRACE, keep="on")
    assert (joined.status, joined.location) == (303, "/account")
    assert "Max-Age" in joined.response.headers["Set-Cookie"]
    assert [row["keep"] for row in await BrowserSessionRow.select()] == [True]
    assert "Verified" in (await visitor.get("/account")).text
    (row,) = await AuditLogRow.select().where(AuditLogRow.action == "invitation:accepted")
    assert '"page"' in row["details"]
    again = await visitor.post(ACCEPT, {"token": token, **GRACE})
    assert again.outcome == (422, "invitation", "ONE_TIME_TOKEN_INVALID")
    assert "ask the person who invited you" in again.text


async def test_owner_of_the_address_logs_in_and_accepts_as_themselves(
    visitor: Visitor, services: Services, mailbox: Mailbox, user_factory: UserFactory
) -> None:
    await user_factory(username="grace", email=EMAIL, is_verified=True)
    eve = await user_factory()
    token = await invited(services, mailbox, "support")

    shown = await visitor.post(PATH, {"token": token})
    (login,) = [link for link in shown.reader.links if link.startswith("/account/login?continue")]
    assert login.endswith(f"#token={token}")  # which browsers do not send
    assert "/account/login?continue=%2Faccount%2Finvitation&again=1&login_hint=grace%40example.com" in login
    assert (await Visitor(visitor.client, username=eve.username).log_in()).location == "/account"
    other = await visitor.submit(await visitor.get(PATH), PATH, token=token)
    assert ACCEPT not in [form.action for form in other.reader.forms]
    refused = await visitor.post(ACCEPT, {"token": token, **GRACE})
    assert refused.outcome == (422, "accept-invitation", "ACCOUNT_EXISTS")
    assert "/account/login" in "".join(refused.reader.links)

    form = await visitor.get(login.partition("#")[0])
    assert form.form("/account/login").fields["identifier"] == EMAIL
    logged_in = await visitor.submit(form, "/account/login", password=visitor.password)
    assert (logged_in.status, logged_in.location) == (303, PATH)
    own = await visitor.submit(await visitor.get(PATH), PATH, token=token)
    assert own.form(ACCEPT).fields == {"token": token}
    assert "Accept as grace" in own.text
    accepted = await visitor.submit(own, ACCEPT)
    assert (accepted.status, accepted.location) == (303, "/account?done=accepted")
    assert "You have accepted the invitation." in (await visitor.follow(accepted)).text


async def test_second_factor_of_a_new_administrator_is_added_on_the_way(
    app_with: OtherAppFactory, services: Services, mailbox: Mailbox
) -> None:
    token = await invited(services, mailbox, "administrator")
    async with verifying_app(app_with, mailbox, MFA_POLICY="required") as other:
        visitor = Visitor(other.client)
        shown = await visitor.post(PATH, {"token": token})
        page = await visitor.submit(shown, ACCEPT, **GRACE)

    assert page.outcome == (200, "enrol", "")
    assert page.form("/account/enrol/totp").fields["mfa_token"]


async def test_account_is_created_where_people_do_not_log_in(
    app_with: OtherAppFactory, services: Services, mailbox: Mailbox, user_factory: UserFactory
) -> None:
    await user_factory(is_verified=True)
    tokens = [await invited(services, mailbox, email=email) for email in (EMAIL, "ada@example.com")]
    async with app_with(mailer=mailbox, PUBLIC_URL="http://testserver/auth") as other:
        visitor = Visitor(other.client)
        shown = await visitor.post(PATH, {"token": tokens[0]})
        created = await visitor.post(ACCEPT, {**shown.form(f"/auth{ACCEPT}").fields, **GRACE})
        existing = await visitor.post(PATH, {"token": tokens[1]})

    assert created.outcome == (200, "invitation-accepted", "")
    assert "Set-Cookie" not in created.response.headers
    assert {row["username"] for row in await user_rows()} == {"ada", "grace"}
    assert "already exists" in existing.text
    assert not [link for link in (*created.reader.links, *existing.reader.links) if "/login" in link]
