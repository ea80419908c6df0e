"""Attestation objects, and the authenticator data in them."""

from typing import Any

import pytest

from tests.support import cbor
from tests.support.ceremonies import (
    authenticator,
    creation_options,
    register,
    rejected_registration,
)
from tests.support.soft_authenticator import (
    AT,
    ED,
    EDDSA,
    ES256,
    RS256,
    SYNCED,
    SoftAuthenticator,
    sign,
)

pytestmark = pytest.mark.engine_independent


def created(
    soft: SoftAuthenticator, attested: bytes | None = None, extensions: bytes = b"", *, flags: int | None = None
) -> dict[str, Any]:
    """Register with other authenticator data than the right one."""
    data = soft.authenticator_data(
        soft.attested_credential() if attested is None else attested, extensions, flags=flags
    )
    return soft.created(soft.client_data("webauthn.create", creation_options()["challenge"]), data)


def attested_as(soft: SoftAuthenticator, attestation: Any) -> dict[str, Any]:
    """Register with another attestation object than the right one."""
    client_data = soft.client_data("webauthn.create", creation_options()["challenge"])
    return soft.created(client_data, soft.authenticator_data(soft.attested_credential()), attestation)


@pytest.mark.parametrize("algorithm", [EDDSA, ES256, RS256])
def test_attestation_by_the_new_key_is_accepted(algorithm: int) -> None:
    soft = authenticator(algorithm=algorithm)

    assert register(attested_as(soft, soft.self_attestation)).algorithm == algorithm


def test_registration_without_a_credential_is_rejected() -> None:
    assert rejected_registration(created(authenticator(), b"")) == "wrong_credential_id"


@pytest.mark.parametrize(
    "extensions",
    [{}, {"credProtect": 2}, {"hmac-secret": True}, {"a": {"b": b"x"}}],
    ids=["empty", "int", "bool", "map"],
)
def test_extensions_are_ignored(extensions: dict[str, Any]) -> None:
    assert register(created(authenticator(), extensions=cbor.encode(extensions))).algorithm == ES256


@pytest.mark.parametrize("end", [b"\x00", bytes(100), b"\xa0"])
def test_bytes_after_the_authenticator_data_are_rejected(end: bytes) -> None:
    soft = authenticator()
    flags = SYNCED | AT

    assert rejected_registration(created(soft, extensions=end, flags=flags)) == "malformed_authenticator_data"
    extended = cbor.encode({}) + end
    assert rejected_registration(created(soft, extensions=extended, flags=flags | ED)) == "malformed_authenticator_data"


def test_announced_extensions_must_be_there() -> None:
    assert rejected_registration(created(authenticator(), flags=SYNCED | AT | ED)) == "malformed_authenticator_data"


def test_truncated_authenticator_data_is_rejected() -> None:
    soft = authenticator()
    whole = soft.authenticator_data(soft.attested_credential())
    client_data = soft.client_data("webauthn.create", creation_options()["challenge"])

    reasons = {rejected_registration(soft.created(client_data, whole[:size])) for size in range(len(whole))}

    assert reasons == {"malformed_authenticator_data"}


def test_bytes_after_the_attestation_object_are_rejected() -> None:
    def followed(data: bytes, _: bytes) -> bytes:
        return cbor.encode({"fmt": "none", "attStmt": {}, "authData": data}) + b"\x00"

    assert rejected_registration(attested_as(authenticator(), followed)) == "malformed_authenticator_data"


@pytest.mark.parametrize(
    ("form", "statement"),
    [
        ("none", {"alg": -7}),
        ("none", {"unknown": 1}),
        ("none", None),
        ("none", []),
        ("packed", {}),
        ("packed", {"alg": -7}),
        ("packed", {"sig": b"x"}),
        ("packed", {"alg": "-7", "sig": b"x"}),
        ("packed", {"alg": -7, "sig": "x"}),
        ("packed", {"alg": -7, "sig": b"x", "x5c": []}),
        ("packed", {"alg": -7, "sig": b"x", "x5c": [b"0"]}),
        ("packed", {"alg": -7, "sig": b"x", "ecdaaKeyId": b"x"}),
        ("fido-u2f", {"sig": b"x", "x5c": [b"0"]}),
        ("tpm", {"ver": "2.0", "alg": -257, "sig": b"x", "x5c": [b"0"], "certInfo": b"x", "pubArea": b"x"}),
        ("apple", {"x5c": [b"0"]}),
        ("android-key", {"alg": -7, "sig": b"x", "x5c": [b"0"]}),
        ("android-safetynet", {"ver": "1", "response": b"x"}),
        ("compound", []),
        ("NONE", {}),
        ("", {}),
        (None, {}),
        (1, {}),
        ([], {}),
    ],
)
def test_other_attestation_is_rejected(form: Any, statement: Any) -> None:
    credential = attested_as(authenticator(), lambda data, _: {"fmt": form, "attStmt": statement, "authData": data})

    assert rejected_registration(credential) == "malformed_authenticator_data"


def test_attestation_by_another_key_is_rejected() -> None:
    soft, other = authenticator(), authenticator()

    assert rejected_registration(attested_as(soft, other.self_attestation)) == "rejected_by_library"


def test_attestation_of_other_data_is_rejected() -> None:
    soft = authenticator()

    def over_other_data(data: bytes, signed: bytes) -> dict[str, Any]:
        return soft.self_attestation(data, signed + b"x")

    assert rejected_registration(attested_as(soft, over_other_data)) == "rejected_by_library"


def test_attestation_with_another_algorithm_is_rejected() -> None:
    soft = authenticator(algorithm=ES256)

    def of_another_algorithm(data: bytes, signed: bytes) -> dict[str, Any]:
        return {"fmt": "packed", "attStmt": {"alg": EDDSA, "sig": sign(soft.key, signed)}, "authData": data}

    assert rejected_registration(attested_as(soft, of_another_algorithm)) == "rejected_by_library"
