"""GET /account/apps, and the form on this page."""

from auth_api.oauth.consents.tables import OAuthConsentRow
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.consents import allow, client_of
from tests.support.visitor import Visitor

APPS = "/account/apps"


async def test_application_is_shown_with_what_it_may_do_and_loses_its_access(
    services: Services, user_factory: UserFactory, client: object
) -> None:
    ada = await user_factory(is_verified=True)
    visitor = Visitor(ada.client, username=ada.username)
    await visitor.log_in()
    assert "No application has access to your account." in (await visitor.get(APPS)).text
    wiki = await client_of(services, name="Wiki <i>", uri="https://wiki.example.com")
    await allow(services, ada, wiki, "openid", "email", offline=True)

    page = await visitor.get(APPS)
    german = await visitor.get(APPS, lang="de")
    ended = await visitor.submit(page, APPS)
    after = await visitor.follow(ended)
    unknown = await visitor.submit(page, APPS)

    assert page.outcome == (200, "apps", "")
    assert {APPS, "/account/device"} <= set(page.reader.links)
    for text in ("Wiki <i>", "See your e-mail address.", "Keeps its access", "https://wiki.example.com"):
        assert text in page.text, text
    assert "Ihre E-Mail-Adresse sehen." in german.text
    assert (ended.status, ended.location) == (303, f"{APPS}?done=revoked")
    assert "The application no longer has access to your account." in after.text
    assert unknown.outcome == (404, "apps", "CONSENT_NOT_FOUND")
    assert await OAuthConsentRow.count() == 0
