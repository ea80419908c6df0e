"""The server's part of the two ceremonies: registration and assertion (WebAuthn L3 §7.1 and §7.2)."""

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cached_property
from types import ModuleType

import msgspec

from auth_api.kit import base64url
from auth_api.kit.crypto.challenges import ChallengePurpose, Challenges, RejectedChallengeError
from auth_api.kit.crypto.webauthn import authenticator_data as flags
from auth_api.kit.crypto.webauthn.attestation import attested_data
from auth_api.kit.crypto.webauthn.authenticator_data import AuthenticatorData, parse_authenticator_data
from auth_api.kit.crypto.webauthn.browser_json import CreatedCredential, UsedCredential, parse_client_data
from auth_api.kit.crypto.webauthn.credentials import (
    Assertion,
    ClaimableChallenge,
    CredentialState,
    RegisteredCredential,
    StoredCredential,
)
from auth_api.kit.crypto.webauthn.errors import CounterRegressedError, InvalidPasskeyError, Rejection, rejecting
from auth_api.kit.crypto.webauthn.options import (
    CreationOptions,
    PasskeyDescriptor,
    PasskeyUser,
    RelyingPartyEntity,
    RequestOptions,
)
from auth_api.kit.crypto.webauthn.public_keys import algorithm_of


class RelyingParty:
    """Issues the options of ceremonies, and verifies what browsers send back.

    The library is imported when it is needed first; `load_library` does that earlier.

    Args:
        rp_id: the domain that passkeys belong to.
        name: the product's name, for people.
        origins: the exact origins of the pages that may use passkeys.
        challenges: issues and checks the challenges.
    """

    def __init__(self, *, rp_id: str, name: str, origins: Collection[str], challenges: Challenges) -> None:
        self._entity = RelyingPartyEntity(rp_id, name)
        self._rp_id_hash = hashlib.sha256(rp_id.encode()).digest()
        self._origins = list(origins)
        self._challenges = challenges

    @cached_property
    def _library(self) -> ModuleType:
        import webauthn  # noqa: PLC0415 - a server without passkeys does not pay for it

        return webauthn

    def load_library(self) -> None:
        """Import the library, which takes up to 0.5 s and 15 MiB, before a request waits for it."""
        _ = self._library

    def creation_options(
        self, user: PasskeyUser, *, registered: Iterable[PasskeyDescriptor], binding: str, now: datetime
    ) -> CreationOptions:
        """Return the options with which a browser creates a passkey.

        Args:
            user: the account.
            registered: its passkeys; their authenticators refuse to create another one.
            binding: what `register` will be called with.
            now: the current time.
        """
        return CreationOptions(
            rp=self._entity,
            user=user,
            challenge=self._challenges.issue(ChallengePurpose.REGISTRATION, binding=binding, now=now),
            exclude_credentials=tuple(registered),
        )

    def request_options(
        self, purpose: ChallengePurpose, *, allowed: Iterable[PasskeyDescriptor], binding: str, now: datetime
    ) -> RequestOptions:
        """Return the options with which a browser uses a passkey.

        Args:
            purpose: of the assertion.
            allowed: the passkeys that are accepted; empty for any passkey of this RP id.
            binding: what `read_assertion` will be called with.
            now: the current time.
        """
        return RequestOptions(
            challenge=self._challenges.issue(purpose, binding=binding, now=now),
            rp_id=self._entity.id,
            allow_credentials=tuple(allowed),
        )

    def register(self, credential: object, *, binding: str, now: datetime) -> RegisteredCredential:
        """Verify a registration.

        Args:
            credential: the JSON value that the browser sent.
            binding: to which the challenge must be bound.
            now: the current time.

        Raises:
            InvalidPasskeyError: anything about it is not acceptable.
        """
        with rejecting(Rejection.MALFORMED_CREDENTIAL):
            sent = msgspec.convert(credential, CreatedCredential)
            credential_id = sent.check_id()
        challenge = self._check_client_data(
            sent.response.client_data_json, "webauthn.create", ChallengePurpose.REGISTRATION, binding, now
        )
        with rejecting(Rejection.MALFORMED_AUTHENTICATOR_DATA):
            data = parse_authenticator_data(attested_data(base64url.decode(sent.response.attestation_object)))
        self._check_authenticator_data(data)
        created = data.credential
        if created is None or created.credential_id != credential_id:
            raise InvalidPasskeyError(Rejection.WRONG_CREDENTIAL_ID)
        with rejecting(Rejection.UNUSABLE_PUBLIC_KEY):
            algorithm = algorithm_of(created.public_key)
        with rejecting(Rejection.REJECTED_BY_LIBRARY):
            self._library.verify_registration_response(
                credential=sent.for_library(),
                expected_challenge=base64url.decode(challenge.value),
                expected_rp_id=self._entity.id,
                expected_origin=self._origins,
                require_user_verification=True,
            )
        return RegisteredCredential(
            challenge=challenge,
            credential_id=sent.id,
            public_key=base64url.encode(created.public_key),
            algorithm=algorithm,
            sign_count=data.sign_count,
            backup_eligible=data.has(flags.BACKUP_ELIGIBLE),
            backed_up=data.has(flags.BACKED_UP),
            transports=sent.known_transports(),
            aaguid=str(created.aaguid),
        )

    def read_assertion(
        self, credential: object, purpose: ChallengePurpose, *, binding: str, now: datetime
    ) -> Assertion:
        """Check everything about an assertion that does not depend on the stored passkey.

        If the caller then knows no passkey with its id, the passkey is unknown: type, challenge, origin and RP id are
        right.

        Args:
            credential: the JSON value that the browser sent.
            purpose: what it is used for. A login without a name needs a user handle, because only the passkey
                identifies the account (WebAuthn L3 §7.2 step 6).
            binding: to which the challenge must be bound.
            now: the current time.

        Raises:
            InvalidPasskeyError: anything about it is not acceptable.
        """
        with rejecting(Rejection.MALFORMED_CREDENTIAL):
            sent = msgspec.convert(credential, UsedCredential)
            sent.check_id()
            user_handle = sent.user_handle()
        challenge = self._check_client_data(sent.response.client_data_json, "webauthn.get", purpose, binding, now)
        with rejecting(Rejection.MALFORMED_AUTHENTICATOR_DATA):
            data = parse_authenticator_data(base64url.decode(sent.response.authenticator_data))
        self._check_authenticator_data(data)
        if data.credential is not None:  # WebAuthn L3 §6.1: only in registrations
            raise InvalidPasskeyError(Rejection.MALFORMED_AUTHENTICATOR_DATA)
        if user_handle is None and purpose is ChallengePurpose.LOGIN:
            raise InvalidPasskeyError(Rejection.MISSING_USER_HANDLE)
        return Assertion(challenge=challenge, credential_id=sent.id, user_handle=user_handle, data=data, sent=sent)

    def verify_assertion(self, assertion: Assertion, stored: StoredCredential) -> CredentialState:
        """Verify an assertion with the stored passkey that has its id.

        Args:
            assertion: what `read_assertion` returned.
            stored: the passkey. The caller must have checked that it belongs to the account in question.

        Raises:
            CounterRegressedError: everything is right except the counter of a passkey that cannot be synchronised.
            InvalidPasskeyError: anything else is not acceptable.
        """
        data = assertion.data
        if assertion.user_handle not in (None, stored.user_handle):
            raise InvalidPasskeyError(Rejection.WRONG_USER_HANDLE)
        if data.has(flags.BACKUP_ELIGIBLE) != stored.backup_eligible:
            raise InvalidPasskeyError(Rejection.CHANGED_BACKUP_ELIGIBILITY)
        with rejecting(Rejection.REJECTED_BY_LIBRARY):
            self._library.verify_authentication_response(
                credential=assertion.sent.for_library(),
                expected_challenge=base64url.decode(assertion.challenge.value),
                expected_rp_id=self._entity.id,
                expected_origin=self._origins,
                credential_public_key=base64url.decode(stored.public_key),
                credential_current_sign_count=0,  # compared below: those of synchronised passkeys may decrease
                require_user_verification=True,
            )
        counts = data.sign_count > 0 or stored.sign_count > 0
        if not stored.backup_eligible and counts and data.sign_count <= stored.sign_count:
            raise CounterRegressedError
        return CredentialState(data.sign_count, data.has(flags.BACKED_UP))

    def _check_client_data(
        self, encoded: str, ceremony: str, purpose: ChallengePurpose, binding: str, now: datetime
    ) -> ClaimableChallenge:
        with rejecting(Rejection.MALFORMED_CLIENT_DATA):
            client_data = parse_client_data(encoded)
        if client_data.type != ceremony:
            raise InvalidPasskeyError(Rejection.WRONG_TYPE)
        try:
            expires_at = self._challenges.verify(client_data.challenge, purpose, binding=binding, now=now)
        except RejectedChallengeError as error:
            raise InvalidPasskeyError(str(error)) from None
        if client_data.origin not in self._origins:
            raise InvalidPasskeyError(Rejection.WRONG_ORIGIN)
        if client_data.cross_origin or client_data.top_origin is not msgspec.UNSET:
            raise InvalidPasskeyError(Rejection.EMBEDDED_PAGE)
        return ClaimableChallenge(value=client_data.challenge, expires_at=expires_at)

    def _check_authenticator_data(self, data: AuthenticatorData) -> None:
        if data.rp_id_hash != self._rp_id_hash:
            raise InvalidPasskeyError(Rejection.WRONG_RP_ID)
        if not data.has(flags.USER_PRESENT, flags.USER_VERIFIED):
            raise InvalidPasskeyError(Rejection.USER_NOT_VERIFIED)
        if data.has(flags.BACKED_UP) and not data.has(flags.BACKUP_ELIGIBLE):
            raise InvalidPasskeyError(Rejection.CONTRADICTORY_BACKUP_FLAGS)
