"""Options of the ceremonies, as browsers get them."""

import msgspec
import pytest

from auth_api.kit.crypto.challenges import ChallengePurpose
from auth_api.kit.crypto.webauthn.options import PasskeyDescriptor
from tests.support.ceremonies import BINDING, CHALLENGES, NOW, USER, relying_party

pytestmark = pytest.mark.engine_independent

REGISTERED = [PasskeyDescriptor(id="AAAA", transports=("internal", "usb")), PasskeyDescriptor(id="BBBB")]
AS_JSON = [
    {"type": "public-key", "id": "AAAA", "transports": ["internal", "usb"]},
    {"type": "public-key", "id": "BBBB", "transports": []},
]


def test_creation_options_require_a_discoverable_passkey_and_a_verified_user() -> None:
    options = msgspec.to_builtins(
        relying_party().creation_options(USER, registered=REGISTERED, binding=BINDING, now=NOW)
    )

    challenge = options.pop("challenge")
    assert CHALLENGES.verify(challenge, ChallengePurpose.REGISTRATION, binding=BINDING, now=NOW) > NOW
    assert msgspec.json.decode(msgspec.json.encode(options)) == {
        "rp": {"id": "example.com", "name": "Example"},
        "user": {"id": "A" * 43, "name": "ada@example.com", "displayName": "ada"},
        "timeout": 300000,
        "pubKeyCredParams": [
            {"type": "public-key", "alg": -8},
            {"type": "public-key", "alg": -7},
            {"type": "public-key", "alg": -257},
        ],
        "excludeCredentials": AS_JSON,
        "attestation": "none",
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
    }


@pytest.mark.parametrize("purpose", [ChallengePurpose.LOGIN, ChallengePurpose.SECOND_FACTOR, ChallengePurpose.STEP_UP])
def test_request_options_require_a_verified_user(purpose: ChallengePurpose) -> None:
    options = msgspec.to_builtins(
        relying_party().request_options(purpose, allowed=REGISTERED, binding=BINDING, now=NOW)
    )

    challenge = options.pop("challenge")
    assert CHALLENGES.verify(challenge, purpose, binding=BINDING, now=NOW) > NOW
    assert msgspec.json.decode(msgspec.json.encode(options)) == {
        "timeout": 300000,
        "rpId": "example.com",
        "allowCredentials": AS_JSON,
        "userVerification": "required",
    }
