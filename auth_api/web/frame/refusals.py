"""What a page shows of an error, and with which status."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, Self

import msgspec

from auth_api.kit.errors import (
    ApplicationException,
    InternalErrorException,
    MalformedRequestException,
    PayloadTooLargeException,
    RequestTimeoutException,
    RetryLaterException,
    UnsupportedMediaTypeException,
)
from auth_api.sessions.errors import TokenRevokedException
from auth_api.sign_in.errors import StepUpRequiredException
from auth_api.users.errors import UserNotFoundException
from auth_api.web.frame.error_texts import field_of, sentence_of, sentence_of_field

ERROR_CODE_HEADER: Final = "X-Error-Code"

_NOT_IN_FORM: Final = (
    InternalErrorException,
    MalformedRequestException,
    PayloadTooLargeException,
    RequestTimeoutException,
    StepUpRequiredException,
    TokenRevokedException,
    UnsupportedMediaTypeException,
    UserNotFoundException,
)
"""Errors that the person cannot correct in the form. Three lead to another page, which asks for a proof of identity."""

_CORRECTED_IN_FORM: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.CONFLICT})


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """An error as a page shows it.

    Attributes:
        error_code: the code.
        detail: what happened and what to do, as a sentence for the person.
        field_errors: the sentences to show at each field.
        headers: the headers of the response.
        retry_after: the whole seconds until the form may be sent again; None if waiting does not help.
    """

    error_code: str
    detail: str
    field_errors: Mapping[str, list[str]]
    headers: Mapping[str, str]
    retry_after: int | None

    @classmethod
    def of(cls, error: ApplicationException, language: str) -> Self:
        """Return what a page in this language shows of an error."""
        detail = sentence_of(error, language)
        field_errors: dict[str, list[str]] = {}
        for each in error.errors:
            field_errors.setdefault(each.field, []).append(sentence_of_field(each, language))
        if not field_errors and (field := field_of(error)) is not None:
            field_errors[field] = [detail]
        retry_after = error.headers.get("Retry-After")
        headers = {ERROR_CODE_HEADER: error.error_code}
        return cls(
            error_code=error.error_code,
            detail=detail,
            field_errors=field_errors,
            headers=headers if retry_after is None else {**headers, "Retry-After": retry_after},
            retry_after=None if retry_after is None else int(retry_after),
        )


def status_of(error: ApplicationException) -> HTTPStatus:
    """Return the status of a page with an error: 422 for what the person corrects in the form (RFC 9110 §15.5.21)."""
    return HTTPStatus.UNPROCESSABLE_ENTITY if error.status in _CORRECTED_IN_FORM else error.status


def is_shown_in_form(error: ApplicationException) -> bool:
    """Return whether the form is shown again with this error."""
    return isinstance(error, RetryLaterException) or not isinstance(error, _NOT_IN_FORM)


def require_shown(error: ApplicationException | None) -> None:
    """Raise an error that no form corrects, before the values of the page are read.

    Raises:
        ApplicationException: the error.
    """
    if error is not None and not is_shown_in_form(error):
        raise error
