"""Whole conversations with providers over TLS: each preset, from its settings to the proof of an identity."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auth_api.credentials.providers.creation import create_provider
from auth_api.credentials.providers.errors import ProviderErrorException, ProviderUnavailableException
from auth_api.credentials.providers.policy import ProvidersPolicy
from auth_api.credentials.providers.provider import AuthorizationRequest, AuthorizationResponse, Provider
from auth_api.credentials.providers.upstream_calls import ProviderCalls, create_breaker
from auth_api.kit import base64url
from auth_api.kit.breaker.policy import BreakerPolicy
from auth_api.kit.clock import utc_now
from auth_api.settings import Settings
from tests.support.upstream.authority import Authority
from tests.support.upstream.provider import ABSENT, LyingProvider, Person, always
from tests.support.upstream.server import Answer
from tests.support.upstream.shapes import GENERIC, GITHUB, GOOGLE, MICROSOFT

pytestmark = pytest.mark.engine_independent

SHAPES = (GENERIC, GOOGLE, MICROSOFT, GITHUB)
DEVELOPMENT = {"JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"}
VERIFIER = "v" * 43
CALLBACK = "https://auth.example.com/api/auth/providers/x/callback"


def provider_of(upstream: LyingProvider) -> Provider:
    """Return the provider that the settings describe, with a circuit breaker of its own."""
    (settings,) = Settings.from_env({**DEVELOPMENT, **upstream.variables}).of(ProvidersPolicy).configured
    calls = ProviderCalls(settings.id, upstream.outbound, create_breaker(settings.id, BreakerPolicy()))
    return create_provider(settings, calls, utc_now)


async def log_in_page(provider: Provider) -> str:
    challenge = base64url.encode(hashlib.sha256(VERIFIER.encode()).digest())
    request = AuthorizationRequest(state="us_a", nonce="n" * 43, code_challenge=challenge, redirect_uri=CALLBACK)
    return await provider.authorization_url(request)


def response_of(parameters: dict[str, str]) -> AuthorizationResponse:
    return AuthorizationResponse(
        code=parameters.get("code"),
        iss=parameters.get("iss"),
        error=parameters.get("error"),
        nonce="n" * 43,
        code_verifier=VERIFIER,
        redirect_uri=CALLBACK,
        started_at=datetime.now(UTC) - timedelta(minutes=1),
        requires_new_login=False,
    )


async def test_every_preset_proves_an_identity(authority: Authority) -> None:
    for shape in SHAPES:
        async with LyingProvider(shape).running(authority) as upstream:
            provider = provider_of(upstream)
            identity = await provider.prove(response_of(upstream.log_in(await log_in_page(provider))))

            assert (identity.provider, identity.issuer) == (shape.id, shape.issuer)
            assert (identity.subject, identity.username) == (Person().subject, "ada")
            assert (identity.email, identity.name) == ("ada@example.com", "Ada Example")
            assert identity.is_email_proven == (shape is not MICROSOFT)


async def test_code_of_another_provider_is_not_sent_to_a_provider(authority: Authority) -> None:
    """Mix-up (RFC 9207): the response names the provider that it comes from."""
    async with LyingProvider(GENERIC).running(authority) as upstream:
        provider = provider_of(upstream)
        parameters = upstream.log_in(await log_in_page(provider))
        for iss in ("https://evil.example", f"{GENERIC.issuer}/"):
            with pytest.raises(ProviderErrorException):
                await provider.prove(response_of({**parameters, "iss": iss}))

        assert "token" not in upstream.requested


async def test_lie_of_a_provider_proves_nothing(authority: Authority) -> None:
    """The rules one by one are tests of ID tokens; these show that a conversation applies them."""
    lies: tuple[dict[str, Any], ...] = (
        {"claims": {"aud": ["auth-api", "evil"]}},
        {"claims": {"nonce": ABSENT}},
        {"claims": {"sub": ""}},
        {"claims": {"exp": "123"}},
        {"claims": {"at_hash": "AAAA"}},
        {"claims": {"email": ABSENT}, "userinfo": {"sub": "other"}},
        {"header": {"alg": "none"}},
        {"header": {"alg": "HS256"}},
        {"header": {"crit": ["exp"]}},
        {"tokens": {"token_type": "mac"}},
        {"tokens": {"access_token": ABSENT}},
        {"tokens": {"id_token": ABSENT}},
    )
    async with LyingProvider(GENERIC).running(authority) as upstream:
        provider = provider_of(upstream)
        for lie in lies:
            parameters = upstream.log_in(await log_in_page(provider))
            honest = {name: getattr(upstream, name) for name in lie}
            for name, changes in lie.items():
                setattr(upstream, name, changes)
            with pytest.raises(ProviderErrorException):
                await provider.prove(response_of(parameters))
            for name, changes in honest.items():
                setattr(upstream, name, changes)


async def test_key_urls_of_a_token_are_not_fetched(authority: Authority) -> None:
    header = {"jku": "https://evil.example/keys", "x5u": "https://evil.example/certificate"}
    async with LyingProvider(GENERIC, header=header).running(authority) as upstream:
        provider = provider_of(upstream)
        identity = await provider.prove(response_of(upstream.log_in(await log_in_page(provider))))

        assert identity.subject == Person().subject
        assert upstream.requested == ["discovery", "token", "keys"]


async def test_new_key_with_the_old_id_fails_no_login(authority: Authority) -> None:
    async with LyingProvider(GENERIC).running(authority) as upstream:
        provider = provider_of(upstream)
        for kid in ("first", "first"):
            upstream.rotate_keys(kid)
            identity = await provider.prove(response_of(upstream.log_in(await log_in_page(provider))))
            assert identity.subject == Person().subject


async def test_provider_that_fails_is_not_available(authority: Authority) -> None:
    for endpoint in ("discovery", "token", "keys"):
        async with LyingProvider(GENERIC).running(authority) as upstream:
            provider = provider_of(upstream)
            parameters = upstream.log_in(await log_in_page(provider))
            upstream.answers[endpoint] = always(Answer({"error": "server_error"}, 500))
            if endpoint == "discovery":
                provider = provider_of(upstream)
            with pytest.raises(ProviderUnavailableException):
                await provider.prove(response_of(parameters))
