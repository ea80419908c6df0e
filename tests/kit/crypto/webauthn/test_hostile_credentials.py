"""Anything else in place of a credential, or of one of its members, is rejected with the one error."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from auth_api.kit import base64url
from auth_api.kit.crypto.challenges import ChallengePurpose
from auth_api.kit.crypto.webauthn.errors import InvalidPasskeyError
from tests.support import cbor
from tests.support.ceremonies import (
    authenticator,
    creation_options,
    register,
    registered,
    rejected_registration,
    rejected_use,
    request_options,
    use,
)

pytestmark = pytest.mark.engine_independent

DEEP: Final[list[Any]] = []
for _ in range(100_000):
    DEEP[:] = [DEEP[:]]

ODD_VALUES: Final[Mapping[str, Any]] = {
    "null": None,
    "true": True,
    "number": 7,
    "fraction": 1.5,
    "list": [],
    "object": {},
    "deep list": DEEP,
    "empty text": "",
    "one character": "A",
    "padded": "QUFB==",
    "standard base64": "+/+/",
    "spaces": " QUFB ",
    "line break": "QUFB\n",
    "NUL": "\0",
    "control character": "\x1b[31m",
    "not ASCII": "é",
    "surrogate": "\ud800",
    "other bytes": "QUFB",
    "long": "A" * 16_384,
}

MEMBERS: Final = {
    "registration": ("id", "rawId", "type", "response", "response.clientDataJSON", "response.attestationObject"),
    "use": (
        *("id", "rawId", "type", "response", "response.clientDataJSON", "response.authenticatorData"),
        *("response.signature", "response.userHandle"),
    ),
}


def credential_of(ceremony: str) -> dict[str, Any]:
    return authenticator().create(creation_options()) if ceremony == "registration" else KNOWN[0].get(request_options())


def rejected(ceremony: str, credential: object) -> str:
    return rejected_registration(credential) if ceremony == "registration" else rejected_use(credential, KNOWN[1])


KNOWN = registered()


def replaced(credential: dict[str, Any], member: str, value: Any) -> dict[str, Any]:
    *path, name = member.split(".")
    target = credential
    for step in path:
        target = target[step]
    target[name] = value
    return credential


def cases() -> Iterator[tuple[str, str, str]]:
    for ceremony, members in MEMBERS.items():
        for member in members:
            yield from ((ceremony, member, kind) for kind in ODD_VALUES)


@pytest.mark.parametrize(("ceremony", "member", "kind"), list(cases()))
def test_credential_with_an_odd_member_is_rejected(ceremony: str, member: str, kind: str) -> None:
    credential = replaced(credential_of(ceremony), member, ODD_VALUES[kind])

    assert rejected(ceremony, credential) in {
        "malformed_credential",
        "malformed_client_data",
        "malformed_authenticator_data",
        "missing_user_handle",
        "wrong_user_handle",
        "rejected_by_library",
    }


@pytest.mark.parametrize(
    ("ceremony", "member"),
    [
        (ceremony, member)
        for ceremony, members in MEMBERS.items()
        for member in members
        if member != "response.userHandle"
    ],
)
def test_credential_without_a_member_is_rejected(ceremony: str, member: str) -> None:
    credential = credential_of(ceremony)
    *path, name = member.split(".")
    del (credential[path[0]] if path else credential)[name]

    assert rejected(ceremony, credential) == "malformed_credential"


@pytest.mark.parametrize("ceremony", MEMBERS)
@pytest.mark.parametrize("kind", ["password", "PUBLIC-KEY", "public-key "])
def test_credential_of_another_type_is_rejected(ceremony: str, kind: str) -> None:
    assert rejected(ceremony, credential_of(ceremony) | {"type": kind}) == "malformed_credential"


@pytest.mark.parametrize("ceremony", MEMBERS)
@pytest.mark.parametrize("kind", ODD_VALUES)
def test_other_value_is_not_a_credential(ceremony: str, kind: str) -> None:
    assert rejected(ceremony, ODD_VALUES[kind]) == "malformed_credential"


@pytest.mark.parametrize("ceremony", MEMBERS)
def test_unknown_members_are_ignored(ceremony: str) -> None:
    """Browsers add some, and extensions more."""
    credential = credential_of(ceremony) | {"extra": DEEP, "clientExtensionResults": None}
    credential["response"] |= {"extra": [1.5, None], "publicKey": 7}

    if ceremony == "registration":
        assert register(credential).backed_up
    else:
        assert use(credential, KNOWN[1]).backed_up


@pytest.mark.parametrize("transports", [7, "usb", {"usb": 1}, [None], [["usb"]], [7]])
def test_transports_are_texts(transports: Any) -> None:
    credential = credential_of("registration")
    credential["response"]["transports"] = transports

    assert rejected_registration(credential) == "malformed_credential"


@pytest.mark.parametrize(
    "client_data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"7",
        b'"text"',
        b"{",
        b"\xff",
        b'{"type": "\xff"}',
        b"[" * 12_000,
        b'{"a":' * 2_500,
        b'{"type": "webauthn.get", "challenge": "' + b"A" * 71 + b'", "origin": NaN}',
        "{}".encode("utf-16"),
        b"\xef\xbb\xbf{}",
    ],
)
@pytest.mark.parametrize("ceremony", MEMBERS)
def test_malformed_client_data_is_rejected(ceremony: str, client_data: bytes) -> None:
    credential = replaced(credential_of(ceremony), "response.clientDataJSON", base64url.encode(client_data))

    assert rejected(ceremony, credential) == "malformed_client_data"


@pytest.mark.parametrize("ceremony", MEMBERS)
def test_deep_member_of_client_data_is_rejected(ceremony: str) -> None:
    """The library's parser would exceed the recursion limit."""
    genuine = json.loads(base64url.decode(credential_of(ceremony)["response"]["clientDataJSON"]))
    deep = json.dumps(genuine)[:-1].encode() + b', "extra": ' + b"[" * 5000 + b"]" * 5000 + b"}"
    credential = replaced(credential_of(ceremony), "response.clientDataJSON", base64url.encode(deep))

    assert rejected(ceremony, credential) in {"malformed_client_data", "rejected_by_library"}


