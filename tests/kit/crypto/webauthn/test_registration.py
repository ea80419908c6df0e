"""Registrations: a good authenticator is accepted, and each rule of WebAuthn L3 §7.1 rejects."""

from typing import Any
from uuid import UUID

import pytest

from auth_api.kit import base64url
from auth_api.kit.crypto.challenges import ChallengePurpose
from tests.support import cbor
from tests.support.ceremonies import (
    ORIGINS,
    authenticator,
    creation_options,
    register,
    rejected_registration,
    request_options,
)
from tests.support.soft_authenticator import (
    ABSENT,
    BE,
    BS,
    DEVICE_BOUND,
    EDDSA,
    ES256,
    RS256,
    SYNCED,
    UP,
    UV,
    cose_key,
)

pytestmark = pytest.mark.engine_independent


@pytest.mark.parametrize("algorithm", [EDDSA, ES256, RS256])
def test_registered_passkey_has_all_its_properties(algorithm: int) -> None:
    soft = authenticator(algorithm=algorithm, flags=SYNCED)
    soft.aaguid = UUID("ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4").bytes
    soft.sign_count = 2**32 - 1
    options = creation_options()

    passkey = register(soft.create(options))

    assert passkey.credential_id == base64url.encode(soft.credential_id)
    assert base64url.decode(passkey.public_key) == cbor.encode(cose_key(soft.key))
    assert passkey.algorithm == algorithm
    assert passkey.sign_count == 2**32 - 1
    assert (passkey.backup_eligible, passkey.backed_up) == (True, True)
    assert passkey.transports == ("hybrid", "internal")
    assert passkey.aaguid == "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4"
    assert passkey.challenge.value == options["challenge"]


@pytest.mark.parametrize(
    ("flags", "eligible", "backed_up"),
    [(DEVICE_BOUND, False, False), (DEVICE_BOUND | BE, True, False), (SYNCED, True, True), (SYNCED | 0x22, True, True)],
)
def test_backup_flags_are_read(flags: int, *, eligible: bool, backed_up: bool) -> None:
    """The last flags are reserved; servers ignore them."""
    passkey = register(authenticator(flags=flags).create(creation_options()))

    assert (passkey.backup_eligible, passkey.backed_up) == (eligible, backed_up)


@pytest.mark.parametrize("flags", [0, UP, UV, UP | BE | BS, UV | BE | BS])
def test_user_must_be_present_and_verified(flags: int) -> None:
    assert rejected_registration(authenticator(flags=flags).create(creation_options())) == "user_not_verified"


def test_backed_up_passkey_must_be_eligible() -> None:
    soft = authenticator(flags=UP | UV | BS)

    assert rejected_registration(soft.create(creation_options())) == "contradictory_backup_flags"


@pytest.mark.parametrize("origin", ORIGINS)
def test_each_listed_origin_is_accepted(origin: str) -> None:
    assert register(authenticator().create(creation_options(), origin=origin)).algorithm == ES256


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"type": "webauthn.get"}, "wrong_type"),
        ({"type": "payment.get"}, "wrong_type"),
        ({"type": ""}, "wrong_type"),
        ({"origin": "https://login.example.com:444"}, "wrong_origin"),
        ({"origin": "http://login.example.com"}, "wrong_origin"),
        ({"origin": "https://evil.login.example.com"}, "wrong_origin"),
        ({"origin": "https://example.com"}, "wrong_origin"),
        ({"origin": "https://login.example.com/"}, "wrong_origin"),
        ({"origin": "HTTPS://LOGIN.EXAMPLE.COM"}, "wrong_origin"),
        ({"origin": "https://login.example.com.evil.org"}, "wrong_origin"),
        ({"origin": "android:apk-key-hash:AAAA"}, "wrong_origin"),
        ({"origin": ""}, "wrong_origin"),
        ({"origin": "null"}, "wrong_origin"),
        ({"crossOrigin": True}, "embedded_page"),
        ({"topOrigin": "https://login.example.com"}, "embedded_page"),
        ({"topOrigin": ""}, "embedded_page"),
        ({"topOrigin": None}, "embedded_page"),
        ({"challenge": ""}, "challenge_malformed"),
        ({"challenge": "A" * 71}, "challenge_forged"),
        ({"challenge": "A" * 70}, "challenge_malformed"),
        ({"challenge": "é"}, "challenge_malformed"),
        ({"challenge": ABSENT}, "malformed_client_data"),
        ({"origin": ABSENT}, "malformed_client_data"),
        ({"type": ABSENT}, "malformed_client_data"),
        ({"challenge": None}, "malformed_client_data"),
        ({"origin": ["https://login.example.com"]}, "malformed_client_data"),
        ({"type": 1}, "malformed_client_data"),
        ({"crossOrigin": "false"}, "malformed_client_data"),
        ({"crossOrigin": 0}, "malformed_client_data"),
    ],
)
def test_client_data_must_be_right(members: dict[str, Any], reason: str) -> None:
    assert rejected_registration(authenticator().create(creation_options(), **members)) == reason


