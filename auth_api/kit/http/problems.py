"""Problem documents: the body of every error response (RFC 9457)."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final

import msgspec

from auth_api.kit.clock import rfc3339
from auth_api.kit.errors import ApplicationException, FieldError, ValidationException

PROBLEM_MEDIA_TYPE = "application/problem+json"

_EXAMPLE_TIME: Final = datetime(2026, 2, 19, 10, 30, 45, 123000, tzinfo=UTC)
_EXAMPLE_ID: Final = "0f8c2a4be1d94d6a9a4f7a5f3f0c1b2d"
_EXAMPLE_FIELD_ERROR: Final = FieldError("password", "too_short", "Must have at least 12 characters.")


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every error response (RFC 9457)."""

    type: Annotated[
        str,
        msgspec.Meta(
            description="URL of the error's description on this server.",
            extra_json_schema={"extra": {"format": "uri-reference"}},
        ),
    ]
    title: Annotated[str, msgspec.Meta(description="What happened, as a fixed sentence for people.")]
    status: int
    detail: Annotated[str, msgspec.Meta(description="The same as `title`.")]
    error_code: str
    status_code: Annotated[int, msgspec.Meta(description="The same as `status`.")]
    timestamp: Annotated[
        str,
        msgspec.Meta(
            description="In UTC, RFC 3339 with milliseconds.", extra_json_schema={"extra": {"format": "date-time"}}
        ),
    ]
    request_id: Annotated[
        str, msgspec.Meta(description="The request's id in the server's log, as in the header `X-Request-ID`.")
    ]
    errors: Annotated[
        tuple[FieldError, ...] | msgspec.UnsetType,
        msgspec.Meta(description="The invalid fields of the request, if that is the error."),
    ] = msgspec.UNSET
    rule: Annotated[
        str | msgspec.UnsetType,
        msgspec.Meta(description="Why a request counts as one of another website."),
    ] = msgspec.UNSET
    mfa_token: Annotated[
        str | msgspec.UnsetType,
        msgspec.Meta(description="Continues a login whose first factor was right. It is a secret."),
    ] = msgspec.UNSET
    expires_in: Annotated[
        int | msgspec.UnsetType,
        msgspec.Meta(description="Seconds until the `mfa_token`, `signup_token` or `link_token` expires."),
    ] = msgspec.UNSET
    signup_token: Annotated[
        str | msgspec.UnsetType,
        msgspec.Meta(description="Creates the account of a sign-in by a provider. It is a secret."),
    ] = msgspec.UNSET
    link_token: Annotated[
        str | msgspec.UnsetType,
        msgspec.Meta(description="Links the account of the caller to one at a provider. It is a secret."),
    ] = msgspec.UNSET
    provider: Annotated[
        str | msgspec.UnsetType,
        msgspec.Meta(description="The provider that has proved who the user is."),
    ] = msgspec.UNSET
    suggested: Annotated[
        dict[str, str | bool | None] | msgspec.UnsetType,
        msgspec.Meta(description="What the provider says about the user: values to fill a form with."),
    ] = msgspec.UNSET
    attempts_left: Annotated[
        int | msgspec.UnsetType,
        msgspec.Meta(description="Second factors that can still be tried with this `mfa_token`."),
    ] = msgspec.UNSET
    required_permission: Annotated[
        str | msgspec.UnsetType,
        msgspec.Meta(description="The permission that the caller lacks."),
    ] = msgspec.UNSET
    acr_values: Annotated[
        str | msgspec.UnsetType,
        msgspec.Meta(description="Level of assurance (`acr`) that the operation needs (RFC 9470)."),
    ] = msgspec.UNSET
    max_age: Annotated[
        int | msgspec.UnsetType,
        msgspec.Meta(description="Seconds for which a proof of identity is accepted for the operation."),
    ] = msgspec.UNSET
    methods: Annotated[
        tuple[str, ...] | msgspec.UnsetType,
        msgspec.Meta(description="Ways in which the user can prove their identity; `sign_in` is a new login."),
    ] = msgspec.UNSET
    enrolment: Annotated[
        tuple[str, ...] | msgspec.UnsetType,
        msgspec.Meta(description="Methods that the user could add to do this."),
    ] = msgspec.UNSET


def problem_of(error: ApplicationException, *, at: datetime, request_id: str, base: str = "") -> Problem:
    """Return the problem document of an error.

    Args:
        error: the error.
        at: when it happened.
        request_id: the id of the request.
        base: the path that a proxy puts before all paths of this server; empty if there is none.
    """
    status = int(error.status)  # `.value` is slower by two calls
    return Problem(
        type=f"{base}/errors/{error.error_code}",
        title=error.detail,
        status=status,
        detail=error.detail,
        error_code=error.error_code,
        status_code=status,
        timestamp=rfc3339(at),
        request_id=request_id,
        errors=error.errors or msgspec.UNSET,
        **error.members,
    )


def example_of(kind: type[ApplicationException], *, base: str = "") -> Problem:
    """Return a fixed example of the problem document of an error."""
    error = kind()
    if isinstance(error, ValidationException) and error.status is HTTPStatus.BAD_REQUEST:
        error.errors = (_EXAMPLE_FIELD_ERROR,)
    return problem_of(error, at=_EXAMPLE_TIME, request_id=_EXAMPLE_ID, base=base)