@pytest.mark.parametrize(
    "attestation",
    [
        b"",
        b"\x00",
        cbor.encode({}),
        cbor.encode([]),
        cbor.encode(None),
        cbor.encode("none"),
        cbor.encode({"fmt": "none", "attStmt": {}}),
        cbor.encode({"fmt": "none", "authData": bytes(37)}),
        cbor.encode({"attStmt": {}, "authData": bytes(37)}),
        cbor.encode({"fmt": "none", "attStmt": {}, "authData": b""}),
        cbor.encode({"fmt": "none", "attStmt": {}, "authData": "x" * 200}),
        cbor.encode({"fmt": "none", "attStmt": {}, "authData": 7}),
        cbor.encode({"fmt": "none", "attStmt": {}, "authData": None}),
        cbor.encode({1: "none", 2: {}, 3: bytes(37)}),
        b"\x81" * 10_000,
        b"\x9f" * 10_000,
        b"\xd8\x1c" * 5_000,
        b"\xbf" + cbor.encode({"fmt": "none", "attStmt": {}, "authData": bytes(37)})[1:] + b"\xff",
        cbor.shared_reference_bomb(40),
    ],
)
def test_malformed_attestation_is_rejected(attestation: bytes) -> None:
    credential = replaced(credential_of("registration"), "response.attestationObject", base64url.encode(attestation))

    assert rejected_registration(credential) == "malformed_authenticator_data"


@pytest.mark.parametrize("place", ["public key", "extensions"])
def test_shared_references_do_not_exhaust_memory(place: str) -> None:
    """With 40 levels, the library would expand less than 500 bytes to a terabyte."""
    soft = authenticator()
    bomb = cbor.shared_reference_bomb(40)
    attested = soft.attested_credential(bomb if place == "public key" else None)
    data = soft.authenticator_data(attested, bomb if place == "extensions" else b"")
    credential = soft.created(soft.client_data("webauthn.create", creation_options()["challenge"]), data)

    assert rejected_registration(credential) == "malformed_authenticator_data"


def test_error_contains_nothing_that_was_sent() -> None:
    credential = replaced(credential_of("use"), "response.signature", base64url.encode(b"a signature"))

    with pytest.raises(InvalidPasskeyError) as caught:
        use(credential, KNOWN[1])

    assert (str(caught.value), caught.value.error_type) == ("rejected_by_library", "InvalidAuthenticationResponse")
    assert (caught.value.__cause__, caught.value.__suppress_context__) == (None, True)


def test_challenge_is_checked_for_the_purpose_of_the_caller() -> None:
    credential = KNOWN[0].get(request_options(ChallengePurpose.STEP_UP))

    assert rejected_use(credential, KNOWN[1]) == "challenge_has_another_purpose"
