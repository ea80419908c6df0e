"""Sign-ins by a provider that begin and end on the pages of this server."""

import asyncio

from auth_api.credentials.providers.errors import ProviderDeniedException
from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.db.database import SERVICE
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp
from tests.support.actors import Actor
from tests.support.clock import MovableClock
from tests.support.factors import add_totp, current_code, move_to_a_new_step, switch_two_step_on
from tests.support.fake_provider import FakeProvider
from tests.support.outages import outage
from tests.support.page_passkeys import used_passkey
from tests.support.passkeys import stored_passkey
from tests.support.rows import audit_actions
from tests.support.visitor import COOKIE, Visitor
from tests.web.federation.conftest import APPLICATION, continuation, log_in_by_provider, register
from tests.web.federation.test_provider_buttons import CHALLENGE

SIGN_UP = "/account/login/sign-up"

SECOND_FACTOR = "/account/second-factor"


async def test_first_login_asks_for_a_username_and_creates_the_account(visitor: Visitor) -> None:
    page = await log_in_by_provider(visitor, **{"continue": "/account/keys", "lang": "de"})
    assert page.outcome == (200, "sign-up", "")
    assert page.response.headers["Content-Language"] == "de"
    assert "/account/login?continue=%2Faccount%2Fkeys%3Flang%3Dde&lang=en" in page.reader.links
    fields = page.form(SIGN_UP).fields
    assert not [link for link in page.reader.links if fields["signup_token"] in link]
    assert (fields["username"], fields["email"], fields["display_name"]) == ("ada", "ada@example.com", "Ada Example")

    refused = await visitor.submit(page, SIGN_UP, username="_", keep="on")
    assert refused.outcome == (422, "sign-up", "VALIDATION_ERROR")
    assert "Acme" in refused.text
    assert refused.form(SIGN_UP).fields["signup_token"] == fields["signup_token"]
    done = await visitor.submit(refused, SIGN_UP, username="lovelace")
    assert (done.status, done.location) == (303, "/account/keys?lang=de")
    assert "Max-Age=" in done.response.headers["Set-Cookie"]
    (row,) = await UserRow.select(UserRow.username, UserRow.display_name, UserRow.email_verified_at)
    assert (row["username"], row["display_name"], row["email_verified_at"] is not None) == (
        "lovelace",
        "Ada Example",
        True,
    )

    used = await visitor.submit(refused, SIGN_UP, username="lovelace")
    assert used.location == "/account/login?continue=%2Faccount%2Fkeys%3Flang%3Dde&lang=de&error=FLOW_INVALID"
    assert (await visitor.get(SIGN_UP)).location == "/account/login"


async def test_later_login_leads_on_and_happens_once(visitor: Visitor) -> None:
    await visitor.submit(await log_in_by_provider(visitor), SIGN_UP)
    visitor.client.cookies.delete(COOKIE)

    address = await continuation(visitor, **{"continue": "/account/keys"})
    page = await visitor.get(address)
    assert (page.status, page.location) == (303, "/account/keys")
    assert "Max-Age" not in page.response.headers["Set-Cookie"]
    assert (await visitor.get("/account/keys")).status == 200
    assert (await visitor.get(address)).location == "/account"
    visitor.client.cookies.delete(COOKIE)
    assert (await visitor.get(address)).outcome == (400, "error", "FLOW_INVALID")
    assert (await audit_actions()).count("login:succeeded") == 2  # the registration, and this one


async def test_concurrent_requests_open_one_session(visitor: Visitor) -> None:
    await visitor.submit(await log_in_by_provider(visitor), SIGN_UP)
    visitor.client.cookies.delete(COOKIE)
    address = await continuation(visitor)

    pages = await asyncio.gather(*(visitor.get(address) for _ in range(10)))

    assert sum("Set-Cookie" in page.response.headers for page in pages) == 1
    assert {page.outcome for page in pages} <= {(303, "", ""), (400, "error", "FLOW_INVALID")}


async def test_login_for_an_application_leads_to_it_with_a_code(visitor: Visitor) -> None:
    application = {"return_to": APPLICATION, "code_challenge": CHALLENGE}
    page = await log_in_by_provider(visitor, **application)
    done = await visitor.submit(page, SIGN_UP)

    assert done.outcome == (200, "hop", "")
    assert f"{APPLICATION}#code=fc_" in done.response.text


async def test_failure_of_the_provider_leads_to_the_sign_in_page(visitor: Visitor, provider: FakeProvider) -> None:
    provider.answer = ProviderDeniedException()
    page = await log_in_by_provider(visitor, **{"continue": "/account/keys"})
    assert page.location == "/account/login?continue=%2Faccount%2Fkeys&error=PROVIDER_DENIED"


async def test_refused_login_has_a_page_of_its_own(visitor: Visitor, provider: FakeProvider) -> None:
    closed = await log_in_by_provider(visitor, "closed")
    assert closed.outcome == (403, "registration-closed", "REGISTRATION_CLOSED")
    assert "none can be created with it" in closed.text
    assert "invitation" not in closed.text  # people can register with a password

    await visitor.submit(await log_in_by_provider(visitor), SIGN_UP)
    await UserRow.update({UserRow.is_active: False}, force=True)
    disabled = await log_in_by_provider(visitor)
    assert disabled.outcome == (403, "account-disabled", "ACCOUNT_DISABLED")
    assert "Set-Cookie" not in disabled.response.headers


