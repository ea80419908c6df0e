"""Forged and malformed tokens all raise the same exception."""

import base64
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth_api.kit.crypto.signing import MAX_JWT_LENGTH, KeyRing, SignatureRejectedError, SigningKey
from tests.support.keys import private_pem, public_bytes, public_pem

pytestmark = pytest.mark.engine_independent

SECRET = "a-secret-that-only-the-tests-know-0123456789"
KEY = SigningKey.from_secret(SECRET)
RING = KeyRing(KEY)
HEADER = {"alg": "HS256", "kid": KEY.kid, "typ": "at+jwt"}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: bytes, payload: bytes = b'{"sub":"7"}', *, secret: bytes = SECRET.encode()) -> str:
    """Return a token with a valid signature."""
    content = f"{base64url(header)}.{base64url(payload)}"
    return f"{content}.{base64url(hmac.digest(secret, content.encode(), 'sha256'))}"


def with_header(**changes: Any) -> str:
    header = {name: value for name, value in {**HEADER, **changes}.items() if value is not ...}
    return signed(json.dumps(header).encode())


GENUINE = with_header()
HEAD, BODY, SIGNATURE = GENUINE.split(".")
OTHER_SPELLING = SIGNATURE[:-1] + chr(ord(SIGNATURE[-1]) + 1)
"""The same bytes for a lenient decoder: the two lowest bits of the last character are padding."""

HEADERS = {
    "no algorithm": with_header(alg=...),
    "algorithm none": with_header(alg="none"),
    "algorithm None": with_header(alg="None"),
    "algorithm null": with_header(alg=None),
    "empty algorithm": with_header(alg=""),
    "longer HMAC": with_header(alg="HS512"),
    "algorithm in lower case": with_header(alg="hs256"),
    "public-key algorithm": with_header(alg="RS256"),
    "unknown algorithm": with_header(alg="XX999"),
    "list of algorithms": with_header(alg=["HS256"]),
    "numeric algorithm": with_header(alg=256),
    "no kid": with_header(kid=...),
    "unknown kid": with_header(kid="AAAAAAAAAAAAAAAA"),
    "path as kid": with_header(kid="../../../dev/null"),
    "list of kids": with_header(kid=[KEY.kid]),
    "object as kid": with_header(kid={"kid": KEY.kid}),
    "numeric kid": with_header(kid=7),
    "null kid": with_header(kid=None),
    "no type": with_header(typ=...),
    "generic type": with_header(typ="JWT"),
    "type in capitals": with_header(typ="AT+JWT"),
    "type with prefix": with_header(typ="application/at+jwt"),
    "list of types": with_header(typ=["at+jwt"]),
    "null type": with_header(typ=None),
    "critical extension": with_header(crit=["exp"], exp=1),
    "empty list of critical extensions": with_header(crit=[]),
    "critical null": with_header(crit=None),
    "encoded payload": with_header(b64=True),
    "unencoded payload": with_header(b64=False, crit=["b64"]),
    "unencoded payload, not critical": with_header(b64=False),
    "header is a list": signed(b'["HS256"]'),
    "header is a string": signed(b'"HS256"'),
    "header is null": signed(b"null"),
    "header is not JSON": signed(b"HS256"),
    "header is not UTF-8": signed(b"\xff\xfe"),
    "deeply nested header": signed(b"[" * 4000),
    "header with a long number": signed(b'{"alg":' + b"1" * 5000 + b"}"),
}

FORMS = {
    "empty": "",
    "only dots": "..",
    "one part": HEAD,
    "two parts": f"{HEAD}.{BODY}",
    "no signature": f"{HEAD}.{BODY}.",
    "no payload": f"{HEAD}..{SIGNATURE}",
    "no header": f".{BODY}.{SIGNATURE}",
    "four parts": f"{GENUINE}.{SIGNATURE}",
    "five parts": f"{GENUINE}.{SIGNATURE}.{SIGNATURE}",
    "trailing dot": f"{GENUINE}.",
    "leading space": f" {GENUINE}",
    "trailing space": f"{GENUINE} ",
    "trailing line break": f"{GENUINE}\n",
    "inner line break": f"{HEAD}.\n{BODY}.{SIGNATURE}",
    "padding": f"{GENUINE}=",
    "padding of the header": f"{HEAD}==.{BODY}.{SIGNATURE}",
    "trailing NUL": f"{GENUINE}\0",
    "standard base64 alphabet": f"{HEAD}.{BODY}.{'+/' * 21}A",
    "non-ASCII": f"{GENUINE}é",
    "non-ASCII digit": f"{HEAD}.{BODY}.{SIGNATURE[:-1]}\u0661",
    "lone surrogate": f"{GENUINE}\ud83d",
    "two tokens with a comma": f"{GENUINE},{GENUINE}",
    "JSON": json.dumps({"protected": HEAD, "payload": BODY, "signature": SIGNATURE}),
    "signature with other padding bits": f"{HEAD}.{BODY}.{OTHER_SPELLING}",
    "impossible base64 length": f"{HEAD}.{BODY}.{SIGNATURE}AA",
}

