"""Collect the sessions and users whose access tokens must be refused before they expire."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from auth_api.flows.revocation_feed.metrics import RESPONSES
from auth_api.kit.errors import FieldError, ValidationException
from auth_api.roles.revoked_subjects.revoked_subject import RevokedSubject
from auth_api.roles.revoked_subjects.service import RevokedSubjects
from auth_api.sessions.principal import EndedSession
from auth_api.sessions.service import SessionService

MAX_ENTRIES: Final = 5_000
"""Sessions and users together."""

MIN_OVERLAP: Final = timedelta(seconds=60)

COMMIT_MARGIN: Final = timedelta(seconds=10)
"""Added to `REQUEST_TIMEOUT`: the rollback or commit of an aborted request may take longer than the request."""

_SECOND: Final = timedelta(seconds=1)


class Revocations(msgspec.Struct, frozen=True, kw_only=True):
    """The revocations of a period, newest first.

    Attributes:
        as_of: the time of the database at the start.
        all_issued_before: tokens that were issued before are refused, as there were more revocations; None if these
            are all.
    """

    as_of: datetime
    all_issued_before: datetime | None
    sessions: list[UUID]
    subjects: list[RevokedSubject]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationFeed:
    """Reads the revocations of the time in which access tokens live.

    Rows are dated before they are committed, and so appear late. Therefore each response also covers a time before the
    one that was asked for, which is longer than any request takes.

    Attributes:
        token_lifetime: the longest life of an access token.
        request_timeout: the longest time from the start of a request to its commit.
    """

    sessions: SessionService
    subjects: RevokedSubjects
    token_lifetime: timedelta
    request_timeout: timedelta

    @property
    def overlap(self) -> timedelta:
        """By how much a response begins earlier than it was asked to."""
        return max(MIN_OVERLAP, self.request_timeout + COMMIT_MARGIN)

    @property
    def window(self) -> timedelta:
        """For how long a revocation matters to a service that has read it."""
        return self.token_lifetime + self.overlap

    async def read(self, since: datetime | None) -> Revocations:
        """Return the revocations since a time, and those shortly before.

        Args:
            since: an aware datetime, `as_of` of an earlier response; None for all that matter.

        Raises:
            ValidationException: `since` is in the future.
        """
        as_of = await self.sessions.present_time()
        if since is not None and since > as_of:
            raise ValidationException([FieldError("since", "range", "Must not be in the future.")])
        start = max(since or as_of - self.token_lifetime, as_of - self.token_lifetime) - self.overlap
        limit = MAX_ENTRIES + 1
        entries: list[tuple[datetime, EndedSession | RevokedSubject]] = [
            *((each.ended_at, each) for each in await self.sessions.newest_ended(since=start, limit=limit)),
            *((each.issued_before, each) for each in await self.subjects.newest(since=start, limit=limit)),
        ]
        entries.sort(key=lambda entry: entry[0], reverse=True)
        is_truncated = len(entries) > MAX_ENTRIES
        newest = entries[:MAX_ENTRIES]
        RESPONSES["full" if since is None else "since", is_truncated].inc()
        return Revocations(
            as_of=as_of,
            all_issued_before=next_second(newest[-1][0]) if is_truncated else None,
            sessions=[each.id for _, each in newest if isinstance(each, EndedSession)],
            subjects=[each for _, each in newest if isinstance(each, RevokedSubject)],
        )


def next_second(moment: datetime) -> datetime:
    """Return the next whole second, as `iat` of a token is rounded down: it may be up to a second too early."""
    return moment.replace(microsecond=0) + _SECOND
