"""Tokens that a verifier must refuse (RFC 8725, RFC 9068 §4)."""

import base64
import json
from typing import Any, Final

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auth_api_sdk.errors import TokenRejected
from auth_api_sdk.testing import TestIssuer
from auth_api_sdk.verification.claims import TokenRules
from tests.sdk.python.verification.conftest import AUDIENCE, ISSUER, Bench, BenchFactory

pytestmark = pytest.mark.engine_independent

RULES: Final = TokenRules(ISSUER, frozenset([AUDIENCE]), frozenset(["EdDSA", "ES256", "RS256"]))
FAR: Final = 2**60


def signed(issuer: TestIssuer, header: dict[str, Any], **claims: Any) -> str:
    """Return a token with another header or other claims; a value of None leaves the member out."""
    document = jwt.decode(issuer.token(), options={"verify_signature": False}) | claims
    key = issuer._keys[0]  # noqa: SLF001
    return jwt.encode(
        {name: value for name, value in document.items() if value is not None},
        key.private,
        "EdDSA",
        {name: value for name, value in {"typ": "at+jwt", "kid": key.kid, **header}.items() if value is not None},
    )


def encoded(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


async def test_good_token_is_accepted_with_all_that_it_says(bench: BenchFactory) -> None:
    given = bench()
    token = given.issuer.token("7", roles=["b", "a"], acr="aal2", age=60)

    principal = await given.engine.verify(token)

    now = int(given.clock.now)
    assert (principal.subject, principal.kind, principal.client_id) == ("7", "session", None)
    assert sorted(principal.roles) == ["a", "b"]
    assert (len(principal.scopes), principal.amr) == (0, ("pwd",))
    assert (principal.acr, principal.auth_time, principal.expires_at) == ("aal2", now - 60, now + 1800)
    assert principal.session_id == principal.claims["sid"]


async def test_token_of_an_application_has_its_scopes(bench: BenchFactory) -> None:
    given = bench()
    principal = await given.engine.verify(given.issuer.token("u", client_id="app_1", scopes=["a", "b"]))

    assert (principal.kind, principal.client_id, principal.session_id) == ("oauth", "app_1", None)
    assert principal.scopes == {"a", "b"}


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"typ": "at+JWT "},
        {"crit": ["exp"]},
        {"jwk": {"kty": "OKP"}},
        {"jku": "https://evil.example.com/keys"},
        {"x5u": "https://evil.example.com/cert"},
        {"x5c": ["MIIB"]},
        {"kid": None},
        {"kid": "unknown"},
        {"kid": "k" * 129},
        {"kid": "../../keys"},
    ],
    ids=str,
)
async def test_other_header_is_refused(bench: BenchFactory, header: dict[str, Any]) -> None:
    given = bench()
    assert await given.verdict(given.issuer.token()) == "accepted"

    assert await given.verdict(signed(given.issuer, header)) == "TOKEN_INVALID"
    is_askable = header.get("kid") in {"unknown", "../../keys"}
    assert given.source.asked == ["keys"] * (2 if is_askable else 1)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://auth.example.com/"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"aud": [AUDIENCE, "other"]},
        {"aud": []},
        {"sub": None},
        {"jti": None},
        {"jti": 1},
        {"sid": None},
        {"sid": 7},
        {"client_id": "app_1"},
        {"sid": None, "client_id": 7},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": FAR},
        {"iat": None},
        {"iat": 1_800_000_031},
        {"nbf": 1_800_000_031},
        {"nbf": "now"},
    ],
    ids=str,
)
async def test_other_claims_are_refused(bench: BenchFactory, claims: dict[str, Any]) -> None:
    given = bench()

    assert await given.verdict(signed(given.issuer, {}, **claims)) == "TOKEN_INVALID"


@pytest.mark.parametrize(
    "claims",
    [{"aud": [AUDIENCE]}, {"iat": 1_800_000_030}, {"nbf": 1_800_000_030}, {"nbf": None}, {"roles": "x"}],
    ids=str,
)
async def test_harmless_differences_are_accepted(bench: BenchFactory, claims: dict[str, Any]) -> None:
    given = bench()

    assert await given.verdict(signed(given.issuer, {}, **claims)) == "accepted"


async def test_token_expires_at_the_second_that_it_names(bench: BenchFactory) -> None:
    given = bench()
    token = given.issuer.token(expires_in=10)

    given.clock.now += 9.9
    assert await given.verdict(token) == "accepted"
    given.clock.now += 0.1
    assert await given.verdict(token) == "TOKEN_EXPIRED"
    assert await given.verdict(given.issuer.token(expires_in=0)) == "TOKEN_EXPIRED"


async def test_token_without_or_with_a_foreign_signature_is_refused(bench: BenchFactory) -> None:
    given = bench()
    token = given.issuer.token()
    head, body, signature = token.split(".")
    kid = jwt.get_unverified_header(token)["kid"]
    header = {"typ": "at+jwt", "kid": kid}
    public = given.issuer._keys[0].public  # noqa: SLF001
    claims = jwt.decode(token, options={"verify_signature": False})
    other = TestIssuer(given.clock)
    other.rotate_keys()
    forged = [
        signed(other, {"kid": kid}),
        f"{encoded({**header, 'alg': 'none'})}.{body}.",
        jwt.encode(claims, base64.urlsafe_b64decode(public["x"] + "="), "HS256", header),
        f"{encoded({**header, 'alg': 'ES256'})}.{body}.{signature}",
        f"{encoded({**header, 'alg': ['EdDSA']})}.{body}.{signature}",
        f"{head}.{encoded({**claims, 'sub': '1'})}.{signature}",
        f"{head}.{body}.{'A' * len(signature)}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{token}.",
        f" {token}",
        "",
        "..",
        "a.b.c",
        f"{head}.{body}.{signature}" + "A" * 8192,
    ]
    assert await given.verdict(token) == "accepted"
    for each in forged:
        assert await given.verdict(each) == "TOKEN_INVALID", each[:80]


async def test_id_token_is_refused(bench: BenchFactory) -> None:
    given = bench()
    id_token = signed(given.issuer, {"typ": "JWT"}, aud="app_1", sid=None, nonce="n", at_hash="x")

    assert await given.verdict(id_token) == "TOKEN_INVALID"


@given(st.text(max_size=60) | st.binary(max_size=90).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_text_raises_anything_but_a_rejection(text: str) -> None:
    for token in (text, f"{text}.{text}.{text}", f"{encoded({'alg': 'EdDSA', 'typ': 'at+jwt', 'kid': text})}.{text}.x"):
        try:
            RULES.read(token)
        except TokenRejected as error:
            assert error.code == "TOKEN_INVALID"  # noqa: PT017 - most texts are rejected, some headers are not


async def test_deeply_nested_parts_are_refused(bench: BenchFactory) -> None:
    given: Bench = bench()
    nested = base64.urlsafe_b64encode(b"[" * 4000).decode().rstrip("=")

    assert await given.verdict(f"{nested}.x.y") == "TOKEN_INVALID"


async def test_too_long_token_is_refused_before_its_key_is_asked_for(bench: BenchFactory) -> None:
    given = bench()
    assert await given.verdict(given.issuer.token()) == "accepted"

    assert await given.verdict(signed(given.issuer, {"kid": "unknown"}, padding="x" * 9000)) == "TOKEN_INVALID"
    assert given.source.asked == ["keys"]
