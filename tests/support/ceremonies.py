"""A relying party, and the two ceremonies with it from beginning to end."""

from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import msgspec
import pytest

from auth_api.kit.crypto.challenges import ChallengePurpose, Challenges
from auth_api.kit.crypto.webauthn.credentials import CredentialState, RegisteredCredential, StoredCredential
from auth_api.kit.crypto.webauthn.errors import InvalidPasskeyError
from auth_api.kit.crypto.webauthn.options import PasskeyUser
from auth_api.kit.crypto.webauthn.relying_party import RelyingParty
from tests.support.soft_authenticator import ES256, SYNCED, SoftAuthenticator

RP_ID: Final = "example.com"
ORIGIN: Final = "https://login.example.com"
ORIGINS: Final = (ORIGIN, "https://example.com:8443")
BINDING: Final = "user 7, session 11"
NOW: Final = datetime(2026, 11, 30, 12, tzinfo=UTC)
USER: Final = PasskeyUser(id="A" * 43, name="ada@example.com", display_name="ada")
CHALLENGES: Final = Challenges([b"a-derivation-secret-of-the-tests-0123456789"])


@cache
def relying_party() -> RelyingParty:
    """Return the relying party of these tests."""
    return RelyingParty(rp_id=RP_ID, name="Example", origins=ORIGINS, challenges=CHALLENGES)


def creation_options() -> Any:
    """Return options of a registration, as the browser gets them."""
    options = relying_party().creation_options(USER, registered=[], binding=BINDING, now=NOW)
    return msgspec.json.decode(msgspec.json.encode(options))


def request_options(purpose: ChallengePurpose = ChallengePurpose.LOGIN) -> Any:
    """Return options of an assertion, as the browser gets them."""
    options = relying_party().request_options(purpose, allowed=[], binding=BINDING, now=NOW)
    return msgspec.json.decode(msgspec.json.encode(options))


def authenticator(*, algorithm: int = ES256, flags: int = SYNCED) -> SoftAuthenticator:
    """Return an authenticator without a registered passkey, at the right page."""
    made = SoftAuthenticator(origin=ORIGIN, rp_id=RP_ID, algorithm=algorithm, flags=flags)
    made.user_handle = USER.id
    return made


def register(credential: object) -> RegisteredCredential:
    """Verify a registration."""
    return relying_party().register(credential, binding=BINDING, now=NOW)


def stored(registered: RegisteredCredential, **changes: Any) -> StoredCredential:
    """Return a passkey as the database has it, with changed columns."""
    columns: dict[str, Any] = {
        "public_key": registered.public_key,
        "sign_count": registered.sign_count,
        "backup_eligible": registered.backup_eligible,
        "user_handle": USER.id,
    }
    return StoredCredential(**columns | changes)


def registered(*, algorithm: int = ES256, flags: int = SYNCED) -> tuple[SoftAuthenticator, StoredCredential]:
    """Return an authenticator whose passkey is registered, and what the server knows about it."""
    soft = authenticator(algorithm=algorithm, flags=flags)
    return soft, stored(register(soft.create(creation_options())))


def used_with(soft: SoftAuthenticator, data: bytes) -> dict[str, Any]:
    """Use a passkey with other authenticator data than the right one, rightly signed."""
    return soft.used(soft.client_data("webauthn.get", request_options()["challenge"]), data)


def use(
    credential: object, known: StoredCredential, purpose: ChallengePurpose = ChallengePurpose.LOGIN
) -> CredentialState:
    """Verify an assertion."""
    assertion = relying_party().read_assertion(credential, purpose, binding=BINDING, now=NOW)
    return relying_party().verify_assertion(assertion, known)


def rejected_registration(credential: object) -> str:
    """Return the reason for which a registration is rejected."""
    with pytest.raises(InvalidPasskeyError) as caught:
        register(credential)
    return caught.value.reason


def rejected_use(
    credential: object, known: StoredCredential, purpose: ChallengePurpose = ChallengePurpose.LOGIN
) -> str:
    """Return the reason for which an assertion is rejected."""
    with pytest.raises(InvalidPasskeyError) as caught:
        use(credential, known, purpose)
    return caught.value.reason
