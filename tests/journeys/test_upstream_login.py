"""Logins with each kind of provider, over TLS, from the button to the session of the application."""

import httpx
import pytest

from tests.conftest import OtherAppFactory
from tests.support.mail_flows import mark_all_verified
from tests.support.mailbox import Mailbox
from tests.support.provider_browser import APPLICATION, APPLICATION_START, VERIFIER, ProviderBrowser, query_of
from tests.support.roles import add_role
from tests.support.upstream.authority import Authority
from tests.support.upstream.provider import ABSENT, LyingProvider, Person
from tests.support.upstream.shapes import GENERIC, GITHUB, GOOGLE, MICROSOFT, Shape


async def log_in(upstream: LyingProvider, client: httpx.AsyncClient, person: Person) -> httpx.Response:
    """Log in at the provider, and return the answer to the exchange of the application."""
    browser = ProviderBrowser(client)
    routes = f"/api/auth/providers/{upstream.shape.id}"
    started = await browser.get(f"{routes}/start", APPLICATION_START)
    came_back = await browser.get(f"{routes}/callback", upstream.log_in(started.headers["Location"], person))
    continued = await browser.get("/account/login/provider", query_of(came_back))
    address, _, code = continued.headers["Location"].partition("#code=")
    assert address == APPLICATION
    return await client.post("/api/auth/exchange", json={"code": code, "code_verifier": VERIFIER})


@pytest.mark.parametrize("shape", [GENERIC, GOOGLE, MICROSOFT, GITHUB], ids=lambda shape: shape.id)
async def test_person_registers_and_logs_in_with_a_provider(
    app_with: OtherAppFactory, authority: Authority, shape: Shape
) -> None:
    async with (
        LyingProvider(shape).running(authority) as upstream,
        app_with(outbound=upstream.outbound, RETURN_URLS=f'["{APPLICATION}"]', **upstream.variables) as server,
    ):
        client, ada = server.client, Person()
        is_proven = shape is not MICROSOFT

        unknown = (await log_in(upstream, client, ada)).json()
        assert unknown["error_code"] == "SIGN_UP_REQUIRED"
        assert unknown["suggested"] == {
            "username": "ada",
            "email": "ada@example.com",
            "email_verified": is_proven,
            "name": "Ada Example",
        }
        choice = {"signup_token": unknown["signup_token"], "username": "ada"}
        registered = await client.post("/api/auth/providers/register", json=choice)
        assert registered.status_code == 201, registered.text
        assert registered.json()["email_verified"] == is_proven

        # The identity stays if name and address change, and another person who takes them over gets no access.
        moved = Person(subject=ada.subject, email="new@example.com", username="countess")
        again = (await log_in(upstream, client, moved)).json()
        assert (again["user"]["id"], again["user"]["email"]) == (registered.json()["id"], "ada@example.com")
        assert again["amr"] == ["fed"]
        stranger = await log_in(upstream, client, Person(subject="7"))
        refused = ("IDENTITY_LINK_REQUIRED", 409) if is_proven else ("SIGN_UP_REQUIRED", 403)
        assert (stranger.json()["error_code"], stranger.status_code) == refused


async def test_roles_follow_the_groups_at_the_provider(
    app_with: OtherAppFactory, authority: Authority, mailbox: Mailbox
) -> None:
    """Before the policy of second factors is applied, and only for users with a verified address."""
    await add_role("seller", ["orders:read"])
    settings = {
        "RETURN_URLS": f'["{APPLICATION}"]',
        "MFA_POLICY": "admins",
        "PROVIDER_STAFF_ROLE_CLAIM": "realm_access.roles",
        "PROVIDER_STAFF_ROLE_MAP": '{"sales": ["seller"], "help": ["support"]}',
        "PROVIDER_STAFF_ROLE_MAP_ADMINISTRATIVE": "true",
    }
    async with (
        LyingProvider(GENERIC).running(authority) as upstream,
        app_with(outbound=upstream.outbound, mailer=mailbox, **upstream.variables, **settings) as server,
    ):
        client, roles_of = server.client, server.services.core.roles.names_of

        async def register(person: Person, username: str) -> int:
            token = (await log_in(upstream, client, person)).json()["signup_token"]
            choice = {"signup_token": token, "username": username}
            return int((await client.post("/api/auth/providers/register", json=choice)).json()["id"])

        upstream.claims = {"realm_access": {"roles": ["sales", "other"]}}
        unverified = Person(subject="7", email="grace@example.com", email_verified=False)
        ada, grace = await register(Person(), "ada"), await register(unverified, "grace")
        assert await roles_of([ada, grace]) == {ada: ["seller"], grace: []}
        await mark_all_verified()
        assert (await log_in(upstream, client, unverified)).status_code == 200
        assert await roles_of([grace]) == {grace: ["seller"]}

        upstream.claims = {"realm_access": {"roles": ["sales", "help"]}}
        refused = await log_in(upstream, client, Person())
        assert (refused.status_code, refused.json()["error_code"]) == (403, "MFA_ENROLMENT_REQUIRED")
        assert await roles_of([ada]) == {ada: ["seller", "support"]}
        for claims in ({"realm_access": {"roles": ["sales", 7]}}, {"realm_access": ABSENT}, {}):
            upstream.claims = claims
            assert (await log_in(upstream, client, Person())).status_code == 200
            assert await roles_of([ada]) == {ada: []}
