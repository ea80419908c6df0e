"""Queries on passkeys. A passkey is found by the digest of its credential id, which is long."""

from collections.abc import Sequence
from typing import Final

from auth_api.credentials.passkeys.passkey import Passkey
from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.crypto.tokens import digest
from auth_api.kit.crypto.webauthn.credentials import CredentialState, RegisteredCredential
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import IN_IDS, id_set

_SELECT: Final = (
    "SELECT passkeys.id, user_id, webauthn_handle AS user_handle, name, credential_id, public_key, sign_count, "
    "backup_eligible, backed_up, transports, rp_id, passkeys.created_at, last_used_at "
    "FROM passkeys JOIN users ON users.id = user_id"
)


@circuit_breaker(service=SERVICE)
async def of_user(user_id: int) -> tuple[Passkey, ...]:
    """Return the passkeys of a user, newest first."""
    rows = await PasskeyRow.raw(f"{_SELECT} WHERE user_id = {{}} ORDER BY passkeys.id DESC", user_id)
    return tuple(Passkey(**row) for row in rows)


@circuit_breaker(service=SERVICE)
async def users_with_passkey(user_ids: Sequence[int], *, rp_id: str) -> set[int]:
    """Return which of these users have a passkey of a domain."""
    rows = await PasskeyRow.raw(
        f"SELECT user_id FROM passkeys WHERE user_id {IN_IDS} AND rp_id = {{}}", id_set(user_ids), rp_id
    )
    return {row["user_id"] for row in rows}


@circuit_breaker(service=SERVICE)
async def find(credential_id: str) -> Passkey | None:
    """Return the passkey with this credential id, of any user."""
    rows = await PasskeyRow.raw(f"{_SELECT} WHERE credential_digest = {{}}", digest(credential_id))
    return Passkey(**rows[0]) if rows else None


@circuit_breaker(service=SERVICE)
async def insert(user_id: int, registered: RegisteredCredential, *, name: str, rp_id: str) -> int | None:
    """Add a passkey and return its id; None if its credential id is registered, to any user."""
    rows = await PasskeyRow.raw(
        "INSERT INTO passkeys (user_id, name, credential_digest, credential_id, public_key, algorithm, sign_count, "
        "backup_eligible, backed_up, transports, aaguid, rp_id, created_at) "
        "VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, clock_timestamp()) "
        "ON CONFLICT (credential_digest) DO NOTHING RETURNING id",
        user_id,
        name,
        digest(registered.credential_id),
        registered.credential_id,
        registered.public_key,
        registered.algorithm,
        registered.sign_count,
        registered.backup_eligible,
        registered.backed_up,
        ",".join(registered.transports),
        registered.aaguid,
        rp_id,
    )
    return int(rows[0]["id"]) if rows else None


@circuit_breaker(service=SERVICE)
async def record_use(passkey_id: int, state: CredentialState) -> bool:
    """Store the state of a passkey after a use.

    Return False if it was removed, or if a concurrent use had the same or a greater counter. Counters of synchronized
    passkeys may decrease, because each device counts for itself (WebAuthn L3 §6.1.1).
    """
    rows = await PasskeyRow.raw(
        "UPDATE passkeys SET sign_count = {}, backed_up = {}, last_used_at = clock_timestamp() "
        "WHERE id = {} AND (backup_eligible OR sign_count < {} OR (sign_count = 0 AND {} = 0)) RETURNING id",
        state.sign_count,
        state.backed_up,
        passkey_id,
        state.sign_count,
        state.sign_count,
    )
    return bool(rows)


@circuit_breaker(service=SERVICE)
async def delete(passkey_id: int, *, user_id: int) -> bool:
    """Delete a passkey. Return False if the user has none with this id."""
    rows = await PasskeyRow.raw("DELETE FROM passkeys WHERE id = {} AND user_id = {} RETURNING id", passkey_id, user_id)
    return bool(rows)