@pytest.mark.parametrize(
    "members", [{"crossOrigin": ABSENT}, {"tokenBinding": {"status": "supported"}}, {"new_member": [{"a": 1}]}]
)
def test_optional_and_unknown_members_of_client_data_are_ignored(members: dict[str, Any]) -> None:
    assert register(authenticator().create(creation_options(), **members)).algorithm == ES256


@pytest.mark.parametrize("purpose", [ChallengePurpose.LOGIN, ChallengePurpose.SECOND_FACTOR, ChallengePurpose.STEP_UP])
def test_challenge_of_an_assertion_is_rejected(purpose: ChallengePurpose) -> None:
    options = creation_options() | {"challenge": request_options(purpose)["challenge"]}

    assert rejected_registration(authenticator().create(options)) == "challenge_has_another_purpose"


@pytest.mark.parametrize("rp_id", ["login.example.com", "com", "evil.org", "EXAMPLE.COM", "https://example.com", ""])
def test_rp_id_must_be_right(rp_id: str) -> None:
    soft = authenticator()
    soft.rp_id = rp_id

    assert rejected_registration(soft.create(creation_options())) == "wrong_rp_id"


@pytest.mark.parametrize("size", [1, 16, 1023])
def test_credential_id_of_up_to_1023_bytes_is_accepted(size: int) -> None:
    soft = authenticator()
    soft.credential_id = b"i" * size

    assert len(base64url.decode(register(soft.create(creation_options())).credential_id)) == size


@pytest.mark.parametrize("size", [0, 1024, 1500])
def test_credential_id_of_another_size_is_rejected(size: int) -> None:
    soft = authenticator()
    soft.credential_id = b"i" * size

    assert rejected_registration(soft.create(creation_options())) == "malformed_credential"


def test_credential_id_must_be_the_one_that_the_authenticator_made() -> None:
    """Otherwise a user could register the id of another user's passkey."""
    soft = authenticator()
    credential = soft.create(creation_options())
    credential["id"] = credential["rawId"] = base64url.encode(bytes(32))

    assert rejected_registration(credential) == "wrong_credential_id"


@pytest.mark.parametrize("member", ["id", "rawId"])
def test_both_ids_must_be_equal(member: str) -> None:
    credential = authenticator().create(creation_options()) | {member: base64url.encode(bytes(32))}

    assert rejected_registration(credential) == "malformed_credential"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (None, ()),
        ([], ()),
        (["usb", "nfc", "usb"], ("nfc", "usb")),
        (["cable", "", "x" * 10_000, "internal"], ("internal",)),
        (
            ["usb", "smart-card", "nfc", "internal", "hybrid", "ble"],
            ("ble", "hybrid", "internal", "nfc", "smart-card", "usb"),
        ),
    ],
)
def test_known_transports_are_kept(sent: list[str] | None, kept: tuple[str, ...]) -> None:
    """In any number and order, and whatever else is sent, they fit into their column."""
    credential = authenticator().create(creation_options())
    credential["response"]["transports"] = sent

    assert register(credential).transports == kept


def test_missing_transports_are_none() -> None:
    credential = authenticator().create(creation_options())
    del credential["response"]["transports"]

    assert register(credential).transports == ()
