"""ID tokens: which signatures and claims prove an identity (RFC 8725, OpenID Connect Core 1.0 §3.1.3.7)."""

import hashlib
import json
import warnings
from collections.abc import Mapping
from typing import Any

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth_api.credentials.providers.answers import AnswerRefusedError
from auth_api.credentials.providers.id_token_claims import ExpectedClaims
from auth_api.credentials.providers.id_tokens import IdToken
from auth_api.kit import base64url
from tests.support.fake_upstream import ACCESS_TOKEN, CLAIMS, NONCE, NOW
from tests.support.forgeries import encoded, signed
from tests.support.upstream.keys import UpstreamKey

pytestmark = pytest.mark.engine_independent

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")


def reason_of(text: Any) -> str:
    """Return why a text is refused before any key is considered."""
    with pytest.raises(AnswerRefusedError) as raised:
        IdToken.parse(text)
    return raised.value.reason


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_signature_of_an_asymmetric_algorithm_is_accepted(algorithm: str) -> None:
    key, other = UpstreamKey(algorithm=algorithm), UpstreamKey(algorithm="EdDSA" if algorithm == "ES256" else "ES256")
    token = key.sign(CLAIMS)

    assert IdToken.parse(token).verified_claims([other.jwk, key.jwk]) == CLAIMS
    assert IdToken.parse(token[:-9] + "AAAAAAAAA").verified_claims([key.jwk]) is None


def test_token_of_another_form_is_refused() -> None:
    token = UpstreamKey().sign(CLAIMS)
    header, payload, signature = token.split(".")

    for text in (
        None,
        7,
        "",
        f"{header}.{payload}",
        f"{header}.{payload}.",
        f"{token}.{signature}",
        f"{header}.{payload}.{signature}\n",
        f"{header}.{payload}.{signature}=",
        f"{header}..{signature}",
        UpstreamKey().sign({**CLAIMS, "padding": "a" * 13000}),
    ):
        assert reason_of(text) == "id_token.form"
    for broken in ("!", "null", "[]", '{"alg"', "[" * 5000):
        assert reason_of(f"{encoded(broken)}.{payload}.{signature}") == "id_token.header"
    assert reason_of(f"{header[:-1]}.{payload}.{signature}") == "id_token.header"


@pytest.mark.parametrize("payload", [b"", b"7", b"[]", b"null", b"\xff{}", b"[" * 4000])
def test_payload_must_be_an_object(payload: bytes) -> None:
    token = UpstreamKey().sign(payload or b" ")

    with pytest.raises(AnswerRefusedError, match="payload"):
        IdToken.parse(token).verified_claims([UpstreamKey().jwk])


def test_algorithm_without_a_public_key_is_refused() -> None:
    key = UpstreamKey(algorithm="RS256")
    pem = jwt.PyJWK(key.jwk).key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    for secret in (b"hunter2", pem, json.dumps(key.jwk).encode()):
        assert reason_of(signed({"alg": "HS256", "kid": key.kid}, dict(CLAIMS), secret)) == "id_token.alg"
    for algorithm in ("none", "None", "NONE", "", None, 7, ["RS256"], {"RS256": 1}, "RS1", "ES256K", "ES512", "Ed448"):
        assert reason_of(signed({"alg": algorithm}, dict(CLAIMS), b"")) == "id_token.alg"


def test_header_that_needs_an_extension_is_refused() -> None:
    for name, value in (("crit", ["exp"]), ("crit", []), ("crit", None), ("kid", 7), ("kid", ["first"])):
        assert reason_of(f"{encoded({'alg': 'ES256', name: value})}.e30.AAAA") == "id_token.header"
    unencoded = UpstreamKey().sign(CLAIMS, {"b64": False})
    assert IdToken.parse(unencoded).verified_claims([UpstreamKey().jwk]) is None


def test_key_of_the_header_is_not_used() -> None:
    """The URLs are not fetched either: this code has no network."""
    key, forged = UpstreamKey(algorithm="RS256"), UpstreamKey(algorithm="RS256", number=2)

    for offered in (
        {"jwk": forged.jwk},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["MII"]},
    ):
        assert IdToken.parse(forged.sign(CLAIMS, offered)).verified_claims([key.jwk]) is None
        assert IdToken.parse(key.sign(CLAIMS, offered)).verified_claims([key.jwk]) == CLAIMS


@pytest.mark.parametrize(
    "changed",
    [
        {"kid": "second"},
        {"use": "enc"},
        {"use": None},
        {"alg": "RS512"},
        {"alg": None},
        {"kty": "oct", "k": "aHVudGVyMg"},
        {"kty": "EC"},
        {"kty": ["RSA"]},
        {"n": "AAAA"},
        {"n": 7},
        {"n": None},
        {"e": "!"},
    ],
    ids=str,
)
def test_key_that_does_not_fit_the_token_is_not_used(changed: Mapping[str, Any]) -> None:
    key = UpstreamKey(algorithm="RS256")

    assert IdToken.parse(key.sign(CLAIMS)).verified_claims([{**key.jwk, **changed}]) is None


def test_key_needs_no_optional_members() -> None:
    key = UpstreamKey(algorithm="RS256")
    bare = {name: key.jwk[name] for name in ("kty", "n", "e", "kid")}

    assert IdToken.parse(key.sign(CLAIMS)).verified_claims([bare]) == CLAIMS


