"""GET /account/sessions, and the forms on this page."""

import httpx
import pytest

from tests.conftest import UserFactory
from tests.support.rows import audit_actions
from tests.support.visitor import COOKIE, Visitor

SESSIONS = "/account/sessions"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile Safari/604.1"


@pytest.fixture
async def visitor(client: httpx.AsyncClient, user_factory: UserFactory) -> Visitor:
    """Ada, whose registration left a session, and who is logged in with Firefox."""
    ada = await user_factory(is_verified=True)
    ada.headers = {"User-Agent": PHONE}
    await ada.log_in()
    visitor = Visitor(client, headers={"User-Agent": FIREFOX})
    await visitor.log_in()
    return visitor


async def test_list_begins_with_the_present_session(visitor: Visitor) -> None:
    page = await visitor.get(SESSIONS)

    assert page.outcome == (200, "sessions", "")
    assert page.response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    titles = [text for text in ("Firefox on Linux This device", "Safari on iPhone") if text in page.text]
    assert len(titles) == 2
    assert page.text.index("Firefox on Linux") < page.text.index("Safari on iPhone")
    assert "203.0.113.7" in page.text
    assert "In use now" in page.text


async def test_long_list_has_parts(visitor: Visitor) -> None:
    first = await visitor.get(SESSIONS, limit="1", lang="de")
    (link,) = [link for link in first.reader.links if "cursor=" in link]
    second = await visitor.get(SESSIONS + link)

    assert first.text.count("Firefox unter Linux Dieses Gerät") == 1
    assert "Dieses Gerät" not in second.text
    assert "Safari unter iPhone" in second.text
    assert SESSIONS in second.reader.links
    assert second.response.headers["Content-Language"] == "de"
    assert (await visitor.get(SESSIONS, cursor="?")).response.headers["X-Error-Code"] == "VALIDATION_ERROR"


async def test_another_session_can_be_ended_once(visitor: Visitor) -> None:
    page = await visitor.get(SESSIONS)
    present, other, *_ = [form for form in page.reader.forms if form.action == f"{SESSIONS}/end"]

    ended = await visitor.post(f"{SESSIONS}/end", other.fields)
    assert (ended.status, ended.location) == (303, f"{SESSIONS}?done=ended")
    shown = await visitor.follow(ended)
    assert "The device is logged out." in shown.text
    assert "Safari on iPhone" not in shown.text
    again = await visitor.post(f"{SESSIONS}/end", other.fields)
    assert again.outcome == (404, "sessions", "SESSION_NOT_FOUND")
    assert "This session has already ended." in again.text
    assert present.fields["id"] in again.response.text
    assert [link for link in again.reader.links if "lang=de" in link] == [f"{SESSIONS}?lang=de"]


async def test_present_session_ends_as_by_a_log_out(visitor: Visitor) -> None:
    page = await visitor.get(SESSIONS)
    ended = await visitor.submit(page, f"{SESSIONS}/end")

    assert ended.location == "/account/login?done=signed-out"
    assert COOKIE not in visitor.client.cookies
    assert (await audit_actions())[-1] == "session:logged_out"
    assert (await visitor.get(SESSIONS)).location == "/account/login?continue=%2Faccount%2Fsessions"


async def test_all_other_sessions_can_be_ended_at_once(visitor: Visitor) -> None:
    page = await visitor.submit(await visitor.get(SESSIONS), f"{SESSIONS}/end-others")
    shown = await visitor.follow(page)

    assert "All other devices are logged out." in shown.text
    assert "Safari on iPhone" not in shown.text
    assert [form.action for form in shown.reader.forms] == [f"{SESSIONS}/end"]


async def test_session_of_another_person_cannot_be_ended(visitor: Visitor, user_factory: UserFactory) -> None:
    await user_factory(username="bob")
    bob = Visitor(visitor.client, username="bob")
    session_id = (await visitor.get(SESSIONS)).form(f"{SESSIONS}/end").fields["id"]
    cookie = visitor.client.cookies[COOKIE]
    visitor.client.cookies.clear()
    await bob.log_in()

    page = await bob.post(f"{SESSIONS}/end", {"id": session_id})

    assert page.outcome == (404, "sessions", "SESSION_NOT_FOUND")
    bob.client.cookies.clear()
    bob.client.cookies.set(COOKIE, cookie)
    assert (await visitor.get(SESSIONS)).status == 200


async def test_form_of_a_person_who_is_logged_out_leads_to_the_page_that_contains_it(visitor: Visitor) -> None:
    visitor.client.cookies.clear()

    page = await visitor.post(f"{SESSIONS}/end-others", {})

    assert page.location == "/account/login?continue=%2Faccount%2Fsessions"


async def test_name_of_a_program_is_escaped_and_isolated(visitor: Visitor) -> None:
    visitor.headers = {"User-Agent": "<b>tool</b>"}
    page = await visitor.get(SESSIONS)

    assert "<bdi>&lt;b&gt;tool&lt;</bdi>" in page.response.text
    assert "<b>" not in page.response.text


async def test_error_page_of_a_form_leads_to_the_page_that_contains_it(visitor: Visitor) -> None:
    page = await visitor.post(f"{SESSIONS}/end-others", {}, headers={"Content-Type": "text/plain"})

    assert page.outcome == (415, "error", "UNSUPPORTED_MEDIA_TYPE")
    assert SESSIONS in page.reader.links
