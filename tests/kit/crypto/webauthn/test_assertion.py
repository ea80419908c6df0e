"""Assertions: a registered passkey is accepted at the right page, with the right challenge (WebAuthn L3 §7.2)."""

from datetime import timedelta
from typing import Any

import pytest

from auth_api.kit import base64url
from auth_api.kit.crypto.challenges import ChallengePurpose
from auth_api.kit.crypto.webauthn.credentials import CredentialState
from auth_api.kit.crypto.webauthn.errors import InvalidPasskeyError
from tests.support.ceremonies import (
    BINDING,
    NOW,
    ORIGINS,
    authenticator,
    registered,
    rejected_use,
    relying_party,
    request_options,
    use,
)
from tests.support.soft_authenticator import (
    EDDSA,
    ES256,
    RS256,
)

pytestmark = pytest.mark.engine_independent

LOGIN, SECOND_FACTOR = ChallengePurpose.LOGIN, ChallengePurpose.SECOND_FACTOR


@pytest.mark.parametrize("algorithm", [EDDSA, ES256, RS256])
@pytest.mark.parametrize("purpose", [LOGIN, SECOND_FACTOR, ChallengePurpose.STEP_UP])
def test_registered_passkey_is_accepted(algorithm: int, purpose: ChallengePurpose) -> None:
    soft, known = registered(algorithm=algorithm)

    assert use(soft.get(request_options(purpose)), known, purpose) == CredentialState(sign_count=0, backed_up=True)


def test_assertion_names_its_passkey_and_its_challenge() -> None:
    soft, _ = registered()
    options = request_options()

    assertion = relying_party().read_assertion(soft.get(options), LOGIN, binding=BINDING, now=NOW)

    assert assertion.credential_id == base64url.encode(soft.credential_id)
    assert assertion.challenge.value == options["challenge"]
    assert assertion.challenge.expires_at == NOW + timedelta(minutes=5, seconds=30)


def test_assertion_of_an_unknown_passkey_can_be_read() -> None:
    """So the caller can tell the browser to forget it, after type, challenge, origin and RP id were checked."""
    soft = authenticator()

    assertion = relying_party().read_assertion(soft.get(request_options()), LOGIN, binding=BINDING, now=NOW)

    assert assertion.credential_id == base64url.encode(soft.credential_id)


@pytest.mark.parametrize(
    "members", [{"type": "webauthn.create"}, {"challenge": "AAAA"}, {"origin": "https://evil.org"}]
)
def test_unknown_passkey_with_wrong_client_data_is_rejected(members: dict[str, Any]) -> None:
    with pytest.raises(InvalidPasskeyError):
        relying_party().read_assertion(
            authenticator().get(request_options(), **members), LOGIN, binding=BINDING, now=NOW
        )


@pytest.mark.parametrize("origin", ORIGINS)
def test_each_listed_origin_is_accepted(origin: str) -> None:
    soft, known = registered()

    assert use(soft.get(request_options(), origin=origin), known).backed_up


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"type": "webauthn.create"}, "wrong_type"),
        ({"origin": "https://login.example.com:8443"}, "wrong_origin"),
        ({"origin": "http://login.example.com"}, "wrong_origin"),
        ({"origin": "https://www.example.com"}, "wrong_origin"),
        ({"crossOrigin": True}, "embedded_page"),
        ({"topOrigin": "https://evil.org"}, "embedded_page"),
        ({"crossOrigin": True, "topOrigin": "https://login.example.com"}, "embedded_page"),
        ({"challenge": ""}, "challenge_malformed"),
        ({"challenge": "A" * 71}, "challenge_forged"),
        ({"challenge": 7}, "malformed_client_data"),
    ],
)
def test_client_data_must_be_right(members: dict[str, Any], reason: str) -> None:
    soft, known = registered()

    assert rejected_use(soft.get(request_options(), **members), known) == reason


@pytest.mark.parametrize("issued_for", ChallengePurpose)
@pytest.mark.parametrize("used_for", [LOGIN, SECOND_FACTOR, ChallengePurpose.STEP_UP])
def test_challenge_of_another_purpose_is_rejected(issued_for: ChallengePurpose, used_for: ChallengePurpose) -> None:
    soft, known = registered()
    credential = soft.get(request_options(issued_for))

    if issued_for is used_for:
        assert use(credential, known, used_for).backed_up
    else:
        assert rejected_use(credential, known, used_for) == "challenge_has_another_purpose"


def test_challenge_of_another_account_is_rejected() -> None:
    credential = registered()[0].get(request_options())

    with pytest.raises(InvalidPasskeyError, match="challenge_forged"):
        relying_party().read_assertion(credential, LOGIN, binding="user 8, session 11", now=NOW)


def test_expired_challenge_is_rejected() -> None:
    credential = registered()[0].get(request_options())

    with pytest.raises(InvalidPasskeyError, match="challenge_expired"):
        relying_party().read_assertion(credential, LOGIN, binding=BINDING, now=NOW + timedelta(seconds=330))


@pytest.mark.parametrize("rp_id", ["login.example.com", "evil.org", ""])
def test_rp_id_must_be_right(rp_id: str) -> None:
    soft, known = registered()
    soft.rp_id = rp_id

    assert rejected_use(soft.get(request_options()), known) == "wrong_rp_id"
