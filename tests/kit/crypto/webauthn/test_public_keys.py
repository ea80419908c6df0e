"""Public keys of new passkeys: they load, their type fits the algorithm, and they are strong enough."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from auth_api.kit.crypto.webauthn.public_keys import algorithm_of
from tests.support import cbor
from tests.support.ceremonies import authenticator, creation_options, register, rejected_registration
from tests.support.soft_authenticator import EDDSA, ES256, RS256, cose_key, generate_key, rsa_key

pytestmark = pytest.mark.engine_independent

P256, ED25519, RSA = (cose_key(generate_key(algorithm)) for algorithm in (ES256, EDDSA, RS256))
P384 = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
MODULUS = int.from_bytes(RSA[-1])

UNUSABLE: dict[str, Any] = {
    "P-256 point that is not on the curve": P256 | {-3: bytes(31) + b"\x01"},
    "P-256 point at infinity": P256 | {-2: bytes(32), -3: bytes(32)},
    "P-256 coordinate beyond the field": P256 | {-2: b"\xff" * 32},
    "P-256 coordinate of 31 bytes": P256 | {-2: P256[-2][1:]},
    "P-256 coordinate of 33 bytes": P256 | {-2: b"\x00" + P256[-2]},
    "P-256 coordinate as a number": P256 | {-2: 1},
    "P-256 coordinate as text": P256 | {-2: "x" * 32},
    "P-256 compressed": P256 | {-3: True},
    "P-256 without y": {name: P256[name] for name in (1, 3, -1, -2)},
    "P-256 with a private part": P256 | {-4: bytes(32)},
    "P-256 with a key id": P256 | {2: b"key"},
    "P-256 with EdDSA": P256 | {3: EDDSA},
    "P-256 with RS256": P256 | {3: RS256},
    "P-256 with ES384": P256 | {3: -35},
    "P-256 with an unknown algorithm": P256 | {3: -999},
    "P-256 without an algorithm": {name: P256[name] for name in (1, -1, -2, -3)},
    "P-256 without a type": {name: P256[name] for name in (3, -1, -2, -3)},
    "P-256 of type OKP": P256 | {1: 1},
    "P-384 with ES256": P256 | {-1: 2, -2: P384.x.to_bytes(48), -3: P384.y.to_bytes(48)},
    "secp256k1": P256 | {-1: 8},
    "secp256k1 with its algorithm": P256 | {-1: 8, 3: -47},
    "Ed25519 of 31 bytes": ED25519 | {-2: ED25519[-2][1:]},
    "Ed25519 of 33 bytes": ED25519 | {-2: ED25519[-2] + b"\x00"},
    "Ed25519 empty": ED25519 | {-2: b""},
    "Ed25519 with ES256": ED25519 | {3: ES256},
    "Ed25519 with its curve as text": ED25519 | {-1: "Ed25519"},
    "Ed448": ED25519 | {-1: 7, -2: bytes(57)},
    "X25519": ED25519 | {-1: 4},
    "RSA of 256 bits": RSA | {-1: b"\x80" + bytes(30) + b"\x01"},
    "RSA of 1024 bits": cose_key(rsa_key(1024)),
    "RSA of 2047 bits": RSA | {-1: (MODULUS >> 1 | 1).to_bytes(256)},
    "RSA of 4097 bits": RSA | {-1: (1 << 4096 | 1).to_bytes(513)},
    "RSA of 16384 bits": RSA | {-1: b"\x80" + bytes(2046) + b"\x01"},
    "RSA with exponent 3": RSA | {-2: b"\x03"},
    "RSA with exponent 1": RSA | {-2: b"\x01"},
    "RSA with exponent 65535": RSA | {-2: b"\xff\xff"},
    "RSA with an even exponent": RSA | {-2: (65538).to_bytes(3)},
    "RSA with an exponent above the modulus": RSA | {-2: (MODULUS + 2).to_bytes(257)},
    "RSA with an exponent of 9 bytes": RSA | {-2: (2**64 + 1).to_bytes(9)},
    "RSA with zeros before the modulus": RSA | {-1: bytes(4096) + RSA[-1]},
    "RSA with a zero before the exponent": RSA | {-2: b"\x00" + RSA[-2]},
    "RSA without a modulus": {name: RSA[name] for name in (1, 3, -2)},
    "RSA with an empty modulus": RSA | {-1: b""},
    "RSA with a modulus as a number": RSA | {-1: 65537},
    "RSA with ES256": RSA | {3: ES256},
    "RSA with PS256": RSA | {3: -37},
    "RSA with RS1": RSA | {3: -65535},
    "RSA with a list as algorithm": RSA | {3: [RS256]},
    "ML-DSA": {1: 7, 3: -48, -1: bytes(1312)},
    "symmetric": {1: 4, 3: 5, -1: bytes(32)},
    "empty": {},
    "list": cbor.encode([]),
    "number": cbor.encode(7),
    "null": cbor.encode(None),
    "bytes": cbor.encode(cbor.encode(P256)),
    "text as names": cbor.encode({str(name): value for name, value in P256.items()}),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_passkey_with_an_unusable_key_is_rejected(kind: str) -> None:
    soft = authenticator()
    data = soft.authenticator_data(soft.attested_credential(UNUSABLE[kind]))
    client_data = soft.client_data("webauthn.create", creation_options()["challenge"])

    assert rejected_registration(soft.created(client_data, data)) == "unusable_public_key"


def test_uncompressed_point_is_not_a_public_key() -> None:
    """The library reads this older form of FIDO U2F as well."""
    with pytest.raises(ValueError, match=r"not allowed|truncated|after"):
        algorithm_of(b"\x04" + P256[-2] + P256[-3])


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_rsa_keys_of_2048_to_4096_bits_are_accepted(bits: int) -> None:
    soft = authenticator()
    soft.key = rsa_key(bits)

    passkey = register(soft.create(creation_options()))

    assert passkey.algorithm == RS256
    assert len(passkey.public_key) <= 708


def test_rsa_key_with_a_larger_exponent_is_accepted() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key().public_numbers()
    encoded = cbor.encode({1: 3, 3: RS256, -1: key.n.to_bytes(256), -2: (65539).to_bytes(3)})

    assert algorithm_of(encoded) == RS256
