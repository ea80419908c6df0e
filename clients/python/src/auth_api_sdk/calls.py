"""The operations of the API, without I/O: what each one sends, and how its response is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeVar
from urllib.parse import quote

from auth_api_sdk.models import LoggedIn, Registration, SessionList, SteppedUp, Tokens, User
from auth_api_sdk.reading import read, read_login, read_registration, read_tokens

T = TypeVar("T")
Method = Literal["passkey", "totp", "recovery_code"]

UNCHANGED: Final[Any] = object()
"""Stands for a field that a change leaves as it is, as None removes its value."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """An operation with its arguments.

    Attributes:
        method: the HTTP method.
        path: below the URL of the server, with `/` at its begin.
        read: returns the result of a decoded response.
        json: the body; None without one.
        params: the query.
        token: the access token; None for operations that need none.
    """

    method: str
    path: str
    read: Callable[[Any], T]
    json: Any = field(default=None, repr=False)
    params: Mapping[str, str | int] | None = None
    token: str | None = field(default=None, repr=False)


def register(
    *, email: str, username: str, password: str, display_name: str | None, locale: str | None
) -> Call[Registration]:
    """Create an account."""
    fields = {"email": email, "username": username, "password": password}
    return _post("register", read_registration, **fields, display_name=display_name, locale=locale)


def login(username: str, password: str) -> Call[LoggedIn]:
    """Log in with a username or an e-mail address."""
    return _post("login", read_login, username=username, password=password)


def mfa(mfa_token: str, method: Method, *, code: str | None, credential: Mapping[str, Any] | None) -> Call[LoggedIn]:
    """Complete a login with a second factor."""
    return _post("mfa", read_login, mfa_token=mfa_token, method=method, code=code, credential=credential)


def exchange(code: str, code_verifier: str) -> Call[LoggedIn]:
    """Exchange the code of a hosted login for a session."""
    return _post("exchange", read_login, code=code, code_verifier=code_verifier)


def refresh(refresh_token: str) -> Call[Tokens]:
    """Exchange a refresh token for the next pair."""
    return _post("refresh", read_tokens, refresh_token=refresh_token)


def logout(refresh_token: str) -> Call[None]:
    """End the session of a refresh token."""
    return _post("logout", _nothing, refresh_token=refresh_token)


def logout_all(token: str, *, keep_current: bool) -> Call[int]:
    """End all sessions; the result is their number."""
    return _post("logout-all", _sessions_ended, token=token, keep_current=keep_current)


def step_up(
    token: str,
    method: Method | Literal["password"],
    *,
    code: str | None,
    credential: Mapping[str, Any] | None,
    password: str | None,
) -> Call[SteppedUp]:
    """Prove the identity again."""
    proof = {"code": code, "credential": credential, "password": password}
    return _post("step-up", lambda document: read(SteppedUp, document), token=token, method=method, **proof)


def profile(token: str) -> Call[User]:
    """Read the account."""
    return Call("GET", "/api/user/profile", _user, token=token)


def update_profile(token: str, **changes: Any) -> Call[User]:
    """Change the account, except for fields that are `UNCHANGED`."""
    given = {name: value for name, value in changes.items() if value is not UNCHANGED}
    return Call("PATCH", "/api/user/profile", _user, json=given, token=token)


def change_password(token: str, new_password: str, *, current_password: str | None) -> Call[Tokens]:
    """Change the password; the tokens are those of a new session."""
    given = _given(new_password=new_password, current_password=current_password)
    return Call("POST", "/api/user/password", read_tokens, json=given, token=token)


def sessions(token: str, *, limit: int, cursor: str | None) -> Call[SessionList]:
    """List the sessions of the user."""
    params: dict[str, str | int] = _given(limit=limit, cursor=cursor)
    return Call("GET", "/api/user/sessions", lambda document: read(SessionList, document), params=params, token=token)


def end_session(token: str, session_id: str) -> Call[None]:
    """End one session of the user."""
    return Call("DELETE", f"/api/user/sessions/{quote(session_id, safe='')}", _nothing, token=token)


def any_operation(
    method: str, path: str, *, json: Any, params: Mapping[str, str | int] | None, token: str | None
) -> Call[Any]:
    """Call an operation that has no function of its own; the result is the decoded JSON.

    Raises:
        ValueError: the path would lead to another host.
    """
    if not path.startswith("/") or "?" in path or "#" in path:
        message = "path must begin with /, without a query: use params"
        raise ValueError(message)
    return Call(method.upper(), path, lambda document: document, json=json, params=params, token=token)


def _post(name: str, reader: Callable[[Any], T], *, token: str | None = None, **given: Any) -> Call[T]:
    return Call("POST", f"/api/auth/{name}", reader, json=_given(**given), token=token)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _user(document: Any) -> User:
    return read(User, document)


def _sessions_ended(document: Any) -> int:
    return int(document["sessions_ended"])


def _nothing(_: Any) -> None:
    return None
