"""Creates, lists and revokes API keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from auth_api.credentials.api_keys import repository
from auth_api.credentials.api_keys.api_key import ApiKey, CreatedKey, KeyOwner, NewKey
from auth_api.credentials.api_keys.errors import KeyNotFoundException
from auth_api.credentials.api_keys.events import ApiKeyEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.crypto.api_keys import hint_of, new_api_key
from auth_api.kit.db.database import Database
from auth_api.kit.errors import LimitReachedException
from auth_api.kit.pagination import PageRequest, invalid_cursor, split_page
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.access_events import AccessEvent

MAX_KEYS_OF_USER: Final = 50
MAX_KEYS_OF_SERVICE_ACCOUNT: Final = 20

REVOKED: Final = "revoked"
"""The reason of keys that were revoked one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeys:
    """The keys of users and of service accounts. Callers have checked whether the change is allowed."""

    database: Database
    audit: AuditTrail

    async def create(self, owner: KeyOwner, new: NewKey, request_context: RequestContext) -> CreatedKey:
        """Create a key inside the transaction of the flow, which has locked the row of the owner.

        Raises:
            LimitReachedException: the owner has as many live keys as allowed.
        """
        live = await repository.live_scopes(owner)
        if len(live) >= (MAX_KEYS_OF_SERVICE_ACCOUNT if owner.user_id is None else MAX_KEYS_OF_USER):
            raise LimitReachedException
        secret = new_api_key(owner.kind)
        key = await repository.insert(
            owner, new, token_hash=secret.digest, hint=hint_of(secret.raw), created_by=request_context.actor or ""
        )
        await self._record(ApiKeyEvent.KEY_CREATED, owner, key.id, request_context)
        return CreatedKey(key=key, raw=secret.raw)

    async def page(self, owner: KeyOwner, request: PageRequest) -> tuple[Sequence[ApiKey], str | None]:
        """Return a page of the keys of an owner in any state, newest first, and the cursor of the next page or None.

        Raises:
            ValidationException: the cursor belongs to another list.
        """
        before = request.after or str(repository.MAX_ID)
        if not before.isdigit() or int(before) > repository.MAX_ID:
            raise invalid_cursor()
        rows = await repository.of_owner(owner, before=int(before), limit=request.limit + 1)
        return split_page(rows, request, lambda key: key.id)

    async def find(self, owner: KeyOwner, key_id: int) -> ApiKey:
        """Return a key of an owner, in any state.

        Raises:
            KeyNotFoundException: the owner has no key with this id.
        """
        key = await repository.find(owner, key_id)
        if key is None:
            raise KeyNotFoundException
        return key

    async def revoke(self, owner: KeyOwner, key_id: int, request_context: RequestContext) -> None:
        """Revoke a key; one that has ended stays as it is.

        Raises:
            KeyNotFoundException: the owner has no key with this id.
        """

        async def work() -> None:
            if await repository.revoke(owner, key_id, reason=REVOKED):
                await self._record(ApiKeyEvent.KEY_REVOKED, owner, key_id, request_context)
            else:
                await self.find(owner, key_id)

        await self.database.transaction(work)

    async def end_all(self, user_id: int, *, reason: AccessEvent) -> None:
        """Revoke the keys of a user inside a flow's transaction, which has locked the user's row."""
        await repository.revoke_all(KeyOwner(user_id=user_id), reason=reason.value)

    async def _record(self, event: ApiKeyEvent, owner: KeyOwner, key_id: int, request_context: RequestContext) -> None:
        details = {} if owner.service_account_id is None else {"service_account_id": owner.service_account_id}
        await self.audit.record(
            event, user_id=owner.user_id, request_context=request_context, resource=f"key:{key_id}", **details
        )
