"""Flags, user handles and counters of assertions."""

from typing import Any

import pytest

from auth_api.kit import base64url
from auth_api.kit.crypto.challenges import ChallengePurpose
from auth_api.kit.crypto.webauthn.credentials import StoredCredential
from auth_api.kit.crypto.webauthn.errors import CounterRegressedError
from tests.support.ceremonies import (
    USER,
    authenticator,
    creation_options,
    register,
    registered,
    rejected_use,
    request_options,
    stored,
    use,
    used_with,
)
from tests.support.soft_authenticator import (
    BE,
    BS,
    DEVICE_BOUND,
    SYNCED,
    UP,
    UV,
)

pytestmark = pytest.mark.engine_independent

LOGIN, SECOND_FACTOR = ChallengePurpose.LOGIN, ChallengePurpose.SECOND_FACTOR


@pytest.mark.parametrize("purpose", [LOGIN, SECOND_FACTOR, ChallengePurpose.STEP_UP])
@pytest.mark.parametrize("flags", [0, UP, UV, UP | BE | BS, UV | BE | BS])
def test_user_must_be_present_and_verified(flags: int, purpose: ChallengePurpose) -> None:
    soft, known = registered()
    soft.flags = flags

    assert rejected_use(soft.get(request_options(purpose)), known, purpose) == "user_not_verified"


@pytest.mark.parametrize("purpose", [LOGIN, SECOND_FACTOR])
@pytest.mark.parametrize(
    "handle",
    ["B" * 43 + "A", USER.id[:-1] + "B", base64url.encode(bytes(31)), base64url.encode(b"7"), base64url.encode(b"ada")],
)
def test_user_handle_of_another_account_is_rejected(handle: str, purpose: ChallengePurpose) -> None:
    soft, known = registered()
    soft.user_handle = handle

    assert rejected_use(soft.get(request_options(purpose)), known, purpose) in {
        "wrong_user_handle",
        "malformed_credential",
    }


@pytest.mark.parametrize("handle", [None, ""])
def test_login_needs_a_user_handle(handle: str | None) -> None:
    soft, known = registered()
    soft.user_handle = handle

    assert rejected_use(soft.get(request_options()), known) == "missing_user_handle"


@pytest.mark.parametrize("purpose", [SECOND_FACTOR, ChallengePurpose.STEP_UP])
@pytest.mark.parametrize("handle", [None, "", USER.id])
def test_user_handle_may_be_missing_where_the_account_is_known(handle: str | None, purpose: ChallengePurpose) -> None:
    soft, known = registered()
    soft.user_handle = handle

    assert use(soft.get(request_options(purpose)), known, purpose).backed_up


@pytest.mark.parametrize("handle", [base64url.encode(bytes(65)), "A", "AA==", "é", 7, True, [], {}])
def test_malformed_user_handle_is_rejected(handle: Any) -> None:
    soft, known = registered()
    credential = soft.get(request_options(SECOND_FACTOR))
    credential["response"]["userHandle"] = handle

    assert rejected_use(credential, known, SECOND_FACTOR) == "malformed_credential"


@pytest.mark.parametrize(
    ("before", "after"), [(DEVICE_BOUND, SYNCED), (SYNCED, DEVICE_BOUND), (DEVICE_BOUND, UP | UV | BE)]
)
def test_backup_eligibility_must_not_change(before: int, after: int) -> None:
    soft, known = registered(flags=before)
    soft.flags = after

    assert rejected_use(soft.get(request_options()), known) == "changed_backup_eligibility"


def test_backed_up_passkey_must_be_eligible() -> None:
    soft, known = registered(flags=DEVICE_BOUND)
    soft.flags = DEVICE_BOUND | BS

    assert rejected_use(soft.get(request_options()), known) == "contradictory_backup_flags"


@pytest.mark.parametrize(("flags", "backed_up"), [(UP | UV | BE, False), (SYNCED, True)])
def test_backup_state_is_returned(flags: int, *, backed_up: bool) -> None:
    soft, known = registered(flags=UP | UV | BE)
    soft.flags = flags

    assert use(soft.get(request_options()), known).backed_up is backed_up


@pytest.mark.parametrize(
    ("known_count", "sent_count"), [(7, 7), (7, 6), (7, 0), (2**32 - 1, 0), (1, 1), (2**32 - 1, 2**32 - 1)]
)
def test_counter_of_a_device_must_increase(known_count: int, sent_count: int) -> None:
    soft, known = registered(flags=DEVICE_BOUND)
    soft.sign_count = sent_count

    with pytest.raises(CounterRegressedError):
        use(
            used_with(soft, soft.authenticator_data()),
            StoredCredential(
                public_key=known.public_key, sign_count=known_count, backup_eligible=False, user_handle=USER.id
            ),
        )


@pytest.mark.parametrize(
    ("known_count", "sent_count"), [(0, 0), (0, 1), (7, 8), (7, 2**32 - 1), (2**32 - 2, 2**32 - 1)]
)
def test_counter_that_increases_or_is_not_used_is_returned(known_count: int, sent_count: int) -> None:
    soft = authenticator(flags=DEVICE_BOUND)
    known = stored(register(soft.create(creation_options())), sign_count=known_count)
    soft.sign_count = sent_count

    assert use(used_with(soft, soft.authenticator_data()), known).sign_count == sent_count


@pytest.mark.parametrize(("known_count", "sent_count"), [(7, 3), (7, 7), (7, 0), (0, 0), (7, 8)])
def test_counter_of_a_synchronised_passkey_may_decrease(known_count: int, sent_count: int) -> None:
    soft = authenticator(flags=SYNCED)
    known = stored(register(soft.create(creation_options())), sign_count=known_count)
    soft.sign_count = sent_count

    assert use(soft.get(request_options()), known).sign_count == sent_count


def test_counter_is_compared_only_under_a_valid_signature() -> None:
    """Otherwise any client could report the passkey of another user as copied."""
    soft = authenticator(flags=DEVICE_BOUND)
    known = stored(register(soft.create(creation_options())), sign_count=7)
    client_data = soft.client_data("webauthn.get", request_options()["challenge"])

    assert rejected_use(soft.used(client_data, signature=b"forged"), known) == "rejected_by_library"
