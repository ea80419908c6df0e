"""Queries on requests of applications. Each change is one conditional statement: of two callers, one succeeds."""

from typing import Any, Final
from uuid import UUID

import msgspec

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import SECONDS_FROM_NOW
from auth_api.oauth.requests.request import (
    CODE_LIFETIME,
    REQUEST_LIFETIME,
    Decider,
    OAuthRequest,
    RequestKind,
    RequestParameters,
    RequestState,
)
from auth_api.oauth.requests.tables import OAuthRequestRow

COLUMNS: Final = (
    "id, kind, client_id, parameters, state, step, user_id, session_id, grant_id, created_at, ip_address, user_agent"
)

_IS_AS_READ: Final = "id = {} AND state = {} AND step = {} AND expires_at > clock_timestamp()"

_IS_REDEEMABLE: Final = (
    "((state = 'code' AND code_expires_at > clock_timestamp()) OR "
    "(kind = 'device' AND state = 'approved' AND expires_at > clock_timestamp()))"
)


class NewRow(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a new row, without its times."""

    id: UUID
    kind: RequestKind
    client_id: int | None
    parameters: RequestParameters
    state: RequestState = RequestState.OPEN
    public_hash: str | None = None
    binding_hash: str | None = None
    decider: Decider | None = None
    code_hash: str | None = None


@circuit_breaker(service=SERVICE)
async def insert(row: NewRow) -> None:
    """Add a request."""
    await OAuthRequestRow.raw(
        "INSERT INTO oauth_requests (created_at, expires_at, code_expires_at, id, kind, client_id, parameters, state, "
        "step, public_hash, binding_hash, user_id, session_id, code_hash) "
        f"VALUES (clock_timestamp(), {SECONDS_FROM_NOW}, {SECONDS_FROM_NOW}, {{}}, {{}}, {{}}, {{}}, {{}}, 0, {{}}, "
        "{}, {}, {}, {})",
        REQUEST_LIFETIME.total_seconds(),
        CODE_LIFETIME.total_seconds() if row.code_hash else None,
        row.id,
        row.kind.value,
        row.client_id,
        msgspec.json.encode(row.parameters).decode(),
        row.state.value,
        row.public_hash,
        row.binding_hash,
        row.decider and row.decider.user_id,
        row.decider and row.decider.session_id,
        row.code_hash,
    )


@circuit_breaker(service=SERVICE)
async def find(public_hash: str, binding_hash: str) -> OAuthRequest | None:
    """Return the request of a browser that has not expired, in any state."""
    return to_request(
        await OAuthRequestRow.raw(
            f"SELECT {COLUMNS} FROM oauth_requests "
            "WHERE public_hash = {} AND binding_hash = {} AND expires_at > clock_timestamp()",
            public_hash,
            binding_hash,
        )
    )


@circuit_breaker(service=SERVICE)
async def bind(public_hash: str, binding_hash: str) -> OAuthRequest | None:
    """Bind a request to the first browser that asks for it, and return it; None if it is bound already."""
    return to_request(
        await OAuthRequestRow.raw(
            "UPDATE oauth_requests SET binding_hash = {}, step = step + 1 "
            "WHERE public_hash = {} AND binding_hash IS NULL AND expires_at > clock_timestamp() "
            f"RETURNING {COLUMNS}",
            binding_hash,
            public_hash,
        )
    )


@circuit_breaker(service=SERVICE)
async def assign(request: OAuthRequest, user_id: int) -> OAuthRequest | None:
    """Store the user who is asked; None if the request has changed meanwhile."""
    return to_request(
        await OAuthRequestRow.raw(
            f"UPDATE oauth_requests SET user_id = {{}}, step = step + 1 WHERE {_IS_AS_READ} RETURNING {COLUMNS}",
            user_id,
            request.id,
            request.state.value,
            request.step,
        )
    )


@circuit_breaker(service=SERVICE)
async def change(
    request: OAuthRequest, state: RequestState, *, decider: Decider | None = None, code_hash: str | None = None
) -> bool:
    """Give a request another state, if it is unchanged since it was read. Its user code no longer works.

    Args:
        request: as it was read.
        state: the new one.
        decider: who has decided; None to keep it.
        code_hash: of the new code; None if there is none.
    """
    rows = await OAuthRequestRow.raw(
        "UPDATE oauth_requests SET state = {}, step = step + 1, user_code_hash = NULL, code_hash = {}, "
        f"code_expires_at = {SECONDS_FROM_NOW}, user_id = COALESCE({{}}, user_id), "
        f"session_id = COALESCE({{}}, session_id) WHERE {_IS_AS_READ} RETURNING id",
        state.value,
        code_hash,
        CODE_LIFETIME.total_seconds() if code_hash else None,
        decider and decider.user_id,
        decider and decider.session_id,
        request.id,
        request.state.value,
        request.step,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def find_code(code_hash: str) -> OAuthRequest | None:
    """Return the request of a code, expired and redeemed ones, too."""
    return to_request(
        await OAuthRequestRow.raw(f"SELECT {COLUMNS} FROM oauth_requests WHERE code_hash = {{}}", code_hash)
    )


@circuit_breaker(service=SERVICE)
async def claim(request_id: UUID, grant_id: UUID) -> bool:
    """Mark a request as redeemed, if its code, or the approval of a device, is valid."""
    rows = await OAuthRequestRow.raw(
        "UPDATE oauth_requests SET state = 'redeemed', step = step + 1, grant_id = {} "
        f"WHERE id = {{}} AND {_IS_REDEEMABLE} RETURNING id",
        grant_id,
        request_id,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def delete_approved(user_id: int, client_id: int | None) -> None:
    """Delete what a user has approved for an application, or for any, and what has not been redeemed."""
    await OAuthRequestRow.raw(
        "DELETE FROM oauth_requests WHERE user_id = {} AND state IN ('approved', 'code') "
        "AND client_id = COALESCE(CAST({} AS bigint), client_id)",
        user_id,
        client_id,
    )


def to_request(rows: list[dict[str, Any]]) -> OAuthRequest | None:
    """Return the request in the first row with `COLUMNS`."""
    if not rows:
        return None
    row = rows[0]
    return OAuthRequest(
        **{
            **row,
            "kind": RequestKind(row["kind"]),
            "state": RequestState(row["state"]),
            "parameters": msgspec.json.decode(row["parameters"], type=RequestParameters),
        }
    )
