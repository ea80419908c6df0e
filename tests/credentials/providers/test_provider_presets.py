"""Providers with a preset: where they differ from the standard, and whose word proves an address."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from auth_api.credentials.providers.errors import ProviderErrorException
from auth_api.credentials.providers.github import GithubProvider
from auth_api.credentials.providers.oauth import OAuthProvider
from auth_api.credentials.providers.openid_presets import GoogleProvider, MicrosoftProvider
from auth_api.credentials.providers.policy import ProviderSettings
from auth_api.credentials.providers.presets import PRESETS, PRIVATE_ACCOUNTS
from auth_api.credentials.providers.provider import UpstreamIdentity
from auth_api.kit.outbound.client import OutboundResponse
from tests.support.fake_upstream import (
    ACCESS_TOKEN,
    CLAIMS,
    NOW,
    REQUEST,
    RESPONSE,
    FakeDiscovery,
    FakeKeys,
    FakeUpstream,
)
from tests.support.upstream.keys import UpstreamKey

pytestmark = pytest.mark.engine_independent

GOOGLE = "https://accounts.google.com"
TENANT, OTHER_TENANT = "8b8f1d2c-5f0e-4f3c-9a57-2f6f3f8f8c11", "11111111-5f0e-4f3c-9a57-2f6f3f8f8c11"


def google(upstream: FakeUpstream) -> GoogleProvider:
    settings = ProviderSettings(id="google", client_id="client", issuer=GOOGLE, scopes="openid")
    return GoogleProvider(
        settings=settings,
        calls=upstream,
        clock=lambda: NOW,
        discovery=FakeDiscovery(upstream),
        keys=FakeKeys(upstream),
    )


def microsoft(upstream: FakeUpstream, *tenants: str) -> MicrosoftProvider:
    settings = ProviderSettings(id="microsoft", client_id="client", issuer="unused", scopes="openid", tenants=tenants)
    return MicrosoftProvider(
        settings=settings,
        calls=upstream,
        clock=lambda: NOW,
        discovery=FakeDiscovery(upstream),
        keys=FakeKeys(upstream),
    )


def github(upstream: FakeUpstream) -> GithubProvider:
    settings = ProviderSettings(
        id="github", client_id="client", client_secret="hunter2", issuer=PRESETS["github"].issuer, scopes="read:user"
    )
    return GithubProvider(settings=settings, calls=upstream, clock=lambda: NOW)


async def prompt_of(provider: OAuthProvider, prompt: str | None) -> dict[str, str]:
    """Return the parameters of the log-in page that ask for a new login or an account."""
    url = await provider.authorization_url(msgspec.structs.replace(REQUEST, prompt=prompt))
    return {name: value for name, value in parse_qsl(urlsplit(url).query) if name in {"prompt", "max_age"}}


async def test_provider_that_refuses_to_ask_for_a_login_is_asked_for_an_account() -> None:
    for provider in (google(FakeUpstream()), github(FakeUpstream())):
        for prompt in ("login", "select_account"):
            assert await prompt_of(provider, prompt) == {"prompt": "select_account"}
        assert await prompt_of(provider, None) == {}
    assert await prompt_of(microsoft(FakeUpstream()), "login") == {"prompt": "login", "max_age": "0"}


async def test_both_spellings_of_the_issuer_of_google_are_one() -> None:
    for issuer in (GOOGLE, "accounts.google.com"):
        upstream = FakeUpstream()
        upstream.will_prove({**CLAIMS, "iss": issuer})
        identity = await google(upstream).prove(msgspec.structs.replace(RESPONSE, iss=issuer))
        assert (identity.issuer, identity.is_email_proven) == (GOOGLE, True)
    for issuer in (f"{GOOGLE}/", "http://accounts.google.com", "google.com"):
        upstream.will_prove({**CLAIMS, "iss": issuer})
        with pytest.raises(ProviderErrorException):
            await google(upstream).prove(RESPONSE)


async def test_address_at_google_is_proven_only_by_true() -> None:
    for value in ("true", 1, False, None):
        upstream = FakeUpstream()
        upstream.will_prove({**CLAIMS, "iss": GOOGLE, "email_verified": value})
        assert not (await google(upstream).prove(RESPONSE)).is_email_proven


def issuer_of(tenant: str) -> str:
    return f"https://login.microsoftonline.com/{tenant}/v2.0"


async def at_microsoft(tenants: tuple[str, ...], tenant: str, **claims: Any) -> UpstreamIdentity:
    """Return the identity that a token of a tenant proves."""
    upstream = FakeUpstream()
    upstream.will_prove({**CLAIMS, "iss": issuer_of(tenant), "tid": tenant, **claims})
    return await microsoft(upstream, *tenants).prove(RESPONSE)


@pytest.mark.parametrize(
    ("tenants", "accepted", "refused"),
    [
        ((TENANT,), [TENANT], [OTHER_TENANT, PRIVATE_ACCOUNTS, TENANT.upper()]),
        ((TENANT, PRIVATE_ACCOUNTS), [TENANT, PRIVATE_ACCOUNTS], [OTHER_TENANT]),
        (("organizations",), [TENANT, OTHER_TENANT], [PRIVATE_ACCOUNTS, "common", "{tenantid}", "", f"{TENANT}/x"]),
        (("consumers",), [PRIVATE_ACCOUNTS], [TENANT, "consumers"]),
        (("common",), [TENANT, PRIVATE_ACCOUNTS], ["common", "..", f"{TENANT}\n"]),
    ],
)
async def test_only_accepted_tenants_of_microsoft_prove_an_identity(
    tenants: tuple[str, ...], accepted: list[str], refused: list[str]
) -> None:
    for tenant in accepted:
        assert (await at_microsoft(tenants, tenant)).issuer == issuer_of(tenant)
    for tenant in refused:
        with pytest.raises(ProviderErrorException):
            await at_microsoft(tenants, tenant)
    for issuer in (
        issuer_of(TENANT).replace("https", "http"),
        f"{issuer_of(TENANT)}/",
        f"https://sts.example/{TENANT}",
    ):
        with pytest.raises(ProviderErrorException):
            await at_microsoft(tenants, TENANT, iss=issuer)


async def test_key_of_private_accounts_at_microsoft_does_not_sign_for_a_tenant() -> None:
    for key_issuer, is_accepted in (
        (issuer_of("{tenantid}"), True),
        (issuer_of(TENANT), True),
        (issuer_of(PRIVATE_ACCOUNTS), False),
        ("", False),
    ):
        upstream = FakeUpstream(keys=[{**UpstreamKey().jwk, "issuer": key_issuer}])
        upstream.will_prove({**CLAIMS, "iss": issuer_of(TENANT), "tid": TENANT})
        if is_accepted:
            assert (await microsoft(upstream, TENANT).prove(RESPONSE)).issuer == issuer_of(TENANT)
        else:
            with pytest.raises(ProviderErrorException):
                await microsoft(upstream, TENANT).prove(RESPONSE)


async def test_address_at_microsoft_is_proven_only_by_the_owner_of_its_domain() -> None:
    """NOAuth (CVE-2023-36871): administrators of a tenant write any address into it."""
    assert not (await at_microsoft((TENANT,), TENANT)).is_email_proven
    for value in (1, "1", "true", False, None):
        assert not (await at_microsoft((TENANT,), TENANT, xms_edov=value)).is_email_proven
    assert (await at_microsoft((TENANT,), TENANT, xms_edov=True)).is_email_proven


USER = {"id": 1, "login": "octocat", "name": "Ada Example", "email": "public@example.com"}
EMAILS = [
    {"email": "other@example.com", "primary": False, "verified": True},
    {"email": "ada@example.com", "primary": True, "verified": True},
]
TOKENS = {"access_token": ACCESS_TOKEN, "token_type": "bearer", "scope": "read:user,user:email"}


async def test_number_of_the_account_is_the_identity_at_github() -> None:
    """A name can be given up and taken by another person."""
    upstream = FakeUpstream(answers={"token": TOKENS, "user": USER, "emails": EMAILS})

    identity = await github(upstream).prove(RESPONSE)

    assert identity == UpstreamIdentity(
        provider="github",
        issuer="https://github.com/login/oauth",
        subject="1",
        email="ada@example.com",
        is_email_proven=True,
        username="octocat",
        name="Ada Example",
    )
    url, headers, fields = upstream.sent("token")
    assert (url, headers) == ("https://github.com/login/oauth/access_token", {})
    assert (fields["client_id"], fields["client_secret"]) == ("client", "hunter2")
    assert fields["code_verifier"] == RESPONSE.code_verifier
    for endpoint, path in (("user", "/user"), ("emails", "/user/emails")):
        url, headers, _ = upstream.sent(endpoint)
        assert (url, headers) == (f"https://api.github.com{path}", {"authorization": f"Bearer {ACCESS_TOKEN}"})


async def test_only_the_primary_verified_address_at_github_is_proven() -> None:
    for emails, expected in (
        ([], (None, False)),
        ([7, EMAILS[0]], (None, False)),
        ([{**EMAILS[1], "verified": False}], ("ada@example.com", False)),
        ([{**EMAILS[1], "verified": "true"}], ("ada@example.com", False)),
        ([{**EMAILS[1], "primary": 1}], (None, False)),
        ([{**EMAILS[1], "email": None}], (None, False)),
    ):
        upstream = FakeUpstream(answers={"token": TOKENS, "user": USER, "emails": emails})
        identity = await github(upstream).prove(RESPONSE)
        assert (identity.email, identity.is_email_proven) == expected


async def test_bad_answer_of_github_is_refused() -> None:
    """Errors of the token request have the status 200."""
    for endpoint, answer in (
        ("token", {"error": "bad_verification_code", "error_description": "hunter2"}),
        ("token", {**TOKENS, "error": "slow_down"}),
        ("user", {"login": "octocat"}),
        ("user", {**USER, "id": "1"}),
        ("user", {**USER, "id": True}),
        ("user", {**USER, "id": 1.5}),
        ("user", {**USER, "id": 0}),
        ("user", {**USER, "id": 2**63}),
        ("user", [USER]),
        ("user", OutboundResponse(401, {}, USER)),
        ("emails", {"message": "Not Found"}),
        ("emails", OutboundResponse(404, {}, EMAILS)),
    ):
        answers = {"token": TOKENS, "user": USER, "emails": EMAILS, endpoint: answer}
        with pytest.raises(ProviderErrorException):
            await github(FakeUpstream(answers=answers)).prove(RESPONSE)
