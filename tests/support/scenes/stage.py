"""What leads a browser to a page: the product, an open page, and people in every state of their accounts."""

from dataclasses import dataclass
from itertools import count
from typing import Final

import httpx
from playwright.async_api import Page

from tests.support.actors import Actor
from tests.support.authenticator_app import AuthenticatorApp, add_app
from tests.support.page_forms import send_form
from tests.support.product import Product

_LONG_AGO: Final = "2026-01-01 00:00:00+00:00"

_numbers: Final = count(1)


@dataclass
class Person:
    """A person with an account.

    Attributes:
        actor: sends requests to the API with an access token of the account.
        app: the authenticator app; None if the account has none.
        recovery_codes: those of the account.
    """

    actor: Actor
    app: AuthenticatorApp | None = None
    recovery_codes: tuple[str, ...] = ()

    def code(self) -> str:
        """Return a code of the authenticator app that was not used before."""
        assert self.app is not None
        return self.app.code()


@dataclass(frozen=True)
class Stage:
    """A browser at the product.

    Attributes:
        product: the product.
        page: an open page of the browser.
        client: an HTTP client of the product, without the cookies of the browser.
    """

    product: Product
    page: Page
    client: httpx.AsyncClient

    async def open(self, path: str) -> None:
        """Open a page by its path."""
        await self.page.goto(self.product.origin + path)

    async def send(self, action: str, *, button: str = "", **typed: str) -> None:
        """Fill in and send a form of the page."""
        await send_form(self.page, action, button=button, **typed)

    def free_name(self) -> str:
        """Return a username that no account has."""
        return f"ada{next(_numbers)}"

    async def person(self, *, is_verified: bool = True) -> Person:
        """Register a person by the API."""
        name = self.free_name()
        actor = Actor(self.client, username=name, email=f"{name}@example.com")
        fields = {"email": actor.email, "username": name, "password": actor.password}
        response = await actor.call("POST", "/api/auth/register", json=fields)
        assert response.response.is_success, response.json
        actor.access_token = response.json.get("access_token", "")
        if is_verified:
            await self.change(name, "email_verified_at = created_at")
        return Person(actor)

    async def change(self, username: str, assignment: str) -> None:
        """Change the account of a person in the database."""
        await self.product.deployment.execute(
            f"UPDATE users SET {assignment} WHERE username = '{username}'"  # noqa: S608 - of a test
        )

    async def make_administrator(self, person: Person) -> int:
        """Give a person the role of administrators. Return the id of the account."""
        user_id = await self.id_of(person)
        await self.product.deployment.execute(
            f"INSERT INTO user_roles (user_id, role_id, granted_at) SELECT {user_id}, id, created_at FROM roles "  # noqa: S608
            "WHERE name = 'administrator'"
        )
        return user_id

    async def id_of(self, person: Person) -> int:
        """Return the id of the account of a person."""
        query = f"SELECT id FROM users WHERE username = '{person.actor.username}'"  # noqa: S608 - of a test
        ((user_id,),) = await self.product.deployment.rows(query)
        return int(user_id)

    async def person_with_app(self) -> Person:
        """Register a person who logs in in two steps."""
        person = await self.person()
        person.app, response = await add_app(person.actor)
        person.recovery_codes = tuple(response["recovery_codes"])
        return person

    async def log_in(self, person: Person) -> None:
        """Log the browser in with a password, without opening a page. The account needs no second step."""
        fields: dict[str, str | float | bool] = {
            "identifier": person.actor.username,
            "password": person.actor.password,
        }
        response = await self.page.context.request.post(
            f"{self.product.origin}/account/login",
            form=fields,
            headers={"Origin": self.product.origin},
            max_redirects=0,
        )
        assert response.status == 303, await response.text()

    async def logged_in(self, *, is_verified: bool = True) -> Person:
        """Register a person and log the browser in."""
        person = await self.person(is_verified=is_verified)
        await self.log_in(person)
        return person

    async def logged_in_without_password(self) -> Person:
        """Log in a person whose account has no password."""
        person = await self.logged_in()
        await self.change(person.actor.username, "hashed_password = '!'")
        return person

    async def link(self, person: Person, provider: str, email: str | None = None) -> None:
        """Link the account of a person to one at a provider."""
        values = "NULL" if email is None else f"'{email}'"
        await self.product.deployment.execute(
            "INSERT INTO user_identities (user_id, provider, issuer, subject, email, email_verified, linked_at, "  # noqa: S608
            f"last_used_at) VALUES ({await self.id_of(person)}, '{provider}', 'https://{provider}.example.com', "
            f"'{next(_numbers)}', {values}, TRUE, '{_LONG_AGO}', '{_LONG_AGO}')"
        )

    async def logged_in_without_proof(self) -> Person:
        """Log in a person with an authenticator app whose proof of identity is not recent enough for a change."""
        person = await self.logged_in_with_app()
        await self.age_proof(person)
        return person

    async def logged_in_with_app(self) -> Person:
        """Log in a person with an authenticator app."""
        person = await self.person_with_app()
        await self.second_step(person)
        await self.send("/account/second-factor", code=person.code())
        return person

    async def second_step(self, person: Person) -> None:
        """Open the page that asks a person for the second factor."""
        await self.open("/account/login")
        await self.send("/account/login", identifier=person.actor.username, password=person.actor.password)

    async def age_proof(self, person: Person) -> None:
        """Let the sessions of a person be opened a long time ago."""
        await self.product.deployment.execute(
            f"UPDATE sessions SET auth_time = '{_LONG_AGO}', mfa_at = '{_LONG_AGO}' WHERE user_id = "  # noqa: S608
            f"(SELECT id FROM users WHERE username = '{person.actor.username}')"
        )

    async def shown_app(self) -> AuthenticatorApp:
        """Return the authenticator app whose key the page shows."""
        key = await self.page.locator("#secret").inner_text()
        return AuthenticatorApp("".join(key.split()))
