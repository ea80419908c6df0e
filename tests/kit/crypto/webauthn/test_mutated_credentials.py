"""Random changes of genuine credentials are rejected with the one error, or harmless."""

import hashlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_api.kit import base64url
from auth_api.kit.crypto.webauthn.errors import InvalidPasskeyError
from tests.support.ceremonies import (
    RP_ID,
    authenticator,
    creation_options,
    register,
    registered,
    rejected_use,
    request_options,
    use,
)
from tests.support.generated_credentials import Mutation, mutations
from tests.support.generated_input import FUNCTION_EXAMPLES, cases, json_values
from tests.support.soft_authenticator import BE, BS, ED, EDDSA, ES256, SYNCED, UP, UV

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

KNOWN = {algorithm: registered(algorithm=algorithm) for algorithm in (EDDSA, ES256)}
ALGORITHMS = st.sampled_from(sorted(KNOWN))


@cases(FUNCTION_EXAMPLES)
@given(
    algorithm=ALGORITHMS, part=st.sampled_from(["clientDataJSON", "authenticatorData", "signature"]), change=mutations()
)
def test_mutated_assertion_is_rejected(algorithm: int, part: str, change: Mutation) -> None:
    soft, known = KNOWN[algorithm]
    credential = soft.get(request_options())
    genuine = base64url.decode(credential["response"][part])
    credential["response"][part] = base64url.encode(change(genuine))

    if change(genuine) == genuine:
        assert use(credential, known).backed_up
    else:
        assert rejected_use(credential, known)


@cases(FUNCTION_EXAMPLES)
@given(algorithm=ALGORITHMS, change=mutations())
def test_mutated_authenticator_data_that_is_accepted_fulfils_all_rules(algorithm: int, change: Mutation) -> None:
    """The owner of a passkey can sign anything."""
    soft, known = KNOWN[algorithm]
    data = change(soft.authenticator_data())

    with suppress(InvalidPasskeyError):
        use(soft.used(soft.client_data("webauthn.get", request_options()["challenge"]), data), known)
        assert data[:32] == hashlib.sha256(RP_ID.encode()).digest()
        assert data[32] & (UP | UV | BE) == UP | UV | BE
        assert len(data) == 37 or data[32] & ED


@cases(FUNCTION_EXAMPLES)
@given(algorithm=ALGORITHMS, change=mutations())
def test_mutated_client_data_that_is_accepted_has_the_same_meaning(algorithm: int, change: Mutation) -> None:
    soft, known = KNOWN[algorithm]
    options = request_options()
    client_data = change(soft.client_data("webauthn.get", options["challenge"]))

    with suppress(InvalidPasskeyError):
        use(soft.used(client_data), known)
        assert b'"webauthn.get"' in client_data
        assert options["challenge"].encode() in client_data
        assert f'"{soft.origin}"'.encode() in client_data


@cases(FUNCTION_EXAMPLES)
@given(algorithm=ALGORITHMS, part=st.sampled_from(["clientDataJSON", "attestationObject"]), change=mutations())
def test_mutated_registration_is_rejected_or_kept_as_it_was_sent(algorithm: int, part: str, change: Mutation) -> None:
    """A registration without attestation is not signed, so only its form can be wrong."""
    soft = authenticator(algorithm=algorithm)
    credential = soft.create(creation_options())
    mutated = change(base64url.decode(credential["response"][part]))
    credential["response"][part] = base64url.encode(mutated)

    with suppress(InvalidPasskeyError):
        passkey = register(credential)
        assert passkey.credential_id == base64url.encode(soft.credential_id)
        if part == "attestationObject":
            assert base64url.decode(passkey.public_key) in mutated


@cases(FUNCTION_EXAMPLES)
@given(flags=st.integers(0, 255))
def test_only_allowed_flags_are_accepted(flags: int) -> None:
    soft, known = KNOWN[ES256]
    credential = soft.used(
        soft.client_data("webauthn.get", request_options()["challenge"]), soft.authenticator_data(flags=flags)
    )

    if flags & ~0x22 in {SYNCED, SYNCED & ~BS}:  # two flags are reserved
        assert use(credential, known).backed_up is bool(flags & BS)
    else:
        assert rejected_use(credential, known)


@cases(FUNCTION_EXAMPLES)
@given(credential=json_values())
def test_any_json_value_is_rejected(credential: Any) -> None:
    with pytest.raises(InvalidPasskeyError):
        register(credential)
    with pytest.raises(InvalidPasskeyError):
        use(credential, KNOWN[ES256][1])


@cases(FUNCTION_EXAMPLES)
@given(
    ceremony=st.sampled_from(["registration", "use"]),
    path=st.lists(st.integers(0, 20), min_size=1, max_size=2),
    value=json_values(),
)
def test_credential_with_any_changed_member_is_accepted_or_rejected(ceremony: str, path: list[int], value: Any) -> None:
    soft, known = KNOWN[ES256]
    credential = soft.create(creation_options()) if ceremony == "registration" else soft.get(request_options())
    target: Any = credential if len(path) == 1 else credential["response"]
    names = sorted(target)
    target[names[path[-1] % len(names)]] = value

    with suppress(InvalidPasskeyError):
        if ceremony == "registration":
            register(credential)
        else:
            use(credential, known)
