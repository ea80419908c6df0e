"""The decision whether a caller may use a route: network, kind of credential, permission, proof of identity."""

from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import pytest

from auth_api.authentication.caller import Caller
from auth_api.authentication.decision import Decision
from auth_api.authentication.errors import SessionRequiredException
from auth_api.kit.errors import ApplicationException, NotFoundException
from auth_api.kit.http.access import Access, administration, permitted
from auth_api.kit.http.errors import PermissionDeniedException
from auth_api.roles.granted import Granted
from auth_api.roles.rights import Rights
from auth_api.sessions.errors import TokenRevokedException
from auth_api.sessions.principal import GrantedPrincipal
from auth_api.sign_in.errors import StepUpRequiredException
from auth_api.users.errors import UserNotFoundException
from auth_api.users.user import User

pytestmark = pytest.mark.engine_independent

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


class RecordedFreshness:
    """Refuses weak and old proofs as it is told, and records what it was asked."""

    def __init__(self, *, is_weak: bool = False, is_old: bool = False) -> None:
        self.is_weak, self.is_old = is_weak, is_old
        self.asked: list[str] = []

    async def require_level(self, _principal: Any, level: str, *, now: datetime) -> None:
        assert now == NOW
        self.asked.append(level)
        if self.is_weak:
            raise StepUpRequiredException

    async def require(self, _principal: Any) -> None:
        self.asked.append("recent")
        if self.is_old:
            raise StepUpRequiredException


def user() -> User:
    fields = dict.fromkeys(User.__struct_fields__)
    return User(**{**fields, "id": 7, "username": "ada", "is_active": True})  # type: ignore[arg-type] # not read here


def session_of(*permissions: str) -> Caller:
    rights = Rights.of(permissions)
    principal = GrantedPrincipal(
        user=user(), session_id=UUID(int=1), auth_time=NOW, amr=("pwd",), granted=Granted(rights=rights), now=NOW
    )
    return Caller.of_session(principal)


def key_of(*permissions: str, is_personal: bool) -> Caller:
    owner: dict[str, Any] = {"user": user()} if is_personal else {"service_account_id": 3}
    return Caller(**owner, key_id=5, rights=Rights.of(permissions), now=NOW)


READ = administration("users:read", accepts_key=True)
SENSITIVE = administration("users:delete", accepts_key=True, needs_recent_proof=True)
PEOPLE_ONLY = administration("roles:write", needs_recent_proof=True)
CHECK = permitted("access:check", accepts_key=True)


async def outcome(
    access: Access, caller: Caller, freshness: RecordedFreshness | None = None, *, needs_second_factor: bool = True
) -> type[ApplicationException] | None:
    decision = Decision(
        networks=(),
        freshness=freshness or RecordedFreshness(),  # type: ignore[arg-type] # the methods that it calls
        needs_second_factor=needs_second_factor,
    )
    try:
        await decision.check(access, caller)
    except ApplicationException as error:
        return type(error)
    return None


async def test_permission_decides() -> None:
    for caller in (session_of("users:read"), session_of("*"), key_of("users:read", is_personal=True)):
        assert await outcome(READ, caller) is None
    for caller in (session_of(), session_of("users:write"), key_of("access:check", is_personal=False)):
        assert await outcome(READ, caller) is PermissionDeniedException


async def test_missing_permission_is_named() -> None:
    with pytest.raises(PermissionDeniedException) as raised:
        await Decision(networks=(), freshness=RecordedFreshness(), needs_second_factor=False).check(  # type: ignore[arg-type] # as above
            READ, session_of()
        )

    assert raised.value.members == {"required_permission": "users:read"}


async def test_keys_are_refused_where_only_sessions_are_accepted() -> None:
    for is_personal in (True, False):
        caller = key_of("roles:write", is_personal=is_personal)
        assert await outcome(PEOPLE_ONLY, caller) is SessionRequiredException
        assert await outcome(Access(accepts_session=True, loads_rights=True), caller) is SessionRequiredException


async def test_personal_keys_do_not_prove_identity() -> None:
    assert await outcome(SENSITIVE, key_of("users:delete", is_personal=True)) is SessionRequiredException
    assert await outcome(SENSITIVE, key_of("users:delete", is_personal=False)) is None


async def test_kind_of_credential_comes_before_permission_and_permission_before_proof() -> None:
    weak = RecordedFreshness(is_weak=True, is_old=True)

    assert await outcome(PEOPLE_ONLY, key_of(is_personal=True), weak) is SessionRequiredException
    assert await outcome(SENSITIVE, session_of(), weak) is PermissionDeniedException
    assert weak.asked == []
    assert await outcome(SENSITIVE, session_of("*"), weak) is StepUpRequiredException


async def test_users_of_the_admin_api_need_a_second_factor_by_policy() -> None:
    weak = RecordedFreshness(is_weak=True)

    assert await outcome(READ, session_of("users:read"), weak) is StepUpRequiredException
    assert await outcome(READ, session_of("users:read"), weak, needs_second_factor=False) is None
    assert await outcome(CHECK, session_of("access:check"), weak) is None
    assert await outcome(READ, key_of("users:read", is_personal=True), weak) is None
    assert weak.asked == ["aal2"]


async def test_sensitive_routes_need_a_recent_proof_of_users() -> None:
    old = RecordedFreshness(is_old=True)

    assert await outcome(SENSITIVE, session_of("users:delete"), old) is StepUpRequiredException
    assert await outcome(READ, session_of("users:read"), old) is None
    assert old.asked == ["aal2", "recent", "aal2"]


def test_admin_api_is_hidden_from_other_networks() -> None:
    decision = Decision(
        networks=[ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")],
        freshness=RecordedFreshness(),  # type: ignore[arg-type] # not called
        needs_second_factor=False,
    )

    for client_ip in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1"):
        decision.check_network(READ, client_ip)
    unknown: tuple[str | None, ...] = ("192.0.2.1", "2001:db9::1", None)
    for other in unknown:
        decision.check_network(CHECK, other)
        with pytest.raises(NotFoundException):
            decision.check_network(READ, other)


async def test_caller_who_is_deleted_meanwhile_has_no_session() -> None:
    class Gone(RecordedFreshness):
        async def require(self, _principal: Any) -> None:
            raise UserNotFoundException

    decision = Decision(networks=(), freshness=Gone(), needs_second_factor=False)  # type: ignore[arg-type] # only what is asked

    with pytest.raises(TokenRevokedException):
        await decision.check(SENSITIVE, session_of("users:delete"))