async def test_second_factor_follows_the_login_by_a_provider(
    visitor: Visitor, server: OtherApp, clock: MovableClock
) -> None:
    move_to_a_new_step(clock)
    await visitor.submit(await log_in_by_provider(visitor, **{"continue": "/account/keys"}), SIGN_UP)
    visitor.client.cookies.delete(COOKIE)
    seed = await add_totp(server.services, "ada")
    await UserRow.update({UserRow.two_step_since: UserRow.created_at}, force=True)

    page = await log_in_by_provider(visitor, **{"continue": "/account/keys"})
    assert page.outcome == (200, "second-factor", "")
    code = current_code(server.services, seed)
    done = await visitor.submit(page, "/account/second-factor", code=code)
    assert done.location == "/account/keys"


async def test_address_of_an_account_asks_to_log_in_once_and_links(visitor: Visitor, server: OtherApp) -> None:
    await register(visitor)
    visitor.client.cookies.delete(COOKIE)

    page = await log_in_by_provider(visitor, **{"continue": "/account/keys"})
    assert page.outcome == (200, "login", "")
    form = page.form("/account/login")
    assert form.fields["identifier"] == "ada@example.com"
    token = form.fields["link_token"]
    assert not [link for link in page.reader.links if token in link]
    assert "link Acme afterwards" in page.text  # a login with the third provider does not link it
    wrong = await visitor.submit(page, "/account/login", password="Wrong-Horse-7-Staple")
    assert wrong.outcome == (422, "login", "INVALID_CREDENTIALS")
    assert "also log in with Acme" in wrong.text

    assert token not in (await visitor.get("/account/login", link_token=token)).form("/account/login").fields.values()
    done = await visitor.submit(wrong, "/account/login", password=visitor.password)
    assert done.location == "/account/keys"
    (user,) = await UserRow.select(UserRow.id)
    (identity,) = await server.services.core.identities.of_user(user["id"])
    assert identity.provider == "acme"
    visitor.client.cookies.delete(COOKIE)
    assert (await log_in_by_provider(visitor)).location == "/account"


async def test_refused_link_does_not_prevent_the_login(visitor: Visitor) -> None:
    await register(visitor)
    visitor.client.cookies.delete(COOKIE)
    page = await log_in_by_provider(visitor)
    fields = {**page.form("/account/login").fields, "identifier": "ada", "password": visitor.password}

    done = await visitor.post("/account/login", {**fields, "link_token": "fl_" + 43 * "x"})

    assert done.location == "/account/identities?error=FLOW_INVALID"
    identities = await visitor.follow(done)
    assert identities.outcome == (200, "identities", "FLOW_INVALID")


async def test_link_that_an_outage_has_prevented_is_told(visitor: Visitor, server: OtherApp) -> None:
    await register(visitor)
    visitor.client.cookies.delete(COOKIE)
    page = await log_in_by_provider(visitor)

    with outage(server.services.core.database.engine, text="DELETE FROM sign_in_flows"):
        done = await visitor.submit(page, "/account/login", password=visitor.password)

    assert done.location == "/account/identities?error=FLOW_INVALID"
    assert "Nothing was linked" in (await visitor.follow(done)).text


async def test_link_follows_the_second_factor(visitor: Visitor, server: OtherApp, clock: MovableClock) -> None:
    move_to_a_new_step(clock)
    await register(visitor)
    visitor.client.cookies.delete(COOKIE)
    seed = await add_totp(server.services, "ada")
    await UserRow.update({UserRow.two_step_since: UserRow.created_at}, force=True)

    page = await log_in_by_provider(visitor)
    page = await visitor.submit(page, "/account/login", password=visitor.password)
    assert page.outcome == (200, "second-factor", "")
    assert (await visitor.submit(page, "/account/second-factor", code="000000")).status == 422
    code = current_code(server.services, seed)
    assert (await visitor.submit(page, "/account/second-factor", code=code)).location == "/account"
    assert "identity:linked" in await audit_actions()


async def test_sign_in_goes_on_after_an_outage_at_each_step(visitor: Visitor) -> None:
    address = await continuation(visitor)
    breakers.get(SERVICE).open()
    assert (await visitor.get(address)).outcome == (503, "error", "CIRCUIT_BREAKER_OPEN")
    breakers.get(SERVICE).close()
    page = await visitor.get(address)

    breakers.get(SERVICE).open()
    shown = await visitor.submit(page, SIGN_UP, username="lovelace")
    assert shown.outcome == (503, "sign-up", "CIRCUIT_BREAKER_OPEN")
    breakers.get(SERVICE).close()
    assert (await visitor.submit(shown, SIGN_UP)).location == "/account"


async def test_second_factor_can_be_proved_after_an_outage(visitor: Visitor, server: OtherApp) -> None:
    """The login by the provider is used up when the page of the second factor is made, and cannot be repeated."""
    await visitor.submit(await log_in_by_provider(visitor), SIGN_UP)
    visitor.client.cookies.delete(COOKIE)
    soft = await stored_passkey(server.services, Actor(server.client))
    await switch_two_step_on("ada")
    address = await continuation(visitor, **{"continue": "/account/keys"})

    with outage(server.services.core.database.engine, text="FROM passkeys", number=2):
        page = await visitor.get(address)
    assert page.outcome == (503, "second-factor", "DATABASE_UNAVAILABLE")
    assert page.response.headers["Retry-After"]
    page = await visitor.submit(page, SECOND_FACTOR)
    done = await visitor.submit(page, SECOND_FACTOR, method="passkey", credential=used_passkey(page, soft))
    assert done.location == "/account/keys"
