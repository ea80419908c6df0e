"""The provider of the tests is one that a client of the standards can use, unless it lies."""

import base64
import hashlib
from urllib.parse import quote_plus, urlencode

import jwt
import pytest

from auth_api.kit.outbound.errors import OutboundUnavailableError
from tests.support.upstream.authority import Authority
from tests.support.upstream.provider import ABSENT, CLIENT_ID, CLIENT_SECRET, LyingProvider, Person, always
from tests.support.upstream.server import Answer
from tests.support.upstream.shapes import GENERIC, GITHUB, GOOGLE, MICROSOFT, Shape

pytestmark = pytest.mark.engine_independent

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
BASIC = base64.b64encode(f"{quote_plus(CLIENT_ID)}:{quote_plus(CLIENT_SECRET)}".encode()).decode()
REDIRECT_URI = "https://auth.example.com/api/auth/providers/staff/callback"


def authorization_url(shape: Shape) -> str:
    parameters = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": REDIRECT_URI, "state": "us_1"}
    pkce = {"nonce": "a-nonce", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    return f"{shape.authorization_endpoint}?{urlencode({**parameters, **pkce})}"


@pytest.mark.parametrize("shape", [GENERIC, GOOGLE, MICROSOFT])
async def test_provider_of_openid_connect_proves_who_a_person_is(shape: Shape, authority: Authority) -> None:
    async with LyingProvider(shape).running(authority) as provider:
        discovery_url = next(url for url, name in shape.endpoints.items() if name == "discovery")
        discovery = (await provider.outbound.get(discovery_url)).document
        back = provider.log_in(authorization_url(shape), Person(subject="7", email="eve@example.com"))
        fields = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": REDIRECT_URI}
        basic = {"authorization": f"Basic {BASIC}"}
        sent = {**fields, "code_verifier": VERIFIER}
        tokens = (await provider.outbound.post_form(discovery["token_endpoint"], sent, headers=basic)).document
        again = await provider.outbound.post_form(discovery["token_endpoint"], sent, headers=basic)
        jwks = (await provider.outbound.get(discovery["jwks_uri"])).document
        bearer = {"authorization": f"Bearer {tokens['access_token']}"}
        userinfo = (await provider.outbound.get(discovery["userinfo_endpoint"], headers=bearer)).document

    claims = jwt.decode(
        tokens["id_token"],
        jwt.PyJWKSet.from_dict(jwks).keys[0],
        algorithms=discovery["id_token_signing_alg_values_supported"],
        audience=CLIENT_ID,
        issuer=shape.issuer,
    )
    assert (back["state"], back.get("iss", shape.issuer)) == ("us_1", shape.issuer)
    assert (claims["sub"], claims["nonce"], claims["email"], userinfo["sub"]) == (
        "7",
        "a-nonce",
        "eve@example.com",
        "7",
    )
    assert (again.status, again.document["error"]) == (400, "invalid_grant")
    assert provider.requested == ["discovery", "token", "token", "keys", "userinfo"]


async def test_provider_like_github_tells_who_a_person_is(authority: Authority) -> None:
    token_url, user_url = "https://github.com/login/oauth/access_token", "https://api.github.com/user"
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "grant_type": "authorization_code"}

    async with LyingProvider(GITHUB).running(authority) as provider:
        back = provider.log_in(authorization_url(GITHUB))
        fields = {**client, "code": back["code"], "redirect_uri": REDIRECT_URI}
        wrong = await provider.outbound.post_form(token_url, {**fields, "code_verifier": "w" * 43})
        back = provider.log_in(authorization_url(GITHUB))
        fields = {**client, "code": back["code"], "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
        tokens = (await provider.outbound.post_form(token_url, fields)).document
        bearer = {"authorization": f"Bearer {tokens['access_token']}"}
        user = (await provider.outbound.get(user_url, headers=bearer)).document
        emails = (await provider.outbound.get(f"{user_url}/emails", headers=bearer)).document
        stranger = await provider.outbound.get(user_url)

    assert (wrong.status, wrong.document["error"]) == (200, "invalid_grant")
    assert (user["id"], user["email"], stranger.status) == (248289761001, None, 401)
    assert [each["email"] for each in emails if each["primary"]] == ["ada@example.com"]


async def test_provider_lies_as_a_test_wants(authority: Authority) -> None:
    async with LyingProvider().running(authority) as provider:
        provider.discovery = {"issuer": "https://other.example", "jwks_uri": ABSENT}
        provider.claims = {"sub": 7, "nonce": ABSENT}
        provider.header = {"alg": "none"}
        provider.answers["keys"] = always([Answer({}, 500), Answer({"keys": []})])
        discovery = (await provider.outbound.get(f"{GENERIC.issuer}/.well-known/openid-configuration")).document
        token = provider.id_token(Person(), "nonce", "access")
        with pytest.raises(OutboundUnavailableError):
            await provider.outbound.get(f"{GENERIC.issuer}/certs")
        keys = (await provider.outbound.get(f"{GENERIC.issuer}/certs")).document

    assert (discovery["issuer"], "jwks_uri" in discovery) == ("https://other.example", False)
    assert jwt.get_unverified_header(token)["alg"] == "none"
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], "nonce" in claims) == (7, False)
    assert keys == {"keys": []}
