"""Record and list the users whose earlier access tokens must be refused."""

from dataclasses import dataclass
from datetime import datetime

from auth_api.roles.revoked_subjects import repository
from auth_api.roles.revoked_subjects.revoked_subject import RevokedSubject


@dataclass(frozen=True, slots=True)
class RevokedSubjects:
    """Users who were disabled or deleted, or lost a role.

    The routes of this server need no such list: they read the user and the roles at every request.
    """

    async def mark_revoked(self, user_id: int) -> None:
        """Let services that read the revocation feed refuse the tokens that the user has at present.

        Call it inside the flow's transaction, which has locked the user's row, and as late as possible: a token that is
        issued between this call and the commit may be refused too late.
        """
        await repository.upsert(user_id)

    async def newest(self, *, since: datetime, limit: int) -> list[RevokedSubject]:
        """Return the users who were revoked at or after a time, newest first."""
        return await repository.newest(since=since, limit=limit)
