"""What a person sees and decides about the request of an application."""

import asyncio
from typing import Final

import httpx

from auth_api.events.audit.tables import AuditLogRow
from auth_api.kit.crypto.tokens import BROWSER_ID, new_token
from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.oauth.consents.tables import OAuthConsentRow
from auth_api.oauth.requests.request import RequestKind, RequestParameters
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.services import Services
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.aged_rows import ago
from tests.support.authorization import (
    CONSENT_PAGE,
    ENDPOINT,
    STATE,
    Application,
    decide,
    follow,
    registered,
    sign_in,
)
from tests.support.oauth_clients import add_resource
from tests.support.rows import audit_actions
from tests.support.visitor import Page, Visitor

INVALID: Final = (400, "error", "FLOW_INVALID")
BROWSER_COOKIE: Final = "auth_browser_80"
OTHER_BROWSER: Final = new_token(BROWSER_ID).raw


def use_browser(visitor: Visitor, value: str | None) -> None:
    """Continue in the browser with this cookie, or in one that has none yet."""
    visitor.client.cookies.delete(BROWSER_COOKIE)
    if value is not None:
        visitor.client.cookies.set(BROWSER_COOKIE, value, domain="testserver.local")


async def states() -> list[str]:
    return [row["state"] for row in await OAuthRequestRow.select().order_by(OAuthRequestRow.id)]


async def test_person_who_allows_it_is_not_asked_again(application: Application, visitor: Visitor) -> None:
    page = await follow(visitor, await application.begin(visitor))
    assert page.outcome == (200, "consent", "")
    for shown in ("Wiki", "Website", "wiki.example.com", "ada", "Recognize you", "See your e-mail address."):
        assert shown in page.text
    assert "until you withdraw" not in page.text

    answer = application.answer(await decide(visitor, page, "allow"))

    assert answer.keys() == {"code", "state"}
    assert (answer["state"], answer["code"][:3]) == (STATE, "oc_")
    (consent,) = await OAuthConsentRow.select()
    assert (consent["scopes"], bool(consent["offline"])) == ("email openid", False)
    again = application.answer(await application.begin(visitor, scope="openid"))
    assert again.keys() == {"code", "state"}
    assert await states() == ["code", "code"]
    assert (await audit_actions())[-3:] == ["oauth:consent_granted", "oauth:authorized", "oauth:authorized"]
    (row, *_) = await AuditLogRow.select().order_by(AuditLogRow.id, ascending=False)
    assert application.client.client_id in row["details"]
    more = await follow(visitor, await application.begin(visitor, scope="openid offline_access"))
    assert "until you withdraw" in more.text


async def test_person_who_denies_it_is_asked_again(application: Application, visitor: Visitor) -> None:
    for _ in range(2):
        page = await follow(visitor, await application.begin(visitor))
        answer = application.answer(await decide(visitor, page, "deny"))
        assert answer.pop("error_description")
        assert answer == {"error": "access_denied", "state": STATE}

    assert await OAuthConsentRow.count() == 0
    assert (await audit_actions())[-2:] == ["oauth:consent_denied"] * 2


async def test_request_is_worthless_in_another_browser_and_after_its_answer(
    application: Application, visitor: Visitor
) -> None:
    page = await follow(visitor, await application.begin(visitor))
    fields, cookie = page.form(CONSENT_PAGE).fields, visitor.client.cookies[BROWSER_COOKIE]
    response = f"{ENDPOINT}/response?request={fields['request']}"

    assert (await visitor.get(response)).location == f"{CONSENT_PAGE}?request={fields['request']}"
    for stranger in (None, OTHER_BROWSER):
        use_browser(visitor, stranger)
        pages = [
            await visitor.get(response),
            await visitor.post(CONSENT_PAGE, {**fields, "decision": "allow"}),
            await visitor.get(page.path),
        ]
        assert [each.outcome for each in pages] == [INVALID] * 3
    assert await states() == ["open"]

    use_browser(visitor, cookie)
    hop = await visitor.get((await visitor.submit(page, CONSENT_PAGE, decision="deny")).location)
    assert application.answer(await follow(visitor, hop))["error"] == "access_denied"
    for path in (response, page.path, f"{CONSENT_PAGE}?request=ar_unknown", CONSENT_PAGE, f"{ENDPOINT}/response"):
        assert (await visitor.get(path)).outcome == INVALID


async def test_of_parallel_answers_only_one_has_the_code(application: Application, visitor: Visitor) -> None:
    page = await follow(visitor, await application.begin(visitor))
    hop = await visitor.get((await visitor.submit(page, CONSENT_PAGE, decision="allow")).location)
    (target,) = (link for link in hop.reader.links if ENDPOINT in link)
    assert (await visitor.client.head(target)).status_code == httpx.codes.METHOD_NOT_ALLOWED

    answers = await asyncio.gather(*(visitor.get(target) for _ in range(20)))

    assert sorted(answer.status for answer in answers) == [303] + [400] * 19


async def test_form_of_an_earlier_step_decides_nothing(
    application: Application, visitor: Visitor, user_factory: UserFactory
) -> None:
    eve = await user_factory()
    ada_page = await follow(visitor, await application.begin(visitor))
    switched = await visitor.submit(ada_page, CONSENT_PAGE, decision="switch")
    assert switched.location.startswith("/account/login?again=1&")
    visitor.username = eve.username
    eve_page = await sign_in(visitor, await visitor.follow(switched))
    assert (eve_page.name, eve.username in eve_page.text) == ("consent", True)

    for decision in ("allow", "deny"):
        stale = await visitor.submit(ada_page, CONSENT_PAGE, decision=decision)
        assert (await visitor.follow(stale)).form(CONSENT_PAGE) == eve_page.form(CONSENT_PAGE)
    assert await states() == ["open"]

    visitor.username = "ada"
    await sign_in(visitor, await visitor.get("/account/login", again="1"))
    stale = await visitor.submit(eve_page, CONSENT_PAGE, decision="allow")
    assert (await visitor.follow(stale)).name == "consent"
    assert await OAuthConsentRow.count() == 0


