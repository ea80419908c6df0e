"""GET /account/history."""

import httpx
import pytest

from auth_api.credentials.factor_kind import FactorKind
from auth_api.credentials.identities.events import IdentityEvent
from auth_api.features import EVENTS
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.consents.events import ConsentEvent
from auth_api.roles.events import RoleEvent
from auth_api.services import Services
from auth_api.sessions.events import SessionEvent
from auth_api.sign_in.events import FactorEvent
from auth_api.web.account.event_texts import DETAIL_TEXTS, EVENT_TEXTS, WARNINGS, picture_of_event, text_of_event
from auth_api.web.frame.renderer import environment
from tests.conftest import UserFactory
from tests.support.visitor import Visitor

HISTORY = "/account/history"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
async def visitor(client: httpx.AsyncClient, user_factory: UserFactory) -> Visitor:
    """Ada, who is logged in with Firefox, after a wrong password."""
    await user_factory()
    visitor = Visitor(client, headers={"User-Agent": FIREFOX})
    await visitor.log_in(password="Wrong-Horse-7-Staple")
    await visitor.log_in()
    return visitor


def test_each_event_has_a_text_and_a_picture() -> None:
    tags = {tag.value for tag in EVENTS}
    icons = environment("en").get_template("_icons.html").module.PATHS  # type: ignore[attr-defined]

    assert EVENT_TEXTS.keys() == tags
    assert tags >= WARNINGS
    assert {action for action, _, _ in DETAIL_TEXTS} <= tags
    assert {picture_of_event(tag) for tag in tags} <= icons.keys()
    for event in (FactorEvent.FACTOR_ADDED, FactorEvent.FACTOR_REMOVED):
        texts = {text_of_event(event.value, {"kind": kind.value}) for kind in FactorKind}
        assert len(texts) == len(FactorKind)
        assert EVENT_TEXTS[event.value] not in texts


async def test_history_tells_what_happened_newest_first(visitor: Visitor) -> None:
    page = await visitor.get(HISTORY)

    assert page.outcome == (200, "history", "")
    texts = ["Logged in", "Login failed", "Account created"]
    assert [page.text.index(text) for text in texts] == sorted(page.text.index(text) for text in texts)
    assert page.text.count("Firefox on Linux · 203.0.113.7") == 2
    assert {"/account/sessions"} <= set(page.reader.links)


async def test_long_history_has_parts(visitor: Visitor) -> None:
    first = await visitor.get(HISTORY, limit="2")
    (link,) = [link for link in first.reader.links if "cursor=" in link and "lang=" not in link]
    second = await visitor.get(HISTORY + link)

    assert "Account created" not in first.text
    assert "Account created" in second.text
    assert HISTORY in second.reader.links
    assert [link for link in second.reader.links if "cursor=" in link and "lang=" not in link] == []


async def test_events_of_operators_of_newer_versions_and_of_programs_are_shown(
    visitor: Visitor, services: Services
) -> None:
    user_id = (await services.core.users.find("ada")).id

    async def work() -> None:
        await services.core.audit.record(
            SessionEvent.SESSIONS_ENDED, user_id=user_id, request_context=RequestContext(actor="cli")
        )
        await services.core.audit.record(
            FactorEvent.FACTOR_ADDED,
            user_id=user_id,
            request_context=RequestContext(user_agent="<b>\N{RIGHT-TO-LEFT OVERRIDE}tool</b>"),
            kind="card",
        )

    await services.core.database.transaction(work)
    page = await visitor.get(HISTORY)

    assert "All devices logged out By the operator of this service" in page.text
    assert "Second factor added" in page.text
    assert "<bdi>&lt;b&gt;" in page.response.text
    assert text_of_event("robot:started", {}) == "Other event"


async def test_history_names_the_application_provider_and_role(visitor: Visitor, services: Services) -> None:
    user_id = (await services.core.users.find("ada")).id
    audit = services.core.audit

    async def work() -> None:
        context = RequestContext()
        wiki = {"client": "app_1", "application": "Wiki <i>"}
        await audit.record(ConsentEvent.OAUTH_CONSENT_GRANTED, user_id=user_id, request_context=context, **wiki)
        await audit.record(IdentityEvent.IDENTITY_LINKED, user_id=user_id, request_context=context, provider="github")
        await audit.record(RoleEvent.ROLE_GRANTED, user_id=user_id, request_context=context, resource="role:editor")

    await services.core.database.transaction(work)
    page = await visitor.get(HISTORY)

    for about in ("Wiki &lt;i&gt;", "github", "editor"):
        assert f"<bdi>{about}</bdi> · " in page.response.text


async def test_history_of_another_person_is_not_shown(visitor: Visitor, user_factory: UserFactory) -> None:
    await user_factory(username="bob")
    visitor.client.cookies.clear()
    await Visitor(visitor.client, username="bob").log_in()

    assert "Login failed" not in (await visitor.get(HISTORY)).text
