"""Every caller at every route that knows the rights of its caller: each pair is accepted or refused as the tables say.

`WITH_RIGHTS` (tests/contract/test_public_routes.py) lists the routes with their permission; the built-in roles are
written out here. A route without a row in that table fails a test there.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import pytest

from auth_api.credentials.api_keys.api_key import KeyOwner
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.contract.test_public_routes import WITH_RIGHTS
from tests.support.actors import Actor, ApiResponse
from tests.support.api_keys import add_key, add_service_account
from tests.support.roles import give_role
from tests.support.rows import age_sessions

READING: Final = (
    "users:read sessions:read keys:read roles:read service-accounts:read invitations:read audit:read clients:read"
)

ROLES: Final = {
    "nothing": "",
    "support": "users:read users:reset sessions:read sessions:end audit:read",
    "user-manager": "users:read users:write users:reset sessions:read sessions:end keys:read keys:revoke roles:read "
    "invitations:read invitations:write",
    "auditor": READING,
    "administrator": "*",
}
"""The permissions of the built-in roles."""

OTHER_SCOPE: Final = "orders:read"

ABSENT: Final = {"role": "absent", "name": "absent", "sid": "01a21565-bf11-7d28-990d-69857659f721"}
"""Path parameters of things that do not exist; the others are ids."""

REFUSALS: Final = {
    "AUTHENTICATION_REQUIRED",
    "TOKEN_INVALID",
    "SESSION_REQUIRED",
    "PERMISSION_DENIED",
    "STEP_UP_REQUIRED",
}
"""The codes of the decision, of which each request gets at most one."""


@dataclass(frozen=True)
class Caller:
    """A caller of a route.

    Attributes:
        permissions: what it may do.
        is_key: whether it has an API key instead of a session.
        is_personal: whether it is a user.
        has_second_factor: whether the session has proved one.
        is_recent: whether the session has proved the user's identity recently.
    """

    token: str
    permissions: frozenset[str] = frozenset()
    is_key: bool = False
    is_personal: bool = True
    has_second_factor: bool = True
    is_recent: bool = True

    def may(self, permission: str) -> bool:
        """Return whether it has a permission."""
        return permission == "any" or not self.permissions.isdisjoint({permission, "*"})


def expected(route: str, caller: Caller) -> str | None:
    """Return the code with which the decision refuses a request; None if it accepts it."""
    permission, *marks = WITH_RIGHTS[route].split()
    if not caller.token:
        return "AUTHENTICATION_REQUIRED"
    of_keys = next((mark for mark in marks if ":" in mark), None)
    if caller.is_key:
        is_accepted = "key" in marks or (of_keys is not None and caller.is_personal)
        if not is_accepted or ("recent" in marks and caller.is_personal):
            return "SESSION_REQUIRED"
        permission = of_keys or permission
    if not caller.may(permission):
        return "PERMISSION_DENIED"
    if caller.is_key:
        return None
    is_weak = " /api/admin/" in route and not caller.has_second_factor
    is_old = "recent" in marks and not (caller.is_recent and caller.has_second_factor)
    return "STEP_UP_REQUIRED" if is_weak or is_old else None


async def send(actor: Actor, route: str, token: str) -> ApiResponse:
    """Send a request about something that does not exist, without the fields that the route needs."""
    method, path = route.split()
    path = re.sub(r"\{(\w+)\}", lambda match: ABSENT.get(match[1], "999999"), path)
    if method in {"GET", "DELETE"}:
        return await actor.call(method, path, token=token)
    return await actor.call(method, path, token=token, json={})


async def user_id_of(username: str) -> int:
    """Return the id of a user."""
    rows = await UserRow.select(UserRow.id).where(UserRow.username == username)
    return int(rows[0]["id"])


@pytest.fixture
async def other(app_with: OtherAppFactory) -> AsyncIterator[OtherApp]:
    async with app_with(
        MFA_POLICY="admins",
        REQUIRE_EMAIL_VERIFICATION="false",
        SMTP_URL="smtp://127.0.0.1:1",
        MAIL_FROM="no-reply@example.com",
    ) as app:
        yield app


async def log_in(other: OtherApp, name: str, role: str, *, second_factor: bool = True) -> Actor:
    """Return a user with a role, whose session has proved a second factor."""
    actor = Actor(other.client, username=name, email=f"{name}@example.com")
    await actor.register()
    if second_factor:
        await SessionRow.raw(
            "UPDATE sessions SET amr = 'pwd otp', mfa_at = auth_time WHERE user_id = "
            "(SELECT id FROM users WHERE username = {})",
            name,
        )
    await actor.refresh()
    if role != "nothing":
        await give_role(name, role)
    return actor


async def test_each_caller_is_accepted_or_refused_as_the_tables_say(other: OtherApp) -> None:
    stale = await log_in(other, "stale", "administrator")
    await age_sessions(minutes=10)
    await stale.refresh()
    weak = await log_in(other, "weak", "administrator", second_factor=False)
    everything = frozenset({"*"})
    callers = {
        "anonymous": Caller(token=""),
        "weak administrator": Caller(weak.access_token, everything, has_second_factor=False),
        "stale administrator": Caller(stale.access_token, everything, is_recent=False),
    }
    for role, permissions in ROLES.items():
        actor = await log_in(other, f"user-{role}", role)
        callers[role] = Caller(actor.access_token, frozenset(permissions.split()))
    owner = KeyOwner(user_id=await user_id_of("user-administrator"))
    keys: dict[str, dict[str, Caller]] = {}
    for scope in {word for words in WITH_RIGHTS.values() for word in words.split() if ":" in word} | {OTHER_SCOPE}:
        personal = (await add_key(other.services, owner, scope)).raw
        machine = await add_service_account(f"machine-{len(keys)}")  # one account has at most 20 keys
        service = (await add_key(other.services, machine, scope)).raw
        keys[scope] = {
            f"personal key for {scope}": Caller(personal, frozenset({scope}), is_key=True),
            f"service key for {scope}": Caller(service, frozenset({scope}), is_key=True, is_personal=False),
        }
    supporter = KeyOwner(user_id=await user_id_of("user-support"))
    beyond = (await add_key(other.services, supporter, *keys)).raw
    callers["key with more scopes than rights"] = Caller(
        beyond, callers["support"].permissions | {"profile:read"}, is_key=True
    )

    wrong = []
    for route in WITH_RIGHTS:
        fitting = {name: key for word in WITH_RIGHTS[route].split() for name, key in keys.get(word, {}).items()}
        for name, caller in {**callers, **keys[OTHER_SCOPE], **fitting}.items():
            response = await send(stale, route, caller.token)
            code = response.json.get("error_code") if response.status >= 400 else None
            refusal, wanted = (code if code in REFUSALS else None), expected(route, caller)
            is_named = (
                wanted != "PERMISSION_DENIED" or response.json.get("required_permission", "?") in WITH_RIGHTS[route]
            )
            if refusal != wanted or not is_named or response.status >= 500:
                wrong.append((route, name, wanted, response.status, code))

    assert wrong == []
    assert len(WITH_RIGHTS) >= 47