async def test_post_of_another_site_is_bound_to_the_browser_that_opens_its_page(
    application: Application, visitor: Visitor
) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    posted = await visitor.client.post(ENDPOINT, data=application.request(), headers=headers)

    first = await visitor.get(posted.headers["Location"])
    assert first.outcome == (200, "consent", "")
    mine = visitor.client.cookies[BROWSER_COOKIE]
    use_browser(visitor, OTHER_BROWSER)
    assert (await visitor.get(posted.headers["Location"])).outcome == INVALID
    use_browser(visitor, mine)
    assert application.answer(await decide(visitor, first, "allow"))["code"]

    silent = await visitor.client.post(ENDPOINT, data=application.request(prompt="none"), headers=headers)
    assert application.answer(await follow(visitor, Page(silent)))["code"]
    silent = await visitor.client.post(ENDPOINT, data=application.request(prompt="none login"), headers=headers)
    assert application.answer(Page(silent))["error"] == "invalid_request"
    visitor.client.cookies.clear()
    silent = await visitor.client.post(ENDPOINT, data=application.request(prompt="none"), headers=headers)
    assert application.answer(await follow(visitor, Page(silent)))["error"] == "login_required"


async def test_decision_of_another_site_is_refused(application: Application, visitor: Visitor) -> None:
    page = await follow(visitor, await application.begin(visitor))
    fields = {**page.form(CONSENT_PAGE).fields, "decision": "allow"}

    for site in ("cross-site", "same-site", "none"):
        refused = await visitor.post(CONSENT_PAGE, fields, headers={"Sec-Fetch-Site": site})
        assert refused.outcome == (403, "error", "CROSS_SITE_REQUEST")
    assert await states() == ["open"]
    assert "frame-ancestors 'none'" in page.response.headers["Content-Security-Policy"]
    assert "Cross-Origin-Opener-Policy" not in page.response.headers
    for wrong in ({"decision": "maybe"}, {"step": "x"}, {"request": ""}):
        assert (await visitor.post(CONSENT_PAGE, {**fields, **wrong})).status == 400


async def test_request_of_a_device_has_no_answer_in_the_browser(
    application: Application, visitor: Visitor, services: Services
) -> None:
    browser = new_token(BROWSER_ID).raw
    use_browser(visitor, browser)
    requests = services.of(OAuthRequests)
    parameters = RequestParameters(scopes=("openid",))
    for kind, status in ((RequestKind.DEVICE, 400), (RequestKind.LOGOUT, 400), (RequestKind.AUTHORIZE, 303)):
        token = await requests.open(kind, application.client.id, parameters, browser=browser)
        assert (await visitor.get(f"{ENDPOINT}/response?request={token}")).status == status


async def test_request_ends_with_its_time_and_its_client(application: Application, visitor: Visitor) -> None:
    page = await follow(visitor, await application.begin(visitor))
    await OAuthClientRow.update({OAuthClientRow.is_active: False}, force=True)
    assert (await visitor.get(page.path)).outcome == INVALID
    await OAuthClientRow.update({OAuthClientRow.is_active: True}, force=True)
    await OAuthRequestRow.update({OAuthRequestRow.expires_at: ago(seconds=1)}, force=True)

    assert (await visitor.get(page.path)).outcome == INVALID
    assert (await visitor.submit(page, CONSENT_PAGE, decision="allow")).outcome == INVALID
    assert await states() == ["open"]


async def test_page_shows_names_as_text_and_what_operators_say_about_scopes(
    services: Services, visitor: Visitor
) -> None:
    await add_resource(services, "https://orders.example.com", "orders:read")
    application = await registered(
        services,
        "native",
        name="<b>Wiki",
        redirect_uris=["com.example.wiki:/callback"],
        scopes=["openid", "orders:read"],
    )

    page = await follow(visitor, await application.begin(visitor, scope="openid orders:read", ui_locales="fr de-CH en"))

    assert page.path.endswith("&lang=de")
    assert '<html lang="de">' in page.response.text
    assert "&lt;b&gt;Wiki" in page.response.text
    assert "Use orders:read." in page.text
    assert "com.example.wiki:" in page.text
    english = next(link for link in page.reader.links if "lang=en" in link)
    page = await visitor.get(english)
    assert "have just started this program yourself" in page.text
    assert application.answer(await decide(visitor, page, "allow"))["code"]
    again = await follow(visitor, await application.begin(visitor, scope="openid"))
    assert again.name == "consent"


async def test_first_party_client_is_listed_but_never_asks(services: Services, visitor: Visitor) -> None:
    application = await registered(services, first_party=True)

    code = application.answer(await application.begin(visitor, prompt="none"))["code"]
    asked = await follow(visitor, await application.begin(visitor, prompt="consent"))

    assert code.startswith("oc_")
    assert await OAuthConsentRow.count() == 1
    assert asked.name == "consent"
    assert "oauth:consent_granted" not in await audit_actions()


async def test_provider_that_is_off_has_no_pages(app_with: OtherAppFactory) -> None:
    async with app_with(OAUTH_ENABLED="false") as other:
        answers = [await other.client.get(path) for path in (ENDPOINT, f"{ENDPOINT}/response", CONSENT_PAGE)]

    assert [answer.status_code for answer in answers] == [httpx.codes.NOT_FOUND] * 3
