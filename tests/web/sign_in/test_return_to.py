"""The parameters `return_to` and `code_challenge` on the way through the sign-in pages."""

import httpx
import pytest

from auth_api.sessions.tables import SessionRow
from tests.conftest import UserFactory
from tests.support.hand_off import JOURNEY, RETURN_TO
from tests.support.visitor import COOKIE, Page, Visitor

CHALLENGE = JOURNEY["code_challenge"]

LOOKALIKES = (
    "//testserver/account/signed-in",
    "/\\testserver/account/signed-in",
    "//evil.example",
    "/\\evil.example",
    "http://testserver@evil.example/account/signed-in",
    "http://evil.example@testserver/account/signed-in",
    "http://testserver/account/%2e%2e/signed-in",
    "http://testserver/account/signed%2Din",
    "http://testserver/account/signed-in/",
    "http://testserver./account/signed-in",
    "http://testserver/account/signed-in.",
    "HTTP://testserver/account/signed-in",
    "http://TESTSERVER/account/signed-in",
    "http://testserver/account/signed-in?x=1",
    "http://testserver/account/signed-in?",
    "http://testserver/account/signed-in#",
    "http://testserver:80/account/signed-in",
    "https://testserver/account/signed-in",
    "javascript:alert(1)",
    "http://testserver/account/signed-in\n",
    "http://testserver/account/signed-in\r\nLocation: https://evil.example",
    " http://testserver/account/signed-in",
    "/account/signed-in",
    "x" * 501,
)

CHALLENGES: dict[str, dict[str, str]] = {
    "missing": {},
    "42 characters": {"code_challenge": CHALLENGE[:-1]},
    "44 characters": {"code_challenge": f"{CHALLENGE}M"},
    "not base64url": {"code_challenge": f"{CHALLENGE[:-1]}="},
    "plain": {"code_challenge": CHALLENGE, "code_challenge_method": "plain"},
    "lower case": {"code_challenge": CHALLENGE, "code_challenge_method": "s256"},
}


@pytest.fixture
async def visitor(client: httpx.AsyncClient, user_factory: UserFactory) -> Visitor:
    """Ada, who has an account, at a browser without script."""
    await user_factory()
    return Visitor(client)


def refusal(page: Page) -> tuple[int, str]:
    """Return the status and the code of a page of an error, which must lead nowhere."""
    assert page.location == ""
    assert "evil" not in page.response.text
    assert "Set-Cookie" not in page.response.headers
    return page.status, page.response.headers["X-Error-Code"]


async def test_application_must_be_listed_character_by_character(visitor: Visitor) -> None:
    own_session = await SessionRow.count()
    fields = {"identifier": "ada", "password": visitor.password, "code_challenge": CHALLENGE}
    for return_to in LOOKALIKES:
        shown = await visitor.get("/account/login", return_to=return_to, code_challenge=CHALLENGE)
        sent = await visitor.post("/account/login", {**fields, "return_to": return_to})

        assert refusal(shown) == (400, "RETURN_TO_NOT_ALLOWED"), return_to
        assert refusal(sent) == (400, "RETURN_TO_NOT_ALLOWED"), return_to

    assert await SessionRow.count() == own_session


async def test_code_challenge_is_required_and_always_a_digest(visitor: Visitor) -> None:
    own_session = await SessionRow.count()
    fields = {"identifier": "ada", "password": visitor.password, "return_to": RETURN_TO}
    for name, parameters in CHALLENGES.items():
        shown = await visitor.get("/account/register", return_to=RETURN_TO, **parameters)
        sent = await visitor.post("/account/login", {**fields, **parameters})

        assert refusal(shown) == (400, "VALIDATION_ERROR"), name
        assert "<dd><code>code_challenge" in shown.response.text, name
        assert refusal(sent) == (400, "VALIDATION_ERROR"), name

    assert await SessionRow.count() == own_session
    assert (await visitor.get("/account/login", **JOURNEY, code_challenge_method="S256")).status == 200


async def test_application_travels_through_forms_and_links(visitor: Visitor) -> None:
    page = await visitor.get("/account/login", **JOURNEY, **{"continue": "/account/security"})
    for _ in range(2):  # the second time after a wrong password
        assert page.form("/account/login").fields | JOURNEY == page.form("/account/login").fields
        assert "continue" not in page.form("/account/login").fields  # the application takes precedence
        links = [link for link in page.reader.links if link.startswith(("/account/register?", "/account/login?"))]
        assert len(links) == 3  # to register, and to two languages
        assert all(f"code_challenge={CHALLENGE}" in link and "return_to=http" in link for link in links)
        page = await visitor.submit(page, "/account/login", identifier="ada", password="Wrong-Horse-7-Staple")

    register = await visitor.get("/account/register", **JOURNEY)
    assert JOURNEY.items() <= register.form("/account/register").fields.items()


async def test_pages_without_an_application_are_as_before(visitor: Visitor) -> None:
    page = await visitor.get("/account/login", code_challenge="ignored", code_challenge_method="plain")

    assert page.form("/account/login").fields == {"identifier": "", "password": ""}
    assert COOKIE not in visitor.client.cookies
