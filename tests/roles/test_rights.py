"""Rights contain each other as sets do, except that `*` contains all permissions and is contained only in itself."""

import pytest

from auth_api.roles.built_in import ADMINISTRATOR, BUILT_IN_ROLES
from auth_api.roles.errors import RankTooLowException, SelfChangeRefusedException
from auth_api.roles.granted import Granted, role_names
from auth_api.roles.permissions import (
    BUILT_IN,
    EVERYTHING,
    RESERVED_AREAS,
    is_administrative,
    is_well_formed,
)
from auth_api.roles.rights import OPERATOR, Authority, Rights

pytestmark = pytest.mark.engine_independent

NOTHING = Rights()
READ = Rights.of(["users:read"])
BOTH = Rights.of(["users:read", "users:write"])
ALL = Rights.of([EVERYTHING])


def test_rights_contain_subsets_only() -> None:
    for larger, smaller in ((BOTH, READ), (READ, NOTHING), (ALL, BOTH), (ALL, NOTHING)):
        assert larger.contains(smaller)
        assert larger.contains(larger)
        assert not smaller.contains(larger)


def test_only_everything_contains_everything() -> None:
    every_permission = Rights.of(BUILT_IN)

    assert not every_permission.contains(ALL)
    assert ALL.contains(every_permission)
    assert ALL.has("orders:write")
    assert not every_permission.has("orders:write")
    assert ALL.union(READ).names == ["*"]


def test_authority_refuses_more_rights_and_the_own_account() -> None:
    authority = Authority(rights=READ, user_id=7)

    authority.check_rank(READ)
    authority.check_other(8)
    with pytest.raises(RankTooLowException) as refused:
        authority.check_rank(BOTH)
    assert refused.value.members == {"required_permission": "users:write"}
    with pytest.raises(RankTooLowException) as refused:
        Authority(rights=BOTH).check_rank(ALL)
    assert refused.value.members == {"required_permission": "*"}
    with pytest.raises(SelfChangeRefusedException):
        authority.check_other(7)
    OPERATOR.check_rank(ALL)
    OPERATOR.check_other(7)


async def test_confirmed_authority_has_only_rights_of_then_and_now() -> None:
    write, delete = Rights.of(["users:write"]), Rights.of(["users:delete", "users:read"])
    for then, now, both in ((ALL, BOTH, BOTH), (READ, ALL, READ), (BOTH, delete, READ), (write, delete, NOTHING)):

        async def reload(rights: Rights = now) -> Rights:
            return rights

        assert (await Authority(rights=then, confirm=reload).confirmed()).rights == both
    assert await OPERATOR.confirmed() is OPERATOR


def test_roles_of_a_statement_are_parsed() -> None:
    granted = Granted.parse("support users:read users:reset|auditor users:read audit:read|empty ")

    assert granted.roles == ("auditor", "empty", "support")
    assert granted.rights.names == ["audit:read", "users:read", "users:reset"]
    assert Granted.parse(None) == Granted()
    assert role_names("support auditor") == ("auditor", "support")
    assert role_names(None) == ()


def test_names_of_permissions_have_two_or_three_parts() -> None:
    for name in ("orders:read", "a:b", "orders:lines:read", "a-1:b-2", "a" * 31 + ":" + "b" * 31):
        assert is_well_formed(name), name
    for name in (
        "orders",
        "Orders:read",
        "orders:",
        ":read",
        "1a:b",
        "a:b:c:d",
        "a:b\n",
        "a" * 32 + ":b",
        "a_b:c",
        "*",
    ):
        assert not is_well_formed(name), name
    assert not is_well_formed(":".join(["a" * 31] * 3))


def test_built_in_permissions_are_well_formed_and_reserved() -> None:
    assert [name for name in BUILT_IN if not is_well_formed(name) or name.split(":")[0] not in RESERVED_AREAS] == []


def test_permissions_with_power_over_others_are_administrative() -> None:
    harmless = {name for name in BUILT_IN if not is_administrative([name])}

    assert harmless == {"access:check", "profile:read", "revocations:read"}
    assert is_administrative([EVERYTHING])
    assert is_administrative(["orders:read", "users:read"])
    assert not is_administrative(["orders:read"])


def test_only_the_administrator_can_take_accounts_over() -> None:
    taking_over = {"users:credentials", "users:delete", "roles:assign", "roles:write", "service-accounts:write"}

    for name, role in BUILT_IN_ROLES.items():
        rights = Rights.of(role.permissions)
        assert {each for each in taking_over if rights.has(each)} == (taking_over if name == ADMINISTRATOR else set())