def test_algorithm_of_the_header_must_be_that_of_the_key() -> None:
    """A key for RS256 must not verify PS256, nor a curve the signature of another one."""
    rsa_key, p256 = UpstreamKey(algorithm="PS256"), UpstreamKey(algorithm="ES256")

    assert IdToken.parse(rsa_key.sign(CLAIMS)).verified_claims([{**rsa_key.jwk, "alg": "RS256"}]) is None
    mixed = p256.sign(CLAIMS, {"alg": "ES384"})
    assert IdToken.parse(mixed).verified_claims([{**p256.jwk, "alg": "ES384"}]) is None


def test_token_without_key_id_is_accepted_only_if_one_key_fits() -> None:
    key, other = UpstreamKey(algorithm="RS256"), UpstreamKey(algorithm="RS256", number=2)
    token = key.sign(CLAIMS, {"kid": None})

    unlabelled = [
        {name: value for name, value in UpstreamKey(algorithm=algorithm).jwk.items() if name != "alg"}
        for algorithm in ("RS256", "ES256", "ES384")
    ]
    assert IdToken.parse(token).verified_claims(unlabelled) == CLAIMS
    other_curve = UpstreamKey(algorithm="ES256").sign(CLAIMS, {"kid": None})
    assert IdToken.parse(other_curve).verified_claims(unlabelled) == CLAIMS
    assert IdToken.parse(token).verified_claims([key.jwk, other.jwk]) is None
    assert IdToken.parse(token).verified_claims([]) is None


def test_short_rsa_key_is_not_used() -> None:
    key = UpstreamKey(algorithm="RS256", bits=1024)

    with warnings.catch_warnings(action="ignore"):  # of PyJWT, which accepts the key
        assert IdToken.parse(key.sign(CLAIMS)).verified_claims([key.jwk]) is None


EXPECTED = ExpectedClaims(
    client_id="client", nonce=NONCE, access_token=ACCESS_TOKEN, algorithm="ES256", now=NOW.timestamp()
)


def refusal(changed: Mapping[str, Any], expected: ExpectedClaims = EXPECTED) -> str:
    """Return the claim that is refused if claims are changed, or left out if they are None; empty if none is."""
    claims = {name: value for name, value in {**CLAIMS, **changed}.items() if value is not None}
    try:
        expected.check(claims)
    except AnswerRefusedError as error:
        return error.reason.removeprefix("id_token.")
    return ""


def test_claims_of_an_honest_provider_are_accepted() -> None:
    now = NOW.timestamp()
    for changed in (
        {},
        {"aud": ["client"], "azp": "client"},
        {"iat": now + 59.5, "exp": now - 59.5, "nbf": now + 59.5},
        {"iat": int(now) - 659},
        {"sub": "a" * 255},
        {"auth_time": now + 10_000},
        {"auth_time": 0},
    ):
        assert refusal(changed) == ""


@pytest.mark.parametrize(
    ("claim", "values"),
    [
        ("aud", [None, "other", "", [], ["client", "other"], ["client", "client"], {"client": 1}, 7, True]),
        ("azp", ["other", "", ["client"], 7]),
        ("nonce", [None, "", NONCE.upper(), [NONCE], 7]),
        ("sub", [None, "", 7, "a" * 256, "a b", "\u00e9", "a\n", "a\0", ["a"], True]),
        ("exp", [None, "123", True, NOW.timestamp() - 61, -1, [], "2026-12-01T00:00:00Z"]),
        ("iat", [None, "123", False, NOW.timestamp() + 61, NOW.timestamp() - 661, NOW.timestamp() + 86400, []]),
        ("nbf", ["123", NOW.timestamp() + 61, True, []]),
        ("auth_time", ["123", True, -1, []]),
        ("at_hash", ["", "AAAA", 7, []]),
    ],
)
def test_wrong_claim_is_refused(claim: str, values: list[Any]) -> None:
    assert [value for value in values if refusal({claim: value}) != claim] == []


def test_claim_that_is_null_is_refused() -> None:
    for claim in ("azp", "nbf", "auth_time", "at_hash", "nonce"):
        with pytest.raises(AnswerRefusedError, match=claim):
            EXPECTED.check({**CLAIMS, claim: None})


def test_access_token_must_be_that_of_its_hash() -> None:
    for algorithm, digest in {"RS256": "sha256", "ES384": "sha384", "PS512": "sha512", "EdDSA": "sha512"}.items():
        expected = msgspec.structs.replace(EXPECTED, algorithm=algorithm)
        whole = hashlib.new(digest, ACCESS_TOKEN.encode()).digest()
        assert refusal({"at_hash": base64url.encode(whole[: len(whole) // 2])}, expected) == ""
        assert refusal({"at_hash": base64url.encode(whole)}, expected) == "at_hash"


def test_login_before_the_required_time_is_refused() -> None:
    expected = msgspec.structs.replace(EXPECTED, min_auth_time=NOW.timestamp() - 200)

    assert refusal({"auth_time": NOW.timestamp() - 200}, expected) == ""
    assert refusal({"auth_time": NOW.timestamp() - 201}, expected) == "auth_time"
    assert refusal({}, expected) == ""
