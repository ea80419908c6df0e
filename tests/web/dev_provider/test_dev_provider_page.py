"""The provider `dev`: a page on which developers choose who they are."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from auth_api.credentials.providers.dev import DevProvider
from auth_api.credentials.providers.errors import ProviderDeniedException, ProviderErrorException
from auth_api.credentials.providers.provider import AuthorizationRequest, AuthorizationResponse
from auth_api.kit.crypto.flow_secrets import challenge_of
from auth_api.settings import Settings
from auth_api.settings.reader import InvalidSettingsError
from tests.conftest import OtherApp, OtherAppFactory, http_client
from tests.support.hand_off import VERIFIER
from tests.support.secret_recorder import SecretRecorder
from tests.support.visitor import Page, Visitor

SERVER = "http://localhost:8000"

REQUEST = AuthorizationRequest(
    state="us_state",
    nonce="a-nonce",
    code_challenge=challenge_of(VERIFIER),
    redirect_uri=f"{SERVER}/api/auth/providers/dev/callback",
)

ROLES = {"PROVIDER_DEV_ROLE_CLAIM": "groups", "PROVIDER_DEV_ROLE_MAP": '{"admins": ["support"]}'}


def response(**changes: Any) -> AuthorizationResponse:
    """Return what the browser comes back with."""
    values: dict[str, Any] = {
        "code": None,
        "iss": None,
        "error": None,
        "nonce": REQUEST.nonce,
        "code_verifier": VERIFIER,
        "redirect_uri": REQUEST.redirect_uri,
        "started_at": datetime.now(tz=UTC),
        "requires_new_login": False,
    }
    return AuthorizationResponse(**{**values, **changes})


@pytest.fixture
async def other(app_with: OtherAppFactory, tmp_path: Path) -> AsyncIterator[OtherApp]:
    """A server in development with the provider."""
    variables = {"ENVIRONMENT": "development", "PUBLIC_URL": SERVER, "MAIL_FOLDER": str(tmp_path)}
    async with app_with(PROVIDERS="dev", **ROLES, **variables) as opened:
        yield opened


@pytest.fixture
def provider(other: OtherApp) -> DevProvider:
    """The provider."""
    return cast("DevProvider", other.services.core.providers.find("dev"))


@pytest.fixture
async def visitor(other: OtherApp, secret_recorder: SecretRecorder) -> AsyncIterator[Visitor]:
    """A developer at a browser on the machine of the server."""
    async with http_client(other.app, secret_recorder, client_ip="127.0.0.1") as client:
        client.base_url = httpx.URL(SERVER)
        yield Visitor(client)


def result_of(page: Page) -> dict[str, str]:
    """Return what a page hands over to the callback, to which it leads."""
    assert page.outcome == (200, "hop", "")
    (target,) = {link for link in page.reader.links if "/callback?" in link}
    assert f'content="0; url={target.replace("&", "&amp;")}"' in page.response.text
    assert target.partition("?")[0] == REQUEST.redirect_uri
    return {name: value for name, (value,) in parse_qs(urlsplit(target).query).items()}


async def test_people_of_the_list_and_of_ones_own_are_proved(visitor: Visitor, provider: DevProvider) -> None:
    page = await visitor.get(await provider.authorization_url(REQUEST))
    assert page.outcome == (200, "provider", "")
    people = [name for _, name in page.form("/dev/provider").buttons]
    assert people == ["Lena", "Omar", "Mia", "Noa"]

    results = [result_of(await visitor.submit(page, "/dev/provider", person=name)) for name in people]
    own = {"name": "Zoë", "email": "zoe@example.org", "email_verified": "on", "groups": " admins, ,x"}
    results.append(result_of(await visitor.submit(page, "/dev/provider", **own)))

    assert {result["state"] for result in results} == {REQUEST.state}
    identities = [await provider.prove(response(code=result["code"])) for result in results]
    assert [(each.issuer, each.subject, each.email, each.is_email_proven, each.roles) for each in identities] == [
        ("dev", "Lena", "lena@example.com", True, ()),
        ("dev", "Omar", "omar@example.com", True, ("support",)),
        ("dev", "Mia", "mia@example.com", False, ()),
        ("dev", "Noa", None, False, ()),
        ("dev", "Zoë", "zoe@example.org", True, ("support",)),
    ]


async def test_code_is_sealed_and_belongs_to_one_sign_in(visitor: Visitor, provider: DevProvider) -> None:
    page = await visitor.get(await provider.authorization_url(REQUEST))
    code = result_of(await visitor.submit(page, "/dev/provider", person="Lena"))["code"]

    assert "lena" not in code.lower()
    for changes in ({"nonce": "another"}, {"code_verifier": VERIFIER.lower()}, {"code": f"{code}A"}, {"code": None}):
        with pytest.raises(ProviderErrorException):
            await provider.prove(response(**{"code": code, **changes}))


async def test_person_can_cancel_or_forget_the_name(visitor: Visitor, provider: DevProvider) -> None:
    page = await visitor.get(await provider.authorization_url(REQUEST))
    refused = await visitor.submit(page, "/dev/provider", name="")
    assert refused.outcome == (422, "provider", "VALIDATION_ERROR")
    assert refused.form("/dev/provider").action.endswith(page.path)

    (cancel,) = [link for link in page.reader.links if "/callback?" in link]
    assert parse_qs(urlsplit(cancel).query) == {"state": [REQUEST.state], "error": ["access_denied"]}
    with pytest.raises(ProviderDeniedException):
        await provider.prove(response(error="access_denied"))


async def test_page_is_only_for_browsers_on_the_machine_of_the_server(
    visitor: Visitor, other: OtherApp, provider: DevProvider
) -> None:
    address = await provider.authorization_url(REQUEST)
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-For": "192.0.2.1"}):
        assert (await visitor.client.get(address, headers=headers)).status_code == 404
        assert (await visitor.client.post(address, headers=headers, data={"person": "Lena"})).status_code == 404
    assert (await other.client.get(address, headers={"Host": "localhost"})).status_code == 404  # of another machine
    assert (await visitor.client.post(address, data={"person": "Lena"})).status_code == 403  # of another site


@pytest.mark.engine_independent
def test_provider_exists_only_in_development(environ: dict[str, str]) -> None:
    for environment in ("testing", "production"):
        with pytest.raises(InvalidSettingsError, match="PROVIDERS must not list dev outside of development"):
            Settings.from_env({**environ, "PROVIDERS": "dev", "ENVIRONMENT": environment})


async def test_servers_without_the_provider_have_no_page(client: httpx.AsyncClient) -> None:
    assert (await client.get("http://localhost/dev/provider")).status_code == 404
