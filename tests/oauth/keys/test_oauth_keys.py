"""The keys of the OAuth provider: what they sign and accept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from auth_api.kit.crypto.generation import new_key, public_half
from auth_api.kit.crypto.signing import SigningKey
from auth_api.oauth.keys.oauth_keys import OAuthKeys, at_hash
from auth_api.settings.oauth import pem_blocks
from tests.support.oauth_keys import OAUTH_SIGNING_KEYS

pytestmark = pytest.mark.engine_independent

ISSUER = "https://auth.example.com"
NOW = datetime(2026, 12, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)
CLAIMS = {"iss": ISSUER, "sub": "someone", "exp": int(LATER.timestamp())}

RSA, EC = map(SigningKey.from_pem, pem_blocks(OAUTH_SIGNING_KEYS))
NEXT_PEM = new_key("ES256")
KEYS = OAuthKeys(ISSUER, [RSA, EC, SigningKey.from_pem(NEXT_PEM)])


def header_of(token: str) -> dict[str, Any]:
    return jwt.get_unverified_header(token)


async def test_each_kind_of_token_has_its_algorithm_and_type() -> None:
    access_token, id_token = KEYS.sign_access_token(CLAIMS), await KEYS.sign_id_token(CLAIMS)

    assert header_of(access_token) == {"alg": "ES256", "kid": EC.kid, "typ": "at+jwt"}
    assert header_of(id_token) == {"alg": "RS256", "kid": RSA.kid, "typ": "JWT"}
    assert KEYS.verify_access_token(access_token, NOW) == CLAIMS
    assert KEYS.read_id_token_hint(id_token) == CLAIMS
    assert KEYS.verify_access_token(id_token, NOW) is None
    assert KEYS.read_id_token_hint(access_token) is None


async def test_expired_access_token_is_refused_and_expired_hint_is_accepted() -> None:
    access_token, id_token = KEYS.sign_access_token(CLAIMS), await KEYS.sign_id_token(CLAIMS)

    assert KEYS.verify_access_token(access_token, LATER) is None
    assert KEYS.verify_access_token(access_token, LATER - timedelta(seconds=1)) == CLAIMS
    assert KEYS.read_id_token_hint(id_token) == CLAIMS


async def test_token_of_another_issuer_or_key_is_refused() -> None:
    foreign = OAuthKeys(ISSUER, [SigningKey.from_pem(new_key("ES256"))])
    renamed = OAuthKeys("https://other.example.com", KEYS.keys)

    refused = [
        foreign.sign_access_token(CLAIMS),
        KEYS.sign_access_token({**CLAIMS, "iss": renamed.issuer}),
        "",
        "a.b.c",
    ]
    assert [KEYS.verify_access_token(token, NOW) for token in refused] == [None] * 4
    assert renamed.read_id_token_hint(await KEYS.sign_id_token(CLAIMS)) is None
    assert OAuthKeys("", ()).verify_access_token(KEYS.sign_access_token(CLAIMS), NOW) is None


def test_all_keys_of_an_algorithm_verify_and_are_published() -> None:
    following = SigningKey.from_pem(NEXT_PEM)
    rotated = OAuthKeys(ISSUER, [RSA, following, SigningKey.from_pem(public_half(pem_blocks(OAUTH_SIGNING_KEYS)[1]))])

    assert KEYS.verify_access_token(rotated.sign_access_token(CLAIMS), NOW) == CLAIMS
    assert rotated.verify_access_token(KEYS.sign_access_token(CLAIMS), NOW) == CLAIMS
    assert [jwk["kid"] for jwk in rotated.public_jwks()] == [RSA.kid, following.kid, EC.kid]
    assert not {"d", "p", "q"} & {name for jwk in rotated.public_jwks() for name in jwk}


def test_at_hash_is_that_of_the_standard() -> None:
    """The example of OpenID Connect Core, Appendix A.3."""
    assert at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y") == "77QmUPtjPfzWtF2AnpK9RQ"
