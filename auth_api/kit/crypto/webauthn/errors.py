"""The error of all ceremonies."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum


class Rejection(StrEnum):
    """Why an answer of a browser is not acceptable, for the log. The reasons of `Challenges` are added to these."""

    MALFORMED_CREDENTIAL = "malformed_credential"
    MALFORMED_CLIENT_DATA = "malformed_client_data"
    MALFORMED_AUTHENTICATOR_DATA = "malformed_authenticator_data"
    WRONG_TYPE = "wrong_type"
    WRONG_ORIGIN = "wrong_origin"
    EMBEDDED_PAGE = "embedded_page"
    WRONG_RP_ID = "wrong_rp_id"
    USER_NOT_VERIFIED = "user_not_verified"
    CONTRADICTORY_BACKUP_FLAGS = "contradictory_backup_flags"
    CHANGED_BACKUP_ELIGIBILITY = "changed_backup_eligibility"
    WRONG_CREDENTIAL_ID = "wrong_credential_id"
    UNUSABLE_PUBLIC_KEY = "unusable_public_key"
    MISSING_USER_HANDLE = "missing_user_handle"
    WRONG_USER_HANDLE = "wrong_user_handle"
    REJECTED_BY_LIBRARY = "rejected_by_library"
    COUNTER_REGRESSED = "counter_regressed"
    CHALLENGE_USED = "challenge_used"
    CHANGED_MEANWHILE = "changed_meanwhile"
    EARLIER_RP_ID = "earlier_rp_id"
    WRONG_USER = "wrong_user"


class InvalidPasskeyError(Exception):
    """What the browser sent is not acceptable.

    Attributes:
        reason: a `Rejection`, or the reason of a rejected challenge. It contains nothing that was sent.
        error_type: the class of the exception that a parser or the library raised, if one did.
    """

    def __init__(self, reason: str, error_type: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error_type = error_type


class CounterRegressedError(InvalidPasskeyError):
    """The signature is valid, but its counter is not greater than the last one: the key may have been copied.

    WebAuthn L3 §6.1.1. The passkey must not be accepted, and its owner should learn about it.
    """

    def __init__(self) -> None:
        super().__init__(Rejection.COUNTER_REGRESSED)


@contextmanager
def rejecting(reason: Rejection) -> Iterator[None]:
    """Replace every exception by an InvalidPasskeyError with this reason."""
    try:
        yield
    except InvalidPasskeyError:
        raise
    except Exception as error:  # noqa: BLE001 - parsers raise undocumented classes on hostile input
        raise InvalidPasskeyError(reason, type(error).__name__) from None
