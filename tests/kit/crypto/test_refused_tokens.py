"""Forged, bent and misspelled tokens: all of them end in the one same refusal."""

import base64
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth_api.kit.crypto.signing import MAXIMUM_TOKEN_LENGTH, KeyRing, SignatureRejectedError, SigningKey
from tests.support.keys import private_pem, public_bytes, public_pem

pytestmark = pytest.mark.engine_independent

SECRET = "a-secret-that-only-the-tests-know-0123456789"
KEY = SigningKey.from_secret(SECRET)
RING = KeyRing(KEY)
HEADER = {"alg": "HS256", "kid": KEY.kid, "typ": "at+jwt"}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: bytes, payload: bytes = b'{"sub":"7"}', *, secret: bytes = SECRET.encode()) -> str:
    """Return a token whose signature is right, whatever else is wrong."""
    content = f"{base64url(header)}.{base64url(payload)}"
    return f"{content}.{base64url(hmac.digest(secret, content.encode(), 'sha256'))}"


def with_header(**changes: Any) -> str:
    header = {name: value for name, value in {**HEADER, **changes}.items() if value is not ...}
    return signed(json.dumps(header).encode())


GENUINE = with_header()
HEAD, BODY, SIGNATURE = GENUINE.split(".")
OTHER_SPELLING = SIGNATURE[:-1] + chr(ord(SIGNATURE[-1]) + 1)
"""The same bytes for a careless reader: the last character's two lowest bits are padding."""

HEADERS = {
    "no algorithm": with_header(alg=...),
    "algorithm none": with_header(alg="none"),
    "algorithm None": with_header(alg="None"),
    "algorithm null": with_header(alg=None),
    "an empty algorithm": with_header(alg=""),
    "a longer HMAC": with_header(alg="HS512"),
    "an algorithm in lower case": with_header(alg="hs256"),
    "a public-key algorithm": with_header(alg="RS256"),
    "an unknown algorithm": with_header(alg="XX999"),
    "algorithms as a list": with_header(alg=["HS256"]),
    "an algorithm that is a number": with_header(alg=256),
    "no key": with_header(kid=...),
    "an unknown key": with_header(kid="AAAAAAAAAAAAAAAA"),
    "a key that is a path": with_header(kid="../../../dev/null"),
    "keys as a list": with_header(kid=[KEY.kid]),
    "a key that is an object": with_header(kid={"kid": KEY.kid}),
    "a key that is a number": with_header(kid=7),
    "a key that is null": with_header(kid=None),
    "no type": with_header(typ=...),
    "the type of any token": with_header(typ="JWT"),
    "the type in capitals": with_header(typ="AT+JWT"),
    "the type with its prefix": with_header(typ="application/at+jwt"),
    "types as a list": with_header(typ=["at+jwt"]),
    "a type that is null": with_header(typ=None),
    "a critical extension": with_header(crit=["exp"], exp=1),
    "no critical extension": with_header(crit=[]),
    "critical null": with_header(crit=None),
    "an encoded payload": with_header(b64=True),
    "an unencoded payload": with_header(b64=False, crit=["b64"]),
    "an unencoded payload, not critical": with_header(b64=False),
    "a header that is a list": signed(b'["HS256"]'),
    "a header that is a text": signed(b'"HS256"'),
    "a header that is null": signed(b"null"),
    "a header that is no JSON": signed(b"HS256"),
    "a header that is no UTF-8": signed(b"\xff\xfe"),
    "a header nested deep": signed(b"[" * 4000),
    "a header with a long number": signed(b'{"alg":' + b"1" * 5000 + b"}"),
}

SPELLINGS = {
    "nothing": "",
    "dots": "..",
    "one part": HEAD,
    "two parts": f"{HEAD}.{BODY}",
    "no signature": f"{HEAD}.{BODY}.",
    "no payload": f"{HEAD}..{SIGNATURE}",
    "no header": f".{BODY}.{SIGNATURE}",
    "four parts": f"{GENUINE}.{SIGNATURE}",
    "five parts": f"{GENUINE}.{SIGNATURE}.{SIGNATURE}",
    "a dot behind": f"{GENUINE}.",
    "a blank before": f" {GENUINE}",
    "a blank behind": f"{GENUINE} ",
    "a line break behind": f"{GENUINE}\n",
    "a line break within": f"{HEAD}.\n{BODY}.{SIGNATURE}",
    "padding": f"{GENUINE}=",
    "padding of the header": f"{HEAD}==.{BODY}.{SIGNATURE}",
    "NUL behind": f"{GENUINE}\0",
    "the other alphabet": f"{HEAD}.{BODY}.{'+/' * 21}A",
    "not ASCII": f"{GENUINE}é",
    "digits that are not ASCII": f"{HEAD}.{BODY}.{SIGNATURE[:-1]}\u0661",
    "half of a surrogate pair": f"{GENUINE}\ud83d",
    "a comma": f"{GENUINE},{GENUINE}",
    "JSON": json.dumps({"protected": HEAD, "payload": BODY, "signature": SIGNATURE}),
    "another spelling of the signature": f"{HEAD}.{BODY}.{OTHER_SPELLING}",
    "a length that base64 cannot have": f"{HEAD}.{BODY}.{SIGNATURE}AA",
}