SIGNATURES = {
    "of another secret": signed(json.dumps(HEADER).encode(), secret=b"another-secret-that-the-tests-know-01234567"),
    "of an empty secret": signed(json.dumps(HEADER).encode(), secret=b""),
    "truncated": f"{HEAD}.{BODY}.{SIGNATURE[:-4]}",
    "zeros": f"{HEAD}.{BODY}.{'A' * 43}",
    "of another payload": f"{HEAD}.{base64url(b'{}')}.{SIGNATURE}",
    "of another header": f"{base64url(json.dumps({**HEADER, 'x': 1}).encode())}.{BODY}.{SIGNATURE}",
    "missing, with algorithm none": f"{base64url(json.dumps({**HEADER, 'alg': 'none'}).encode())}.{BODY}.",
}


def assert_rejected(ring: KeyRing, token: str) -> None:
    with pytest.raises(SignatureRejectedError):
        ring.verify(token, token_type="at+jwt")


def test_unchanged_token_is_genuine() -> None:
    assert RING.verify(GENUINE, token_type="at+jwt") == b'{"sub":"7"}'
    assert base64.urlsafe_b64decode(OTHER_SPELLING + "=") == base64.urlsafe_b64decode(SIGNATURE + "=")


@pytest.mark.parametrize("token", HEADERS.values(), ids=HEADERS)
def test_validly_signed_token_with_another_header_is_rejected(token: str) -> None:
    assert_rejected(RING, token)


@pytest.mark.parametrize("token", FORMS.values(), ids=FORMS)
def test_token_in_another_form_is_rejected(token: str) -> None:
    assert_rejected(RING, token)


@pytest.mark.parametrize("token", SIGNATURES.values(), ids=SIGNATURES)
def test_signature_of_other_content_or_key_is_rejected(token: str) -> None:
    assert_rejected(RING, token)


def of_length(length: int) -> str:
    """Return a validly signed token of this length; JSON may end in spaces."""
    for spaces in range(4):
        header = json.dumps(HEADER).encode() + b" " * spaces
        for token in (signed(header, b"x" * size) for size in range(length * 3 // 4 - 200, length * 3 // 4)):
            if len(token) == length:
                return token
    raise AssertionError(length)


def test_token_of_more_than_8192_characters_is_rejected() -> None:
    assert RING.verify(of_length(MAX_JWT_LENGTH), token_type="at+jwt")
    assert MAX_JWT_LENGTH == 8192
    assert_rejected(RING, of_length(MAX_JWT_LENGTH + 1))


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c"])
def test_key_in_the_token_header_is_not_read(member: str) -> None:
    attacker = Ed25519PrivateKey.generate()
    public = attacker.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    own = {"kty": "OKP", "crv": "Ed25519", "x": base64url(public), "kid": "mine"}
    values = {"jwk": own, "jku": "http://127.0.0.1:9/keys", "x5u": "http://127.0.0.1:9/key", "x5c": ["MIIB"]}
    ring = KeyRing(SigningKey.from_pem(private_pem("EdDSA")))
    (ours,) = ring.public_jwks()

    for kid in ("mine", ours["kid"]):
        headers = {"kid": kid, "typ": "at+jwt", member: values[member]}
        assert_rejected(ring, jwt.PyJWS().encode(b"{}", attacker, "EdDSA", headers))


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_public_key_in_any_format_is_rejected_as_a_secret(algorithm: str) -> None:
    """RFC 8725 section 2.1: the key is public, and a verifier that trusts `alg` uses it as the secret."""
    ring = KeyRing(SigningKey.from_pem(private_pem(algorithm)))
    (published,) = ring.public_jwks()
    header = json.dumps({"alg": "HS256", "kid": published["kid"], "typ": "at+jwt"}).encode()
    pem = public_pem(algorithm).encode()
    der = public_bytes(algorithm, Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    as_json = json.dumps(published).encode()
    member = next(published[name] for name in ("n", "x") if name in published)

    for secret in (pem, pem.strip(), der, as_json, member.encode(), base64.urlsafe_b64decode(member + "=="), b""):
        assert_rejected(ring, signed(header, secret=secret))


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
@pytest.mark.parametrize("length", [1, 63, 64, 65, 256])
def test_signature_of_zeros_is_rejected(algorithm: str, length: int) -> None:
    ring = KeyRing(SigningKey.from_pem(private_pem(algorithm)))
    content, _, _ = ring.sign({}, token_type="at+jwt").rpartition(".")

    assert_rejected(ring, f"{content}.{base64url(bytes(length))}")


@pytest.mark.parametrize("algorithm", ["PS256", "RS512", "ES512", "EdDSA", "HS256", "none"])
def test_rsa_key_accepts_only_rs256(algorithm: str) -> None:
    """Otherwise the weakest of the algorithms that suit the key would decide."""
    key = SigningKey.from_pem(private_pem("RS256"))
    headers = {"kid": key.kid, "typ": "at+jwt"}
    suitable_key: Any = {"PS256": private_pem("RS256"), "RS512": private_pem("RS256")}.get(algorithm)
    if suitable_key is not None:
        token = jwt.PyJWS().encode(b"{}", suitable_key, algorithm, headers)
    else:
        content, _, signature = KeyRing(key).sign({}, token_type="at+jwt").partition(".")
        token = f"{base64url(json.dumps({'alg': algorithm, **headers}).encode())}.{signature}"
        assert content

    assert_rejected(KeyRing(key), token)
