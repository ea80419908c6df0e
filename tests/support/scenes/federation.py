"""The pages of sign-ins by a provider."""

from typing import Final

from auth_api.kit.crypto.tokens import BROWSER_ID, UPSTREAM_STATE, new_token
from tests.support.scenes.scene import FEDERATED, Lead, Scene, at, inside
from tests.support.scenes.stage import Person, Stage

_LOGIN: Final = "/account/login"
_CONTINUATION: Final = f"{_LOGIN}/provider"
_SIGN_UP: Final = f"{_LOGIN}/sign-up"
_IDENTITIES: Final = "/account/identities"

_PAST: Final = "2026-01-01 00:00:00+00:00"
_FUTURE: Final = "2099-01-01 00:00:00+00:00"


async def _wait(stage: Stage) -> None:
    """Come back from the provider while another request asks it.."""
    browser, state = new_token(BROWSER_ID), new_token(UPSTREAM_STATE)
    name = f"auth_browser_{stage.product.server.port}"
    await stage.page.context.add_cookies([{"name": name, "value": browser.raw, "url": stage.product.origin}])
    await stage.product.deployment.execute(
        "INSERT INTO sign_in_flows (stage, purpose, provider, state_hash, browser_hash, created_at, expires_at) VALUES "  # noqa: S608
        f"('taken', 'page', 'dev', '{state.digest}', '{browser.digest}', '{_PAST}', '{_FUTURE}')"
    )
    await stage.open(f"{_CONTINUATION}?state={state.raw}")
    await stage.page.route(f"**{_CONTINUATION}?*", lambda route: route.fulfill(status=204))  # the browser stays here


async def _come_back(stage: Stage, *, start: str = f"{_LOGIN}?again=1", **person: str) -> None:
    """Log in at the provider for development as a person of one's own."""
    await stage.open(start)
    await stage.page.locator('a[href*="/dev/start"]').click()
    await _choose(stage, **person)


async def _choose(stage: Stage, **person: str) -> None:
    form = stage.page.locator('form:has([name="name"])')
    for name, value in person.items():
        field = form.locator(f'[name="{name}"]')
        await (field.check() if value == "on" else field.fill(value))
    await form.locator("button").click()
    await stage.page.wait_for_url(lambda url: "/dev/provider" not in url and "/callback" not in url)


async def _sign_up(stage: Stage) -> str:
    name = stage.free_name()
    await _come_back(stage, name=name, email=f"{name}@example.com", email_verified="on")
    return name


async def _shown_sign_up(stage: Stage) -> None:
    await _sign_up(stage)


async def _refused_sign_up(stage: Stage) -> None:
    await _sign_up(stage)
    await stage.send(_SIGN_UP, username="_", email="ada", display_name="Ada Lovelace")


async def _taken_username(stage: Stage) -> None:
    person = await stage.person()
    await _sign_up(stage)
    await stage.send(_SIGN_UP, username=person.actor.username)


async def _address_of_an_account(stage: Stage) -> None:
    person = await stage.person()
    await _come_back(stage, name=stage.free_name(), email=person.actor.email, email_verified="on")


async def _wrong_password(stage: Stage) -> None:
    await _address_of_an_account(stage)
    await stage.send(_LOGIN, password="wrong-Password-1")


async def _linked(stage: Stage) -> Person:
    """Log in a person with two linked accounts, of which one is of a provider that no longer exists."""
    person = await stage.logged_in()
    await stage.link(person, "dev", f"a-rather-long-address-of.{person.actor.email}")
    await stage.link(person, "formerly")
    return person


async def _identities(stage: Stage) -> None:
    await _linked(stage)
    await stage.open(_IDENTITIES)


async def _unproved_identities(stage: Stage) -> None:
    await stage.age_proof(await _linked(stage))
    await stage.open(_IDENTITIES)


async def _only_identity(stage: Stage) -> None:
    await _without_password(stage)
    await stage.open(_IDENTITIES)


async def _unlinked(stage: Stage) -> None:
    await _identities(stage)
    await stage.send(f"{_IDENTITIES}/unlink")


async def _unknown_identity(stage: Stage) -> None:
    await _identities(stage)
    await stage.page.locator("[name=id]").first.evaluate("node => node.value = '4096'")
    await stage.send(f"{_IDENTITIES}/unlink")


async def _taken(stage: Stage) -> None:
    await _linked(stage)
    await stage.open(f"{_IDENTITIES}?error=IDENTITY_TAKEN")


async def _without_password(stage: Stage) -> Person:
    person = await stage.logged_in_without_password()
    await stage.link(person, "dev", person.actor.email)
    return person


async def _confirmation(stage: Stage) -> None:
    await stage.age_proof(await _without_password(stage))
    await stage.open("/account/confirm")


async def _password(stage: Stage) -> None:
    await _without_password(stage)
    await stage.open("/account/password")


async def _security(stage: Stage) -> None:
    await _without_password(stage)
    await stage.open("/account/security")


def _scene(template: str, path: str, lead: Lead, **more: object) -> Scene:
    return Scene(template, path, lead, product=FEDERATED, **more)  # type: ignore[arg-type]


FEDERATION_SCENES: Final = (
    _scene("sign_in/login.html", _LOGIN, at(_LOGIN), state="providers"),
    _scene("sign_in/login.html", _LOGIN, at(f"{_LOGIN}?error=PROVIDER_DENIED"), error="PROVIDER_DENIED", errors=0),
    _scene("sign_in/register.html", "/account/register", at("/account/register"), state="providers"),
    _scene("federation/wait.html", _CONTINUATION, _wait),
    _scene("federation/sign_up.html", _CONTINUATION, _shown_sign_up),
    _scene("federation/sign_up.html", _SIGN_UP, _refused_sign_up, error="VALIDATION_ERROR"),
    _scene("federation/sign_up.html", _SIGN_UP, _taken_username, error="DUPLICATE_USERNAME"),
    _scene("sign_in/login.html", _CONTINUATION, _address_of_an_account, state="link"),
    _scene("sign_in/login.html", _LOGIN, _wrong_password, error="INVALID_CREDENTIALS", state="link"),
    _scene("federation/identities.html", _IDENTITIES, inside(_IDENTITIES), state="none"),
    _scene("federation/identities.html", _IDENTITIES, _identities),
    _scene("federation/identities.html", _IDENTITIES, _unproved_identities, state="unproved"),
    _scene("federation/identities.html", _IDENTITIES, _only_identity, state="only-one"),
    _scene("federation/identities.html", _IDENTITIES, _unlinked, state="unlinked"),
    _scene("federation/identities.html", _IDENTITIES, _taken, error="IDENTITY_TAKEN", errors=0),
    _scene("federation/identities.html", f"{_IDENTITIES}/unlink", _unknown_identity, error="IDENTITY_NOT_FOUND"),
    _scene("sign_in/sign_in_again.html", "/account/confirm", _confirmation),
    _scene("account/password.html", "/account/password", _password, state="none"),
    _scene("own_factors/security.html", "/account/security", _security, state="no-password"),
)
