"""Queries on invitations."""

from collections.abc import Sequence
from typing import Any, Final

from piccolo.columns.combination import WhereRaw
from piccolo.querystring import QueryString

from auth_api.flows.invitations.invitation import Invitation
from auth_api.flows.invitations.invitation_filter import InvitationFilter
from auth_api.flows.invitations.tables import InvitationRow
from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.users.identifiers import CanonicalEmail

_IS_EXPIRED: Final = "expires_at <= clock_timestamp()"

_COLUMNS: Final = (
    "id, email, roles, locale, invited_by, token_hash, mails, created_at, expires_at, accepted_at, accepted_by, "
    f"revoked_at, {_IS_EXPIRED} AS is_expired"
)

_IS_PENDING: Final = "accepted_at IS NULL AND revoked_at IS NULL AND expires_at > clock_timestamp()"


@circuit_breaker(service=SERVICE)
async def names_role(role: str) -> bool:
    """Return whether a pending invitation names a role. The name contains no wildcard of LIKE."""
    condition = f"% {role} %"
    rows = await InvitationRow.raw(
        f"SELECT 1 AS one FROM invitations WHERE ' ' || roles || ' ' LIKE {{}} AND {_IS_PENDING} LIMIT 1", condition
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def lock_all() -> None:
    """Let no other transaction add an invitation until the end of this one. Only for PostgreSQL."""
    await InvitationRow.raw("LOCK TABLE invitations IN SHARE ROW EXCLUSIVE MODE")


@circuit_breaker(service=SERVICE)
async def insert(
    email: CanonicalEmail, *, roles: Sequence[str], locale: str | None, invited_by: str, lifetime: float
) -> Invitation:
    """Add an invitation for `lifetime` seconds, whose first mail is about to be stored."""
    rows = await InvitationRow.raw(
        "INSERT INTO invitations (email, roles, locale, invited_by, mails, expires_at, created_at) "
        "SELECT {}, {}, {}, {}, 1, timestamptz_pl_interval(now, make_interval(0, 0, 0, 0, 0, 0, {})), now "
        f"FROM (SELECT clock_timestamp() AS now) AS clock RETURNING {_COLUMNS}",
        email,
        " ".join(roles),
        locale,
        invited_by,
        lifetime,
    )
    return _invitation(rows[0])


@circuit_breaker(service=SERVICE)
async def count_pending(invited_by: str, *, limit: int) -> int:
    """Return the number of pending invitations of an inviter, at most `limit`."""
    rows = await InvitationRow.raw(
        "SELECT count(*) AS pending FROM ("
        f"SELECT id FROM invitations WHERE invited_by = {{}} AND {_IS_PENDING} LIMIT {{}}) AS found",
        invited_by,
        limit,
    )
    return int(rows[0]["pending"])


@circuit_breaker(service=SERVICE)
async def find(invitation_id: int) -> Invitation | None:
    """Return an invitation in any state, or None if there is none with this id."""
    return _first(await InvitationRow.raw(f"SELECT {_COLUMNS} FROM invitations WHERE id = {{}}", invitation_id))


@circuit_breaker(service=SERVICE)
async def find_pending(token_hash: str) -> Invitation | None:
    """Return the pending invitation whose last mail contains the token with this digest."""
    return _first(
        await InvitationRow.raw(
            f"SELECT {_COLUMNS} FROM invitations WHERE token_hash = {{}} AND {_IS_PENDING}", token_hash
        )
    )


@circuit_breaker(service=SERVICE)
async def lock_pending(invitation_id: int) -> Invitation | None:
    """Lock an invitation until the end of the transaction. Return None if it is not pending."""
    return _first(
        await InvitationRow.raw(
            f"UPDATE invitations SET mails = mails WHERE id = {{}} AND {_IS_PENDING} RETURNING {_COLUMNS}",
            invitation_id,
        )
    )


@circuit_breaker(service=SERVICE)
async def begin_mail(invitation_id: int) -> int:
    """Count another mail of an invitation, and forget the token of the earlier ones. Return the number of the mail."""
    rows = await InvitationRow.raw(
        "UPDATE invitations SET mails = mails + 1, token_hash = NULL WHERE id = {} RETURNING mails", invitation_id
    )
    return int(rows[0]["mails"])


@circuit_breaker(service=SERVICE)
async def set_token(invitation_id: int, token_hash: str, *, mail: int) -> bool:
    """Store the digest of the token in a mail. Return False if the invitation is not pending, or has a later mail."""
    rows = await InvitationRow.raw(
        f"UPDATE invitations SET token_hash = {{}} WHERE id = {{}} AND mails = {{}} AND {_IS_PENDING} RETURNING id",
        token_hash,
        invitation_id,
        mail,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def accept(token_hash: str, user_id: int) -> bool:
    """Mark the pending invitation with this token as accepted: of any number of concurrent callers, one succeeds."""
    rows = await InvitationRow.raw(
        "UPDATE invitations SET accepted_at = clock_timestamp(), accepted_by = {} "
        f"WHERE token_hash = {{}} AND {_IS_PENDING} RETURNING id",
        user_id,
        token_hash,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def revoke(invitation_id: int) -> bool:
    """Mark an invitation as revoked. Return False if it was not pending."""
    rows = await InvitationRow.raw(
        f"UPDATE invitations SET revoked_at = clock_timestamp() WHERE id = {{}} AND {_IS_PENDING} RETURNING id",
        invitation_id,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def newest(conditions: InvitationFilter, *, before: int, limit: int) -> list[Invitation]:
    """Return invitations with ids below `before`, newest first."""
    found = InvitationRow.select(*InvitationRow.all_columns(), QueryString(f"{_IS_EXPIRED} AS is_expired"))
    found = found.where(InvitationRow.id < before).order_by(InvitationRow.id, ascending=False).limit(limit)
    if conditions.email is not None:
        found = found.where(InvitationRow.email == conditions.email)
    if conditions.is_pending:
        found = found.where(WhereRaw(_IS_PENDING))
    return [_invitation(row) for row in await found]


@circuit_breaker(service=SERVICE)
async def sent_by(actor: str, *, limit: int) -> list[Invitation]:
    """Return the invitations of an inviter, newest first."""
    rows = await InvitationRow.raw(
        f"SELECT {_COLUMNS} FROM invitations WHERE invited_by = {{}} ORDER BY id DESC LIMIT {{}}", actor, limit
    )
    return [_invitation(row) for row in rows]


@circuit_breaker(service=SERVICE)
async def delete_received(user_id: int) -> None:
    """Delete the invitations to the e-mail address of a user."""
    await InvitationRow.raw("DELETE FROM invitations WHERE email = (SELECT email FROM users WHERE id = {})", user_id)


def _first(rows: list[dict[str, Any]]) -> Invitation | None:
    return _invitation(rows[0]) if rows else None


def _invitation(row: dict[str, Any]) -> Invitation:
    return Invitation(**{**row, "roles": tuple(row["roles"].split()), "is_expired": bool(row["is_expired"])})
