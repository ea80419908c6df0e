"""What a route requires of the sender of a request, and the responses to those who lack it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from auth_api_sdk.errors import ConfigurationError, TokenRejected, Unavailable
from auth_api_sdk.principal import Principal

Names = str | Sequence[str] | None

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"
LEVELS: Final = ("aal1", "aal2", "phr")
"""Values of `acr`, the weakest first."""

_SCOPE: Final = re.compile(r"[!#-\[\]-~]+")

_DETAILS: Final[Mapping[str, str]] = {
    "AUTHENTICATION_REQUIRED": "The request has no access token.",
    "TOKEN_INVALID": "The access token is not valid.",
    "TOKEN_EXPIRED": "The access token has expired.",
    "TOKEN_REVOKED": "The session has ended, or the API key has been revoked.",
    "SESSION_REQUIRED": "This request needs a session of a user, not an API key.",
    "PERMISSION_DENIED": "You are not allowed to do this.",
    "STEP_UP_REQUIRED": "Prove your identity again to do this.",
    "NOT_READY": "The access token cannot be checked at the moment.",
}


class Refusal(Exception):
    """A request is refused.

    Attributes:
        status: the HTTP status.
        code: the `error_code`.
        headers: headers of the response.
        members: further members of the problem document.
    """

    def __init__(self, status: int, code: str, headers: Mapping[str, str] | None = None, **members: Any) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})
        self.members = members

    @property
    def detail(self) -> str:
        """A sentence for people."""
        return _DETAILS[self.code]

    @property
    def problem(self) -> dict[str, Any]:
        """The body of the response (RFC 9457)."""
        return {
            "type": "about:blank",
            "title": self.detail,
            "status": self.status,
            "detail": self.detail,
            "error_code": self.code,
            **self.members,
        }


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a route requires; all of it is needed.

    Attributes:
        roles: names of roles.
        permissions: names of permissions, which auth_api is asked for.
        scopes: names of scopes.
        acr: the weakest level of the login.
        max_age: the greatest age of the login, in seconds.
    """

    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    acr: str | None = None
    max_age: int | None = None
    needs_session: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        if self.acr is not None and self.acr not in LEVELS:
            message = f"acr must be one of {', '.join(LEVELS)}"
            raise ConfigurationError(message)
        object.__setattr__(self, "needs_session", self.acr is not None or self.max_age is not None)

    def check_roles(self, principal: Principal) -> None:
        """Refuse an API key where only a session can do, and a user without a role.

        Raises:
            Refusal: with `SESSION_REQUIRED` or `PERMISSION_DENIED`.
        """
        if self.needs_session and principal.kind == "key":
            raise Refusal(403, "SESSION_REQUIRED")
        for name in self.roles:
            if name not in principal.roles:
                raise Refusal(403, "PERMISSION_DENIED", required_role=name)

    def check_scopes_and_login(self, principal: Principal, now: float) -> None:
        """Refuse a token without a scope, and a login that is too weak or too old.

        Args:
            principal: the sender.
            now: the time in seconds since 1970.

        Raises:
            Refusal: with `PERMISSION_DENIED` (RFC 6750 §3.1) or `STEP_UP_REQUIRED` (RFC 9470 §3).
        """
        for name in self.scopes:
            if name not in principal.scopes:
                challenge = f'Bearer error="insufficient_scope", scope="{" ".join(self.scopes)}"'
                raise Refusal(403, "PERMISSION_DENIED", {"WWW-Authenticate": challenge}, required_scope=name)
        if self._is_strong(principal.acr) and self._is_recent(principal.auth_time, now):
            return
        wanted = {"acr_values": self.acr, "max_age": self.max_age}
        named = {name: value for name, value in wanted.items() if value is not None}
        challenge = "".join(f', {name}="{value}"' for name, value in named.items())
        header = f'Bearer error="insufficient_user_authentication"{challenge}'
        raise Refusal(403, "STEP_UP_REQUIRED", {"WWW-Authenticate": header}, **named)

    def _is_strong(self, acr: str | None) -> bool:
        return self.acr is None or (acr in LEVELS and LEVELS.index(acr) >= LEVELS.index(self.acr))

    def _is_recent(self, auth_time: int | None, now: float) -> bool:
        return self.max_age is None or (auth_time is not None and now - auth_time <= self.max_age)


def requirement(
    *,
    role: Names = None,
    permission: Names = None,
    scope: Names = None,
    acr: str | None = None,
    max_age: int | None = None,
) -> Requirement:
    """Return what a route requires; several values of one kind are a list, and all are needed.

    Raises:
        ConfigurationError: the level is unknown, a list or name is empty, or a scope has characters that no scope has.
    """
    scopes = _names("scope", scope)
    for name in scopes:
        if not _SCOPE.fullmatch(name):
            message = f"{name!r} is not a scope (RFC 6749 §3.3); several scopes are a list"
            raise ConfigurationError(message)
    return Requirement(_names("role", role), _names("permission", permission), scopes, acr, max_age)


def bearer_token(authorization: str | None) -> str:
    """Return the token of a header `Authorization`.

    Raises:
        Refusal: there is none.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refusal(401, "AUTHENTICATION_REQUIRED", {"WWW-Authenticate": "Bearer"})
    return token.strip()


def refusal_of(error: TokenRejected | Unavailable) -> Refusal:
    """Return the response to a request whose token is not accepted, or cannot be checked."""
    if isinstance(error, TokenRejected):
        return Refusal(401, error.code, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return Refusal(503, "NOT_READY", {"Retry-After": str(max(1, round(error.retry_after or 1)))})


def _names(kind: str, given: Names) -> tuple[str, ...]:
    """Return the required names; an empty list is an error, because it would require nothing."""
    if given is None:
        return ()
    names = (given,) if isinstance(given, str) else tuple(given)
    if not names or "" in names:
        message = f"{kind} is empty: give at least one name, or leave it out"
        raise ConfigurationError(message)
    return names
