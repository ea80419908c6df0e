"""All errors that a client can receive.

::

    ApplicationException
    ├── AuthException
    │   ├── InvalidCredentialsException
    │   ├── AuthenticationRequiredException
    │   ├── TokenExpiredException
    │   ├── TokenInvalidException
    │   ├── TokenRevokedException
    │   ├── RefreshTokenReusedException
    │   ├── AccountDisabledException
    │   └── EmailNotVerifiedException
    ├── ValidationException
    │   ├── DuplicateEmailException
    │   ├── DuplicateUsernameException
    │   └── WeakPasswordException
    ├── DatabaseException
    │   ├── DatabaseUnavailableException (also a RetryLaterException)
    │   └── UserNotFoundException
    ├── RetryLaterException
    │   ├── CircuitBreakerOpenException
    │   ├── RateLimitedException
    │   ├── ServerOverloadedException
    │   └── TooManyAttemptsException
    ├── UnfinishedRequestException
    │   ├── PayloadTooLargeException
    │   └── RequestTimeoutException
    ├── MalformedRequestException, UnsupportedMediaTypeException, UriTooLongException, HeadersTooLargeException
    ├── HostNotAllowedException, HttpsRequiredException, CorsOriginDeniedException, PermissionDeniedException
    ├── NotFoundException, MethodNotAllowedException, SessionNotFoundException
    ├── OneTimeTokenInvalidException
    └── InternalErrorException

They are defined where they are raised: in `kit.errors` and in the module `errors` of each package.
"""

from typing import Final

from auth_api.flows.login.errors import AccountDisabledException, EmailNotVerifiedException
from auth_api.kit.errors import (
    ApplicationException,
    AuthException,
    CircuitBreakerOpenException,
    CorsOriginDeniedException,
    DatabaseException,
    DatabaseUnavailableException,
    FieldError,
    HeadersTooLargeException,
    HostNotAllowedException,
    HttpsRequiredException,
    InternalErrorException,
    MalformedRequestException,
    MethodNotAllowedException,
    NotFoundException,
    PayloadTooLargeException,
    PermissionDeniedException,
    RateLimitedException,
    RequestTimeoutException,
    RetryLaterException,
    ServerOverloadedException,
    UnfinishedRequestException,
    UnsupportedMediaTypeException,
    UriTooLongException,
    ValidationException,
)
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.sessions.errors import (
    AuthenticationRequiredException,
    RefreshTokenReusedException,
    SessionNotFoundException,
    TokenExpiredException,
    TokenInvalidException,
    TokenRevokedException,
)
from auth_api.throttling.errors import TooManyAttemptsException
from auth_api.users.errors import (
    DuplicateEmailException,
    DuplicateUsernameException,
    InvalidCredentialsException,
    UserNotFoundException,
    WeakPasswordException,
)

__all__ = [
    "AccountDisabledException",
    "ApplicationException",
    "AuthException",
    "AuthenticationRequiredException",
    "CircuitBreakerOpenException",
    "CorsOriginDeniedException",
    "DatabaseException",
    "DatabaseUnavailableException",
    "DuplicateEmailException",
    "DuplicateUsernameException",
    "EmailNotVerifiedException",
    "FieldError",
    "HeadersTooLargeException",
    "HostNotAllowedException",
    "HttpsRequiredException",
    "InternalErrorException",
    "InvalidCredentialsException",
    "MalformedRequestException",
    "MethodNotAllowedException",
    "NotFoundException",
    "OneTimeTokenInvalidException",
    "PayloadTooLargeException",
    "PermissionDeniedException",
    "RateLimitedException",
    "RefreshTokenReusedException",
    "RequestTimeoutException",
    "RetryLaterException",
    "ServerOverloadedException",
    "SessionNotFoundException",
    "TokenExpiredException",
    "TokenInvalidException",
    "TokenRevokedException",
    "TooManyAttemptsException",
    "UnfinishedRequestException",
    "UnsupportedMediaTypeException",
    "UriTooLongException",
    "UserNotFoundException",
    "ValidationException",
    "WeakPasswordException",
]

EVERY_ERROR: Final = tuple(
    sorted(
        (
            kind
            for kind in list(globals().values())
            if isinstance(kind, type) and issubclass(kind, ApplicationException) and hasattr(kind, "error_code")
        ),
        key=lambda kind: (kind.status, kind.error_code),
    )
)
"""All errors that have a code, by status and code."""
