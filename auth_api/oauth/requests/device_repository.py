"""Queries on the requests of devices."""

from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import EPOCH_NOW, SECONDS_FROM_NOW
from auth_api.oauth.requests.repository import COLUMNS, to_request
from auth_api.oauth.requests.request import OAuthRequest, RequestKind, RequestParameters, RequestState
from auth_api.oauth.requests.tables import OAuthRequestRow

INTERVAL_INCREASE_SECONDS: Final = 5
"""What a device must wait longer after it has asked too early (RFC 8628 §3.5)."""

_MAX_INTERVAL_SECONDS: Final = 600


class NewDeviceRow(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a new row, without its times."""

    id: UUID
    client_id: int
    parameters: RequestParameters
    device_hash: str
    user_code_hash: str
    poll_interval: int
    ip_address: str | None
    user_agent: str | None


class PolledRequest(NamedTuple):
    """The request of a device, and whether it has expired."""

    request: OAuthRequest
    has_expired: bool


@circuit_breaker(service=SERVICE)
async def insert(row: NewDeviceRow, lifetime: timedelta) -> bool:
    """Add a request. Return False if another one has the same user code."""
    rows = await OAuthRequestRow.raw(
        "INSERT INTO oauth_requests (created_at, expires_at, step, id, kind, client_id, parameters, state, "
        "device_hash, user_code_hash, poll_interval, ip_address, user_agent) "
        f"VALUES (clock_timestamp(), {SECONDS_FROM_NOW}, 0, {{}}, {{}}, {{}}, {{}}, {{}}, {{}}, {{}}, {{}}, {{}}, "
        "{}) ON CONFLICT (user_code_hash) DO NOTHING RETURNING id",
        lifetime.total_seconds(),
        row.id,
        RequestKind.DEVICE.value,
        row.client_id,
        msgspec.json.encode(row.parameters).decode(),
        RequestState.OPEN.value,
        row.device_hash,
        row.user_code_hash,
        row.poll_interval,
        row.ip_address,
        row.user_agent,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def bind(user_code_hash: str, *, public_hash: str, binding_hash: str) -> bool:
    """Bind an open request to the browser in which its user code was entered. Return False if it is another one's."""
    rows = await OAuthRequestRow.raw(
        "UPDATE oauth_requests SET public_hash = {}, binding_hash = {}, step = step + 1 "
        "WHERE user_code_hash = {} AND state = {} AND expires_at > clock_timestamp() "
        "AND (binding_hash IS NULL OR binding_hash = {}) RETURNING id",
        public_hash,
        binding_hash,
        user_code_hash,
        RequestState.OPEN.value,
        binding_hash,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def poll(device_hash: str, client_id: int) -> PolledRequest | None:
    """Return the request of a device in any state; None if the device asks too early, or if there is none."""
    rows = await OAuthRequestRow.raw(
        "UPDATE oauth_requests SET polled_at = clock_timestamp() WHERE device_hash = {} AND client_id = {} "
        f"AND (polled_at IS NULL OR date_part('epoch', polled_at) + poll_interval <= {EPOCH_NOW}) "
        f"RETURNING {COLUMNS}, expires_at <= clock_timestamp() AS has_expired",
        device_hash,
        client_id,
    )
    has_expired = bool(rows and rows[0].pop("has_expired"))
    request = to_request(rows)
    return None if request is None else PolledRequest(request, has_expired)


@circuit_breaker(service=SERVICE)
async def slow_down(device_hash: str, client_id: int) -> bool:
    """Let a device that asked too early wait longer from now on. Return False if it is unknown."""
    rows = await OAuthRequestRow.raw(
        "UPDATE oauth_requests SET polled_at = clock_timestamp(), "
        "poll_interval = CASE WHEN poll_interval < {} THEN poll_interval + {} ELSE poll_interval END "
        "WHERE device_hash = {} AND client_id = {} RETURNING id",
        _MAX_INTERVAL_SECONDS,
        INTERVAL_INCREASE_SECONDS,
        device_hash,
        client_id,
    )
    return bool(rows)