SIGNATURES = {
    "another secret's": signed(json.dumps(HEADER).encode(), secret=b"another-secret-that-the-tests-know-01234567"),
    "an empty secret's": signed(json.dumps(HEADER).encode(), secret=b""),
    "one cut short": f"{HEAD}.{BODY}.{SIGNATURE[:-4]}",
    "zeros": f"{HEAD}.{BODY}.{'A' * 43}",
    "that of another payload": f"{HEAD}.{base64url(b'{}')}.{SIGNATURE}",
    "that of another header": f"{base64url(json.dumps({**HEADER, 'x': 1}).encode())}.{BODY}.{SIGNATURE}",
    "none at all": f"{base64url(json.dumps({**HEADER, 'alg': 'none'}).encode())}.{BODY}.",
}


def assert_refused(ring: KeyRing, token: str) -> None:
    with pytest.raises(SignatureRejectedError):
        ring.verify(token, token_type="at+jwt")


def test_the_token_that_the_others_are_bent_from_is_genuine() -> None:
    assert RING.verify(GENUINE, token_type="at+jwt") == b'{"sub":"7"}'
    assert base64.urlsafe_b64decode(OTHER_SPELLING + "=") == base64.urlsafe_b64decode(SIGNATURE + "=")


@pytest.mark.parametrize("token", HEADERS.values(), ids=HEADERS)
def test_a_header_that_is_not_exactly_ours_is_refused_though_well_signed(token: str) -> None:
    assert_refused(RING, token)


@pytest.mark.parametrize("token", SPELLINGS.values(), ids=SPELLINGS)
def test_a_token_has_one_spelling(token: str) -> None:
    assert_refused(RING, token)


@pytest.mark.parametrize("token", SIGNATURES.values(), ids=SIGNATURES)
def test_a_signature_is_of_this_content_and_this_key(token: str) -> None:
    assert_refused(RING, token)


def of_length(length: int) -> str:
    """Return a well-signed token of this length; JSON may end in blanks."""
    for blanks in range(4):
        header = json.dumps(HEADER).encode() + b" " * blanks
        for token in (signed(header, b"x" * size) for size in range(length * 3 // 4 - 200, length * 3 // 4)):
            if len(token) == length:
                return token
    raise AssertionError(length)


def test_a_token_has_8192_characters_at_most() -> None:
    assert RING.verify(of_length(MAXIMUM_TOKEN_LENGTH), token_type="at+jwt")
    assert MAXIMUM_TOKEN_LENGTH == 8192
    assert_refused(RING, of_length(MAXIMUM_TOKEN_LENGTH + 1))


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c"])
def test_a_key_that_the_token_brings_along_is_not_read(member: str) -> None:
    attacker = Ed25519PrivateKey.generate()
    public = attacker.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    own = {"kty": "OKP", "crv": "Ed25519", "x": base64url(public), "kid": "mine"}
    brought = {"jwk": own, "jku": "http://127.0.0.1:9/keys", "x5u": "http://127.0.0.1:9/key", "x5c": ["MIIB"]}
    ring = KeyRing(SigningKey.from_pem(private_pem("EdDSA")))
    (ours,) = ring.public_jwks()

    for kid in ("mine", ours["kid"]):
        headers = {"kid": kid, "typ": "at+jwt", member: brought[member]}
        assert_refused(ring, jwt.PyJWS().encode(b"{}", attacker, "EdDSA", headers))


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_a_public_key_in_any_spelling_is_no_secret(algorithm: str) -> None:
    """RFC 8725 section 2.1: everybody has the public key, and a verifier that trusts `alg` takes it for the secret."""
    ring = KeyRing(SigningKey.from_pem(private_pem(algorithm)))
    (published,) = ring.public_jwks()
    header = json.dumps({"alg": "HS256", "kid": published["kid"], "typ": "at+jwt"}).encode()
    pem = public_pem(algorithm).encode()
    der = public_bytes(algorithm, Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    as_json = json.dumps(published).encode()
    member = next(published[name] for name in ("n", "x") if name in published)

    for secret in (pem, pem.strip(), der, as_json, member.encode(), base64.urlsafe_b64decode(member + "=="), b""):
        assert_refused(ring, signed(header, secret=secret))


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
@pytest.mark.parametrize("length", [1, 63, 64, 65, 256])
def test_zeros_are_no_signature(algorithm: str, length: int) -> None:
    ring = KeyRing(SigningKey.from_pem(private_pem(algorithm)))
    content, _, _ = ring.sign({}, token_type="at+jwt").rpartition(".")

    assert_refused(ring, f"{content}.{base64url(bytes(length))}")


@pytest.mark.parametrize("wanted", ["PS256", "RS512", "ES512", "EdDSA", "HS256", "none"])
def test_an_rsa_key_has_one_algorithm(wanted: str) -> None:
    """Else the weakest of the algorithms that a key can serve would decide."""
    key = SigningKey.from_pem(private_pem("RS256"))
    headers = {"kid": key.kid, "typ": "at+jwt"}
    with_any_key: Any = {"PS256": private_pem("RS256"), "RS512": private_pem("RS256")}.get(wanted)
    if with_any_key is not None:
        token = jwt.PyJWS().encode(b"{}", with_any_key, wanted, headers)
    else:
        content, _, signature = KeyRing(key).sign({}, token_type="at+jwt").partition(".")
        token = f"{base64url(json.dumps({'alg': wanted, **headers}).encode())}.{signature}"
        assert content

    assert_refused(KeyRing(key), token)
