"""An outage of the database in the middle of a login."""

import httpx

from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.db.database import SERVICE
from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.factors import add_recovery_codes, add_totp, current_code, switch_two_step_on
from tests.support.visitor import COOKIE, Page, Visitor


async def submit_after_outage(visitor: Visitor, page: Page, action: str, **typed: str) -> Page:
    """Send a form during an outage, then again by the page that the outage has shown."""
    breakers.get(SERVICE).open()
    shown = await visitor.submit(page, action, **typed)
    assert (shown.status, shown.error) == (503, "CIRCUIT_BREAKER_OPEN")
    assert int(shown.response.headers["Retry-After"]) > 0
    assert "Set-Cookie" not in shown.response.headers
    breakers.get(SERVICE).close()
    return await visitor.submit(shown, action, **typed)


async def test_login_goes_on_after_an_outage_at_each_step(
    client: httpx.AsyncClient, services: Services, user_factory: UserFactory
) -> None:
    await user_factory(is_verified=True)
    seed = await add_totp(services, "ada")
    codes = await add_recovery_codes(services, "ada")
    await switch_two_step_on("ada")
    visitor = Visitor(client)
    page = await visitor.get("/account/login", **{"continue": "/account/profile"})

    page = await submit_after_outage(visitor, page, "/account/login", identifier="ada", password=visitor.password)
    assert page.name == "second-factor"
    page = await submit_after_outage(visitor, page, "/account/second-factor", code=current_code(services, seed))
    assert page.location == "/account/profile"
    cookie = client.cookies[COOKIE]

    breakers.get(SERVICE).open()
    page = await visitor.get("/account/profile")
    assert (page.status, page.error) == (503, "CIRCUIT_BREAKER_OPEN")
    breakers.get(SERVICE).close()
    assert (await visitor.get("/account/profile")).name == "profile"

    confirmation = await visitor.get("/account/confirm", again="1", **{"continue": "/account/history"})
    proof = {"method": "recovery_code", "code": codes[0]}
    breakers.get(SERVICE).open()
    assert (await visitor.submit(confirmation, "/account/confirm", **proof)).status == 503
    breakers.get(SERVICE).close()
    page = await visitor.submit(confirmation, "/account/confirm", **proof)
    assert (page.location, client.cookies[COOKIE]) == ("/account/history", cookie)
