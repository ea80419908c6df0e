"""/.well-known/jwks.json: the public keys by which other services verify access tokens."""

import base64
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.conftest import OtherAppFactory
from tests.support.actors import Actor

pytestmark = pytest.mark.engine_independent

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

ED25519 = ed25519.Ed25519PrivateKey.generate()
P256 = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


ONLY_SESSIONS = {"OAUTH_ENABLED": "false"}


def private_pem(key: PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


async def test_shared_secret_is_not_published(app_with: OtherAppFactory) -> None:
    async with app_with(**ONLY_SESSIONS) as other:
        response = await other.client.get("/.well-known/jwks.json")

    assert (response.status_code, response.json()) == (200, {"keys": []})


async def test_keys_of_the_oauth_provider_follow_those_of_sessions(app_with: OtherAppFactory) -> None:
    async with app_with(JWT_ALGORITHM="EdDSA", JWT_PRIVATE_KEY=private_pem(ED25519)) as other:
        keys = (await other.client.get("/.well-known/jwks.json")).json()["keys"]

    assert [key["alg"] for key in keys] == ["EdDSA", "RS256", "ES256"]


async def test_only_the_public_part_of_an_eddsa_key_is_published(app_with: OtherAppFactory) -> None:
    async with app_with(**ONLY_SESSIONS, JWT_ALGORITHM="EdDSA", JWT_PRIVATE_KEY=private_pem(ED25519)) as other:
        response = await other.client.get("/.well-known/jwks.json")

    (key,) = response.json()["keys"]
    x = base64.urlsafe_b64encode(ED25519.public_key().public_bytes_raw()).rstrip(b"=").decode()
    assert key == {"kty": "OKP", "crv": "Ed25519", "x": x, "alg": "EdDSA", "use": "sig", "kid": key["kid"]}
    assert len(key["kid"]) == 43
    assert response.headers["cache-control"] == "public, max-age=300"
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("algorithm", "key", "members"),
    [
        ("EdDSA", ED25519, {"kty", "crv", "x"}),
        ("ES256", P256, {"kty", "crv", "x", "y"}),
        ("RS256", RSA, {"kty", "n", "e"}),
    ],
)
async def test_token_can_be_verified_with_the_published_key(
    app_with: OtherAppFactory, algorithm: str, key: PrivateKey, members: set[str]
) -> None:
    async with app_with(**ONLY_SESSIONS, JWT_ALGORITHM=algorithm, JWT_PRIVATE_KEY=private_pem(key)) as other:
        ada = Actor(other.client)
        registered = await ada.register()
        (published,) = (await other.client.get("/.well-known/jwks.json")).json()["keys"]

    claims = verify(ada.access_token, published, algorithm)
    assert jwt.get_unverified_header(ada.access_token) == {
        "alg": algorithm,
        "kid": published["kid"],
        "typ": "at+jwt",
    }
    assert set(published) == members | {"alg", "use", "kid"}
    assert claims["sub"] == str(registered["id"])


async def test_previous_key_is_published_before_the_current_one(app_with: OtherAppFactory) -> None:
    variables = {"JWT_ALGORITHM": "ES256", "JWT_PRIVATE_KEY": private_pem(P256)}
    async with app_with(**ONLY_SESSIONS, **variables, JWT_PREVIOUS_KEYS=public_pem(ED25519)) as other:
        keys = (await other.client.get("/.well-known/jwks.json")).json()["keys"]

    assert [key["alg"] for key in keys] == ["EdDSA", "ES256"]


def verify(token: str, jwk: dict[str, str], algorithm: str) -> dict[str, Any]:
    """Verify a token as another service would, with only the published key."""
    claims: dict[str, Any] = jwt.decode(
        token, jwt.PyJWK(jwk), algorithms=[algorithm], audience="auth_api", issuer="http://testserver"
    )
    return claims
