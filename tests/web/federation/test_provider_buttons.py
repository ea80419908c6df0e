"""The buttons of the providers on the pages, and the errors with which people come back."""

from urllib.parse import parse_qs, urlsplit

from tests.support.visitor import Page, Visitor
from tests.web.federation.conftest import APPLICATION

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def starts(page: Page) -> dict[str, dict[str, str]]:
    """Return the parameters of the links to the providers."""
    found = {}
    for link in map(urlsplit, page.reader.links):
        if link.path.startswith("/api/auth/providers/"):
            query = parse_qs(link.query)
            found[link.path] = {name: values[0] for name, values in query.items()}
            assert all(len(values) == 1 for values in query.values())
    return found


async def test_buttons_lead_to_the_providers_and_take_the_journey_along(visitor: Visitor) -> None:
    acme, closed = "/api/auth/providers/acme/start", "/api/auth/providers/closed/start"
    login = await visitor.get("/account/login")
    assert starts(login) == {acme: {"continue": "/account"}, closed: {"continue": "/account"}}
    assert "Continue with Acme" in login.text
    assert "Rock &amp; &lt;b&gt;" in login.response.text

    register = await visitor.get("/account/register", **{"continue": "/account/keys?x=1", "lang": "de"})
    assert starts(register) == {acme: {"continue": "/account/keys?x=1&lang=de", "lang": "de"}}
    refused = await visitor.submit(register, "/account/register", username="_")
    assert (refused.status, starts(refused)) == (422, starts(register))

    application = {"return_to": APPLICATION, "code_challenge": CHALLENGE}
    assert starts(await visitor.get("/account/login", **application))[acme] == {"continue": "/account", **application}


async def test_error_of_a_provider_is_shown_in_words_of_this_server(visitor: Visitor) -> None:
    for code, text in {
        "PROVIDER_DENIED": "The login was cancelled.",
        "PROVIDER_ERROR": "The login with this provider did not work.",
        "PROVIDER_UNAVAILABLE": "This provider is not available at the moment.",
    }.items():
        page = await visitor.get("/account/login", error=code)
        assert page.outcome == (200, "login", code)
        assert text in page.text
        assert f"/account/login?lang=de&error={code}" in page.reader.links
    for code in ("INTERNAL_ERROR", "<b>"):
        assert (await visitor.get("/account/login", error=code)).outcome == (200, "login", "")
