"""/account/reset-password and the form that sends its mail."""

import json

import httpx
import pytest

from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.db.database import SERVICE
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.breakers import begin_outage
from tests.support.mail_flows import NEW_PASSWORD, forgot
from tests.support.mailbox import Mailbox
from tests.support.rows import age_one_time_tokens, audit_actions
from tests.support.visitor import Page, Visitor

PATH = "/account/reset-password"


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """Ada, with a verified e-mail address."""
    return await user_factory(is_verified=True)


@pytest.fixture
async def token(ada: Actor, mailbox: Mailbox) -> str:
    """The token of a mail to Ada."""
    await forgot(ada, ada.email)
    return await mailbox.token()


@pytest.fixture
def visitor(client: httpx.AsyncClient) -> Visitor:
    """Ada's browser."""
    return Visitor(client)


async def second_step(visitor: Visitor, pasted: str) -> Page:
    return await visitor.submit(await visitor.get(PATH), PATH, token=pasted)


async def test_password_is_set_in_two_steps_and_all_devices_are_logged_out(
    visitor: Visitor, ada: Actor, token: str
) -> None:
    await visitor.log_in()
    step = await second_step(visitor, token)
    assert step.outcome == (200, "choose-password", "")
    username, password = step.reader.inputs["username"], step.reader.inputs["new_password"]
    assert (username["value"], username["autocomplete"]) == ("ada", "username")
    assert password["autocomplete"] == "new-password"
    assert "At least 12 characters" in step.text

    done = await visitor.submit(step, PATH, new_password=NEW_PASSWORD)

    assert done.outcome == (200, "password-set", "")
    assert "/account/login" in done.reader.links
    assert NEW_PASSWORD not in done.response.text
    assert (await ada.log_in()).status == 401
    assert (await ada.log_in(password=NEW_PASSWORD)).status == 200
    assert (await visitor.get("/account/login")).name == "login"  # the session of this browser has ended, too
    (row,) = await AuditLogRow.select().where(AuditLogRow.action == "password:reset")
    assert json.loads(row["details"])["via"] == "page"


async def test_whole_link_or_a_code_with_blanks_around_it_is_accepted(visitor: Visitor, token: str) -> None:
    pasted = (
        f"http://testserver{PATH}#token={token}",
        f"  {token}\t",
        f"<https://links.example.com/?url=http%3A%2F%2Ftestserver%2F%23token%3D{token}&data=05>",
    )
    for text in pasted:
        step = await second_step(visitor, text)
        assert step.name == "choose-password"
        assert step.form(PATH).fields["token"] == token


async def test_form_without_the_name_of_the_account_is_refused_in_the_same_way(visitor: Visitor, token: str) -> None:
    page = await visitor.post(PATH, {"token": token, "new_password": "Short-1"})
    assert page.outcome == (422, "choose-password", "WEAK_PASSWORD")
    assert page.form(PATH).fields["token"] == token


async def test_weak_password_is_refused_at_its_field_and_the_code_kept(visitor: Visitor, token: str) -> None:
    step = await second_step(visitor, token)
    for typed, text in (("", "Please fill in this field."), ("Short-1", "Must have at least 12 characters.")):
        step = await visitor.submit(step, PATH, new_password=typed)
        assert (step.status, step.name) == (422, "choose-password")
        assert text in step.field_error("new_password")
        assert step.form(PATH).fields["token"] == token
        assert step.form(PATH).fields["username"] == "ada"
        assert typed == "" or typed not in step.response.text

    assert (await visitor.submit(step, PATH, new_password=NEW_PASSWORD)).name == "password-set"


async def test_used_or_expired_code_leads_to_the_first_step_with_a_form_for_a_new_mail(
    visitor: Visitor, ada: Actor, token: str, mailbox: Mailbox
) -> None:
    step = await second_step(visitor, token)
    await age_one_time_tokens(minutes=31)

    for refused in (await visitor.submit(step, PATH, new_password=NEW_PASSWORD), await second_step(visitor, token)):
        assert refused.outcome == (422, "reset-password", "ONE_TIME_TOKEN_INVALID")
        assert refused.field_error("token")
        assert token not in refused.response.text
    sent = await visitor.submit(refused, "/account/forgot-password", email=ada.email.upper())
    assert sent.outcome == (200, "check-mail", "")
    assert (await second_step(visitor, await mailbox.token())).name == "choose-password"


async def test_double_submit_sets_the_password_once(visitor: Visitor, token: str) -> None:
    step = await second_step(visitor, token)
    assert (await visitor.submit(step, PATH, new_password=NEW_PASSWORD)).name == "password-set"

    again = await visitor.submit(step, PATH, new_password="Another-Horse-9-Staple")

    assert again.outcome == (422, "reset-password", "ONE_TIME_TOKEN_INVALID")
    assert (await audit_actions()).count("password:reset") == 1


async def test_form_is_kept_during_an_outage(visitor: Visitor, token: str) -> None:
    step = await second_step(visitor, token)
    await begin_outage()

    first = await second_step(visitor, token)
    second = await visitor.submit(step, PATH, new_password=NEW_PASSWORD)

    assert first.outcome == (503, "reset-password", "CIRCUIT_BREAKER_OPEN")
    assert second.outcome == (503, "choose-password", "CIRCUIT_BREAKER_OPEN")
    assert second.form(PATH).fields["username"] == "ada"
    for page in (first, second):
        assert page.form(PATH).fields["token"] == token
        assert "Retry-After" in page.response.headers
    breakers.get(SERVICE).close()
    assert (await visitor.submit(second, PATH, new_password=NEW_PASSWORD)).name == "password-set"


async def test_language_links_of_the_second_step_keep_the_code(visitor: Visitor, token: str) -> None:
    step = await second_step(visitor, token)

    assert f"{PATH}?lang=de#token={token}" in step.reader.links
