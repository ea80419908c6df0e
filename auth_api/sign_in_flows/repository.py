"""Queries on sign-ins that lead through another site."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import SECONDS_FROM_NOW
from auth_api.sign_in_flows.flow import CODE_LIFETIME, Flow, FlowPurpose, FlowStage
from auth_api.sign_in_flows.tables import SignInFlowRow

_COLUMNS: Final = (
    "id, stage, purpose, created_at, provider, user_id, session_id, return_to, continue_path, challenge, key_id, "
    "error_code, evidence"
)

_IS_VALID: Final = "expires_at > clock_timestamp()"


class NewRow(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a new row, without its times."""

    stage: FlowStage
    purpose: FlowPurpose
    provider: str | None = None
    user_id: int | None = None
    session_id: UUID | None = None
    state_hash: str | None = None
    browser_hash: str | None = None
    code_hash: str | None = None
    secret_hash: str | None = None
    challenge: str | None = None
    return_to: str | None = None
    continue_path: str | None = None
    key_id: str | None = None
    error_code: str | None = None
    evidence: Mapping[str, Any] | None = None


@circuit_breaker(service=SERVICE)
async def insert(row: NewRow, lifetime: timedelta) -> None:
    """Add a flow."""
    await SignInFlowRow.raw(
        "INSERT INTO sign_in_flows (created_at, expires_at, stage, purpose, provider, user_id, session_id, state_hash, "
        "browser_hash, code_hash, secret_hash, challenge, return_to, continue_path, key_id, error_code, evidence) "
        f"VALUES (clock_timestamp(), {SECONDS_FROM_NOW}, {{}}, {{}}, {{}}, {{}}, {{}}, {{}}, {{}}, {{}}, {{}}, {{}}, "
        "{}, {}, {}, {}, {})",
        lifetime.total_seconds(),
        row.stage.value,
        row.purpose.value,
        row.provider,
        row.user_id,
        row.session_id,
        row.state_hash,
        row.browser_hash,
        row.code_hash,
        row.secret_hash,
        row.challenge,
        row.return_to,
        row.continue_path,
        row.key_id,
        row.error_code,
        _encoded(row.evidence),
    )


@circuit_breaker(service=SERVICE)
async def take(state_hash: str, browser_hash: str, provider: str) -> Flow | None:
    """Mark a started flow as taken, and return it: of any number of concurrent callers, only one gets it.

    The others wait for its result no longer than for that of any flow, in case it cannot be stored.
    """
    return _flow(
        await SignInFlowRow.raw(
            f"UPDATE sign_in_flows SET stage = {{}}, expires_at = {SECONDS_FROM_NOW} WHERE state_hash = {{}} "
            f"AND browser_hash = {{}} AND provider = {{}} AND stage = {{}} AND {_IS_VALID} RETURNING {_COLUMNS}",
            FlowStage.TAKEN.value,
            CODE_LIFETIME.total_seconds(),
            state_hash,
            browser_hash,
            provider,
            FlowStage.STARTED.value,
        )
    )


@circuit_breaker(service=SERVICE)
async def finish(
    flow_id: int,
    *,
    stage: FlowStage,
    code_hash: str | None = None,
    error_code: str | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> None:
    """Store how a taken flow has ended. It is unchanged if it has been deleted."""
    await SignInFlowRow.raw(
        "UPDATE sign_in_flows SET stage = {}, code_hash = {}, error_code = {}, evidence = {}, "
        f"expires_at = {SECONDS_FROM_NOW} WHERE id = {{}} AND stage = {{}}",
        stage.value,
        code_hash,
        error_code,
        _encoded(evidence),
        CODE_LIFETIME.total_seconds(),
        flow_id,
        FlowStage.TAKEN.value,
    )


@circuit_breaker(service=SERVICE)
async def find(state_hash: str, browser_hash: str) -> Flow | None:
    """Return the flow of a state, in any stage."""
    return _flow(
        await SignInFlowRow.raw(
            f"SELECT {_COLUMNS} FROM sign_in_flows WHERE state_hash = {{}} AND browser_hash = {{}} AND {_IS_VALID}",
            state_hash,
            browser_hash,
        )
    )


@circuit_breaker(service=SERVICE)
async def find_code(code_hash: str, challenge: str, purpose: FlowPurpose) -> Flow | None:
    """Return the proved flow of a code, whose verifier has this challenge."""
    return _flow(
        await SignInFlowRow.raw(
            f"SELECT {_COLUMNS} FROM sign_in_flows "
            f"WHERE code_hash = {{}} AND challenge = {{}} AND purpose = {{}} AND stage = {{}} AND {_IS_VALID}",
            code_hash,
            challenge,
            purpose.value,
            FlowStage.PROVED.value,
        )
    )


@circuit_breaker(service=SERVICE)
async def find_secret(secret_hash: str, stage: FlowStage) -> Flow | None:
    """Return the flow of a sign-up or link token."""
    return _flow(
        await SignInFlowRow.raw(
            f"SELECT {_COLUMNS} FROM sign_in_flows WHERE secret_hash = {{}} AND stage = {{}} AND {_IS_VALID}",
            secret_hash,
            stage.value,
        )
    )


@circuit_breaker(service=SERVICE)
async def claim(flow_id: int, stage: FlowStage) -> bool:
    """Delete a flow that is still in this stage: of any number of concurrent callers, only one gets True."""
    rows = await SignInFlowRow.raw(
        f"DELETE FROM sign_in_flows WHERE id = {{}} AND stage = {{}} AND {_IS_VALID} RETURNING id",
        flow_id,
        stage.value,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def claim_link(secret_hash: str, user_id: int) -> Flow | None:
    """Delete the flow of a link token of this user, and return it: only one of concurrent callers gets it."""
    return _flow(
        await SignInFlowRow.raw(
            f"DELETE FROM sign_in_flows WHERE secret_hash = {{}} AND user_id = {{}} AND stage = {{}} AND {_IS_VALID} "
            f"RETURNING {_COLUMNS}",
            secret_hash,
            user_id,
            FlowStage.LINK.value,
        )
    )


@circuit_breaker(service=SERVICE)
async def end_all(user_id: int) -> None:
    """Delete all flows of a user."""
    await SignInFlowRow.raw("DELETE FROM sign_in_flows WHERE user_id = {}", user_id)


def _encoded(evidence: Mapping[str, Any] | None) -> str | None:
    return None if evidence is None else msgspec.json.encode(evidence).decode()


def _flow(rows: list[dict[str, Any]]) -> Flow | None:
    if not rows:
        return None
    row = rows[0]
    return Flow(
        **{
            **row,
            "stage": FlowStage(row["stage"]),
            "purpose": FlowPurpose(row["purpose"]),
            "evidence": msgspec.json.decode(row["evidence"]) if row["evidence"] else None,
        }
    )
