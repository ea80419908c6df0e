"""Weak, damaged or unsuitable key material is rejected before it signs, and never shown."""

import traceback
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from auth_api.kit.crypto.signing import KeyRejectedError, KeyRing, SigningKey
from tests.support.keys import private_pem, public_bytes, public_pem

pytestmark = pytest.mark.engine_independent

WEAK_RSA_BITS = 1024

AnyPrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | Ed448PrivateKey | Ed25519PrivateKey | X25519PrivateKey


def pem_of(key: AnyPrivateKey, *, public: bool = False, password: bytes | None = None) -> str:
    if public:
        return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


def weak_rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=WEAK_RSA_BITS)


def damaged(pem: str) -> str:
    head, body, *rest = pem.splitlines()
    return "\n".join([head, body[:8] + body[:8] + body[16:], *rest])


def truncated(pem: str) -> str:
    lines = pem.splitlines()
    return "\n".join([*lines[:-2], lines[-2][:4], lines[-1]])


def unrelated_rsa_key() -> rsa.RSAPrivateKey:
    """A private key whose public exponent belongs to another one."""
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_numbers()
    of_another = rsa.RSAPublicNumbers(e=3, n=numbers.public_numbers.n)
    factors = (numbers.p, numbers.q, numbers.d, numbers.dmp1, numbers.dmq1, numbers.iqmp)
    return rsa.RSAPrivateNumbers(*factors, of_another).private_key(unsafe_skip_rsa_key_validation=True)


PEMS: dict[str, Callable[[], str]] = {
    "P-384": lambda: pem_of(ec.generate_private_key(ec.SECP384R1())),
    "P-384, public": lambda: pem_of(ec.generate_private_key(ec.SECP384R1()), public=True),
    "P-521": lambda: pem_of(ec.generate_private_key(ec.SECP521R1())),
    "secp256k1": lambda: pem_of(ec.generate_private_key(ec.SECP256K1())),
    "RSA 1024": lambda: pem_of(weak_rsa_key()),
    "RSA 1024, public": lambda: pem_of(weak_rsa_key(), public=True),
    "Ed448": lambda: pem_of(Ed448PrivateKey.generate()),
    "X25519": lambda: pem_of(X25519PrivateKey.generate()),
    "encrypted": lambda: pem_of(Ed25519PrivateKey.generate(), password=b"secret"),
    "damaged": lambda: damaged(private_pem("ES256")),
    "damaged, RSA": lambda: pem_of(unrelated_rsa_key()),
    "truncated": lambda: truncated(private_pem("RS256")),
    "damaged, public": lambda: damaged(public_pem("ES256")),
    "public key labelled as private": lambda: public_pem("EdDSA").replace("PUBLIC", "PRIVATE"),
    "private key labelled as public": lambda: private_pem("EdDSA").replace("PRIVATE", "PUBLIC"),
    "certificate": lambda: public_pem("RS256").replace("PUBLIC KEY", "CERTIFICATE"),
    "secret": lambda: "a-secret-that-only-the-tests-know-0123456789",
    "empty": lambda: "",
    "non-ASCII": lambda: private_pem("EdDSA").replace("-----END", "ö-----END"),
}


@pytest.mark.parametrize("make", PEMS.values(), ids=PEMS)
def test_weak_or_unsupported_key_is_rejected_without_showing_it(make: Callable[[], str]) -> None:
    pem = make()

    with pytest.raises(KeyRejectedError) as rejected:
        SigningKey.from_pem(pem)

    shown = "".join(traceback.format_exception(rejected.value))
    assert str(rejected.value).startswith("is ")
    assert [line for line in pem.splitlines() if line and "-----" not in line and line in shown] == []


@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        (PEMS["RSA 1024"], "is an RSA key of fewer than 2048 bits"),
        (PEMS["P-384"], "is neither an Ed25519, a P-256 nor an RSA key"),
        (PEMS["encrypted"], "is not an unencrypted key in PEM form"),
    ],
)
def test_rejection_gives_the_reason(pem: Callable[[], str], reason: str) -> None:
    with pytest.raises(KeyRejectedError) as rejected:
        SigningKey.from_pem(pem())

    assert str(rejected.value) == reason


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
def test_private_key_is_read_in_both_usual_formats(form: PrivateFormat) -> None:
    key = ec.generate_private_key(ec.SECP256R1())

    read = SigningKey.from_pem(key.private_bytes(Encoding.PEM, form, NoEncryption()).decode())

    assert read.algorithm == "ES256"


@pytest.mark.parametrize("secret", ["", "x", "x" * 31, "é" * 15 + "x"])
def test_secret_below_32_bytes_is_rejected_without_showing_it(secret: str) -> None:
    with pytest.raises(KeyRejectedError) as rejected:
        SigningKey.from_secret(secret)

    assert str(rejected.value) == "is shorter than 32 bytes"


@pytest.mark.parametrize("secret", ["x" * 32, "é" * 16])
def test_secret_of_32_bytes_signs(secret: str) -> None:
    ring = KeyRing(SigningKey.from_secret(secret))

    assert ring.verify(ring.sign({}, token_type="t"), token_type="t") == b"{}"


@pytest.mark.parametrize(
    "text",
    [
        private_pem("EdDSA"),
        public_pem("EdDSA"),
        public_bytes("EdDSA", Encoding.OpenSSH, PublicFormat.OpenSSH).decode(),
    ],
    ids=["private PEM", "public PEM", "OpenSSH"],
)
def test_asymmetric_key_is_rejected_as_a_secret(text: str) -> None:
    """A public key as the secret would let anyone sign. It must fail at start, not at the first login."""
    with pytest.raises(KeyRejectedError) as rejected:
        SigningKey.from_secret(text)

    assert str(rejected.value) == "is a key or certificate of another kind, not a shared secret"


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_public_key_cannot_sign(algorithm: str) -> None:
    with pytest.raises(KeyRejectedError) as rejected:
        KeyRing(SigningKey.from_pem(public_pem(algorithm)))

    assert str(rejected.value) == "is a public key and cannot sign"
