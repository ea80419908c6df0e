"""Users that are in the database without having registered."""

from collections.abc import Iterable
from typing import Any, Final

from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.users.tables import UserRow

LONGEST_EMAIL: Final = f"{'a' * 64}@{'.'.join(['b' * 61, 'c' * 61, 'd' * 61])}.eee"
"""Of 254 characters, which RFC 5321 allows."""


async def insert_users(names: Iterable[str], **columns: Any) -> None:
    """Insert users, whatever the rules for usernames. A name with `@` is also the e-mail address."""
    for name in names:
        await UserRow.raw(
            "INSERT INTO users (username, email, hashed_password, is_active, email_verified_at, created_at, updated_at)"
            " VALUES ({}, {}, {}, {}, CASE WHEN {} THEN clock_timestamp() END, clock_timestamp(), clock_timestamp())",
            name[:50],
            name if "@" in name else f"{name}@example.com",
            columns.get("hashed_password", UNUSABLE_HASH),
            columns.get("is_active", True),
            columns.get("is_verified", True),
        )
