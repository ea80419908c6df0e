"""Errors of the API client and of the verification of tokens."""

from collections.abc import Mapping, Sequence
from typing import Any


class AuthError(Exception):
    """auth_api refused a request, or did not answer it.

    Decide by `code`, and for codes that you do not know by `status`.

    Attributes:
        code: the `error_code` of the response. Without a response: `TIMEOUT`, `OFFLINE` or `REDIRECTED`. For a response
            that is not a problem document of auth_api: `HTTP_ERROR`.
        status: the HTTP status; 0 without a response.
        detail: a sentence that says what happened, for people.
        errors: the invalid fields; each has `field`, `code` and `message`.
        retry_after: seconds after which the request may be repeated, or None if the response does not say.
        request_id: what finds the request in the log of the server, or None.
        problem: the whole problem document, with members such as `mfa_token` and `methods`.
    """

    def __init__(  # noqa: PLR0913 - one argument per attribute
        self,
        code: str,
        status: int = 0,
        detail: str = "",
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        retry_after: float | None = None,
        request_id: str | None = None,
        problem: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.retry_after = retry_after
        self.request_id = request_id
        self.problem: Mapping[str, Any] = problem or {}


class Unavailable(AuthError):
    """auth_api could not answer now: retry later, and keep the session.

    Its `status` is 408, 429 or 5xx, or 0 after a timeout or a network error.
    """


class SignedOut(AuthError):
    """The session that a store keeps has ended, or there is none: the person logs in again.

    Attributes:
        reason: `logged-out` if the store has no tokens; `expired`, `revoked` or `reused` if auth_api has ended the
            session.
    """

    def __init__(self, reason: str, error: AuthError | None = None) -> None:
        code = "AUTHENTICATION_REQUIRED" if error is None else error.code
        super().__init__(code, 401, f"The session has ended: {reason}.", problem=error.problem if error else None)
        self.reason = reason


class TokenRejected(Exception):
    """A token is not accepted.

    Attributes:
        code: `TOKEN_INVALID`, `TOKEN_EXPIRED` or `TOKEN_REVOKED`, with the meanings of the API's error codes.
        misconfiguration: what in the settings of the verifier does not fit a genuine token of auth_api; usually empty.
    """

    def __init__(self, code: str, misconfiguration: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.misconfiguration = misconfiguration


class ConfigurationError(Exception):
    """A verifier cannot work with these settings; the message says what to change."""
