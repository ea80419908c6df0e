"""Signatures of assertions, and the bytes that they cover."""

import hashlib

import pytest

from auth_api.kit import base64url
from auth_api.kit.crypto.webauthn.credentials import StoredCredential
from tests.support import cbor
from tests.support.ceremonies import (
    authenticator,
    creation_options,
    registered,
    rejected_use,
    request_options,
    use,
    used_with,
)
from tests.support.soft_authenticator import (
    AT,
    ED,
    EDDSA,
    ES256,
    RS256,
    SYNCED,
    sign,
)

pytestmark = pytest.mark.engine_independent


@pytest.mark.parametrize("algorithm", [EDDSA, ES256, RS256])
def test_signature_of_another_key_is_rejected(algorithm: int) -> None:
    soft, known = registered(algorithm=algorithm)
    soft.key = authenticator(algorithm=algorithm if algorithm != RS256 else ES256).key

    assert rejected_use(soft.get(request_options()), known) == "rejected_by_library"


@pytest.mark.parametrize("algorithm", [EDDSA, ES256, RS256])
@pytest.mark.parametrize("signature", [b"", b"\x00", bytes(64), bytes(256), b"\x30\x06\x02\x01\x00\x02\x01\x00"])
def test_forged_signature_is_rejected(algorithm: int, signature: bytes) -> None:
    soft, known = registered(algorithm=algorithm)
    client_data = soft.client_data("webauthn.get", request_options()["challenge"])

    assert rejected_use(soft.used(client_data, signature=signature), known) == "rejected_by_library"


@pytest.mark.parametrize("algorithm", [EDDSA, ES256])
def test_signature_with_any_changed_byte_is_rejected(algorithm: int) -> None:
    soft, known = registered(algorithm=algorithm)
    client_data = soft.client_data("webauthn.get", request_options()["challenge"])
    signature = sign(soft.key, soft.authenticator_data() + hashlib.sha256(client_data).digest())

    for index in range(len(signature)):
        changed = signature[:index] + bytes([signature[index] ^ 1]) + signature[index + 1 :]
        assert rejected_use(soft.used(client_data, signature=changed), known) == "rejected_by_library"


def test_changed_client_data_is_rejected() -> None:
    soft, known = registered()
    credential = soft.get(request_options())
    signed = base64url.decode(credential["response"]["clientDataJSON"])
    credential["response"]["clientDataJSON"] = base64url.encode(signed.replace(b"}", b" }"))

    assert rejected_use(credential, known) == "rejected_by_library"


@pytest.mark.parametrize(
    ("data", "flags"),
    [
        (b"\x00", SYNCED),
        (bytes(100), SYNCED),
        (b"", SYNCED | ED),
        (b"\x1c", SYNCED | ED),
        (cbor.encode({"a": 1}) + b"\x00", SYNCED | ED),
        (cbor.encode({"a": 1}), SYNCED),
        (b"", SYNCED | AT),
    ],
)
def test_authenticator_data_must_end_where_its_flags_say(data: bytes, flags: int) -> None:
    soft, known = registered()
    credential = used_with(soft, soft.authenticator_data(extensions=data, flags=flags))

    assert rejected_use(credential, known) == "malformed_authenticator_data"


def test_extensions_of_an_assertion_are_ignored() -> None:
    soft, known = registered()

    assert use(used_with(soft, soft.authenticator_data(extensions=cbor.encode({"uvm": [[2, 4, 2]]}))), known).backed_up


def test_assertion_does_not_describe_a_new_passkey() -> None:
    soft, known = registered()
    credential = used_with(soft, soft.authenticator_data(soft.attested_credential()))

    assert rejected_use(credential, known) == "malformed_authenticator_data"


def test_truncated_authenticator_data_is_rejected() -> None:
    soft, known = registered()
    whole = soft.authenticator_data()

    reasons = {rejected_use(used_with(soft, whole[:size]), known) for size in range(len(whole))}

    assert reasons == {"malformed_authenticator_data"}


@pytest.mark.parametrize("public_key", ["", "AAAA", base64url.encode(b"\xa0"), "not base64url"])
def test_damaged_stored_key_is_rejected(public_key: str) -> None:
    soft, known = registered()
    damaged = StoredCredential(
        public_key=public_key, sign_count=0, backup_eligible=known.backup_eligible, user_handle=known.user_handle
    )

    assert rejected_use(soft.get(request_options()), damaged) == "rejected_by_library"


def test_registration_is_not_an_assertion() -> None:
    soft, known = registered()

    assert rejected_use(soft.create(creation_options()), known) == "malformed_credential"
