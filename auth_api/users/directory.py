"""Find users without reading more rows than the page has."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from auth_api.kit.db.database import Database
from auth_api.kit.pagination import PageRequest, before_id, invalid_cursor, split_page
from auth_api.users import directory_repository
from auth_api.users.user import User

UserPage = tuple[Sequence[User], str | None]
"""The users, and the cursor of the next page or None."""

_ID: Final = attrgetter("id")
_BEFORE_PRINTABLE: Final = "\x01"
_AFTER_PRINTABLE: Final = "\x7f"
"""Usernames and e-mail addresses are printable ASCII."""


@dataclass(frozen=True, slots=True)
class UserDirectory:
    """Finds users. All lists raise a ValidationException if the cursor belongs to another list."""

    database: Database

    async def newest(self, request: PageRequest) -> UserPage:
        """Return a page of all users, newest first."""
        rows = await directory_repository.newest(before=before_id(request), limit=request.limit + 1)
        return split_page(rows, request, _ID)

    async def disabled(self, request: PageRequest) -> UserPage:
        """Return a page of the disabled users, newest first."""
        rows = await directory_repository.newest_disabled(before=before_id(request), limit=request.limit + 1)
        return split_page(rows, request, _ID)

    async def unverified(self, request: PageRequest) -> UserPage:
        """Return a page of the users whose e-mail address is not verified, newest first."""
        rows = await directory_repository.newest_unverified(before=before_id(request), limit=request.limit + 1)
        return split_page(rows, request, _ID)

    async def with_ids(self, ids: Sequence[int]) -> Sequence[User]:
        """Return the users that have these ids, newest first."""
        return await directory_repository.with_ids(ids)

    async def with_username_prefix(self, prefix: str, request: PageRequest) -> UserPage:
        """Return a page of the users whose username begins with printable ASCII, in the order of its bytes."""
        rows = await directory_repository.by_username(
            *_bounds(prefix, request.after),
            limit=request.limit + 1,
            sorts_by_language=self.database.sorts_by_language,
        )
        return split_page(rows, request, lambda user: user.username)

    async def with_email_prefix(self, prefix: str, request: PageRequest) -> UserPage:
        """Return a page of the users whose e-mail address begins with printable ASCII, in the order of its bytes."""
        rows = await directory_repository.by_email(
            *_bounds(prefix, request.after),
            limit=request.limit + 1,
            sorts_by_language=self.database.sorts_by_language,
        )
        return split_page(rows, request, lambda user: user.email)


def _bounds(prefix: str, after: str | None) -> tuple[str, str]:
    """Return the first text of a page, and the first one that has another prefix.

    The cursor replaces the prefix as the lower bound: with two lower bounds, SQLite begins to read at the smaller one.
    """
    if after is not None and not (after.startswith(prefix) and after.isascii() and after.isprintable()):
        raise invalid_cursor()
    return prefix if after is None else after + _BEFORE_PRINTABLE, prefix + _AFTER_PRINTABLE
