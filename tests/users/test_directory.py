"""The directory of users: each list has all of its users once, in order, on pages that do not overlap."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import pytest

from auth_api.kit.errors import ValidationException
from auth_api.kit.pagination import PageRequest, decode_cursor
from auth_api.services import Services
from auth_api.users.directory import UserDirectory, UserPage
from tests.support.rows import user_rows
from tests.support.stored_users import LONGEST_EMAIL, insert_users

NAMES: Final = ("ab_c", "ab.c", "ab-c", "ab", "abc", "ab%c", "a_b", "ba", "ab~", "abz", "b", "ab\\c", "a")


async def all_pages(of_page: Callable[[PageRequest], Awaitable[UserPage]], *, limit: int) -> list[str]:
    """Return the usernames on all pages of a list, in order."""
    names: list[str] = []
    after: str | None = None
    for _ in range(100):
        users, cursor = await of_page(PageRequest(limit, after))
        assert len(users) <= limit
        names += [user.username for user in users]
        if cursor is None:
            return names
        after = decode_cursor(cursor)
    pytest.fail("the list has no end")


async def test_prefix_lists_are_in_the_order_of_bytes_on_pages_of_any_size(services: Services) -> None:
    directory = UserDirectory(services.core.database)
    await insert_users(NAMES)

    for prefix in ("ab", "ab_", "ab%", "ab\\", "ab~", "a", "abzz", "~"):
        expected = sorted(name for name in NAMES if name.startswith(prefix))
        for limit in (1, 2, 100):
            found = await all_pages(partial(directory.with_username_prefix, prefix), limit=limit)
            assert found == expected, (prefix, limit)
            found = await all_pages(partial(directory.with_email_prefix, prefix), limit=limit)
            assert found == sorted(expected, key=lambda name: f"{name}@example.com"), (prefix, limit)


async def test_cursor_names_the_longest_email(services: Services) -> None:
    directory = UserDirectory(services.core.database)
    await insert_users([LONGEST_EMAIL, f"b{LONGEST_EMAIL[1:]}"])

    found = [await all_pages(partial(directory.with_email_prefix, prefix), limit=1) for prefix in ("a", "b", "")]

    assert len(LONGEST_EMAIL) == 254
    assert [len(names) for names in found] == [1, 1, 2]


async def test_newest_lists_have_their_users_and_no_others(services: Services) -> None:
    directory = UserDirectory(services.core.database)
    await insert_users(["anna", "berta", "cora"])
    await insert_users(["dora", "emma", "fred"], is_active=False)
    await insert_users(["gina", "hugo", "ivan"], is_verified=False)
    ids = {row["username"]: row["id"] for row in await user_rows()}

    for limit in (1, 2, 9):
        assert await all_pages(directory.newest, limit=limit) == sorted(ids, reverse=True)
        assert await all_pages(directory.disabled, limit=limit) == ["fred", "emma", "dora"]
        assert await all_pages(directory.unverified, limit=limit) == ["ivan", "hugo", "gina"]
    known = await directory.with_ids([ids["anna"], ids["ivan"], 2**63 - 1])
    assert [user.username for user in known] == ["ivan", "anna"]
    assert await directory.with_ids([]) == []


async def test_password_is_known_for_many_users_at_once(services: Services) -> None:
    directory = UserDirectory(services.core.database)
    await insert_users(["anna"])
    await insert_users(["berta"], hashed_password="$argon2id$…")
    ids = [row["id"] for row in await user_rows()]

    users = await directory.with_ids(ids)

    assert [(user.username, bool(user.has_password)) for user in users] == [("berta", True), ("anna", False)]


@pytest.mark.parametrize("after", ["b", "a", "", "ab\x00", "ab\n", "AB", "abä"])
async def test_cursor_of_another_list_is_refused(services: Services, after: str) -> None:
    directory = UserDirectory(services.core.database)

    for of_page in (
        directory.newest,
        partial(directory.with_username_prefix, "ab"),
        partial(directory.with_email_prefix, "ab"),
    ):
        with pytest.raises(ValidationException):
            await of_page(PageRequest(10, after))
