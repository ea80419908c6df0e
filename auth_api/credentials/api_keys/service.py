"""Creates, checks, lists and revokes API keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from auth_api.credentials.api_keys import accounts_repository, repository
from auth_api.credentials.api_keys.api_key import ApiKey, CreatedKey, KeyOwner, KeyStatus, NewKey, PresentedKey
from auth_api.credentials.api_keys.errors import KeyNotFoundException
from auth_api.credentials.api_keys.events import ApiKeyEvent
from auth_api.credentials.api_keys.last_uses import LastUses
from auth_api.credentials.api_keys.metrics import KEY_CHECKS
from auth_api.credentials.api_keys.policy import ApiKeyPolicy
from auth_api.credentials.api_keys.rate_limit import KeyRateLimit
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.crypto.api_keys import has_valid_checksum, hint_of, new_api_key
from auth_api.kit.crypto.tokens import PERSONAL_API_KEY, SERVICE_API_KEY, digest
from auth_api.kit.db.batched_lookups import BatchedLookups
from auth_api.kit.db.database import Database
from auth_api.kit.errors import AuthException, LimitReachedException
from auth_api.kit.pagination import PageRequest, before_id, split_page
from auth_api.kit.request_context import RequestContext
from auth_api.roles.rights import Rights
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.errors import TokenExpiredException, TokenInvalidException, TokenRevokedException

MAX_KEYS_OF_USER: Final = 50
MAX_KEYS_OF_SERVICE_ACCOUNT: Final = 20

REVOKED: Final = "revoked"
"""The reason of keys that were revoked one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeys:
    """The keys of users and of service accounts. Callers have checked whether the change is allowed."""

    database: Database
    audit: AuditTrail
    policy: ApiKeyPolicy
    last_uses: LastUses
    rate_limit: KeyRateLimit
    lookups: BatchedLookups[str, PresentedKey]

    async def identify(self, raw: str, client_ip: str | None) -> PresentedKey:
        """Return the key that a client has sent with a request, and remember its use. Not within a transaction.

        Raises:
            TokenInvalidException: no such key exists.
            TokenRevokedException: the key was revoked, its owner is disabled, or keys of users are switched off.
            TokenExpiredException: the key has expired.
        """
        key_digest = digest(raw)
        try:
            key = await self._find_accepted(raw, key_digest)
        except AuthException:
            self.rate_limit.forget(key_digest)
            raise
        self.last_uses.note(key.id, client_ip)
        if key.user is None:
            self.rate_limit.accept(key_digest)
        return key

    async def check(self, raw: str) -> PresentedKey | None:
        """Return a key if it would be accepted now, without recording a use. Not within a transaction."""
        try:
            return await self._find_accepted(raw, digest(raw))
        except AuthException:
            return None

    async def reload(self, raw: str) -> PresentedKey:
        """Return a key that `identify` has accepted with its present rights, inside a flow's transaction.

        Raises:
            TokenInvalidException: the key has been deleted.
            TokenRevokedException: the key was revoked, or its owner is disabled.
            TokenExpiredException: the key has expired.
        """
        key = await repository.find_presented(digest(raw))
        if key is None:
            raise TokenInvalidException
        self._check_state(key)
        return key

    async def create(self, owner: KeyOwner, new: NewKey, request_context: RequestContext) -> CreatedKey:
        """Create a key inside the transaction of the flow, which has locked the row of the owner.

        Raises:
            LimitReachedException: the owner has as many live keys as allowed.
        """
        live = await repository.live(owner)
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
        rows = await repository.of_owner(owner, before=before_id(request), limit=request.limit + 1)
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

    async def rights_of_service_account(self, account_id: int) -> Rights | None:
        """Return what the live keys of a service account permit together; None if it is inactive or deleted."""
        account = await accounts_repository.find(account_id)
        return Rights(account.scopes) if account is not None and account.is_active else None

    async def live_hints(self, user_id: int) -> list[str]:
        """Return the hints of the live keys of a user, newest first."""
        return [key.hint for key in await repository.live(KeyOwner(user_id=user_id))]

    async def is_scope(self, permission: str) -> bool:
        """Return whether a live key has a permission as one of its scopes."""
        return await repository.is_scope(permission)

    async def end_all(self, user_id: int, *, reason: AccessEvent) -> None:
        """Revoke the keys of a user inside a flow's transaction, which has locked the user's row."""
        await repository.revoke_all(KeyOwner(user_id=user_id), reason=reason.value)

    async def _find_accepted(self, raw: str, key_digest: str) -> PresentedKey:
        kind = SERVICE_API_KEY if raw.startswith(SERVICE_API_KEY.prefix) else PERSONAL_API_KEY
        if not has_valid_checksum(raw):
            KEY_CHECKS[kind, "malformed"].inc()
            raise TokenInvalidException
        key = await self.lookups.find(key_digest)
        if key is None:
            KEY_CHECKS[kind, "unknown"].inc()
            raise TokenInvalidException
        try:
            self._check_state(key)
        except TokenRevokedException:
            KEY_CHECKS[kind, "revoked"].inc()
            raise
        except TokenExpiredException:
            KEY_CHECKS[kind, "expired"].inc()
            raise
        KEY_CHECKS[kind, "accepted"].inc()
        return key

    def _check_state(self, key: PresentedKey) -> None:
        is_off = key.user is not None and not self.policy.allows_personal
        if key.status is KeyStatus.REVOKED or not key.owner_is_active or is_off:
            raise TokenRevokedException
        if key.status is KeyStatus.EXPIRED:
            raise TokenExpiredException

    async def _record(self, event: ApiKeyEvent, owner: KeyOwner, key_id: int, request_context: RequestContext) -> None:
        details = {} if owner.service_account_id is None else {"service_account_id": owner.service_account_id}
        await self.audit.record(
            event, user_id=owner.user_id, request_context=request_context, resource=f"key:{key_id}", **details
        )


def key_lookups(*, can_batch: bool) -> BatchedLookups[str, PresentedKey]:
    """Return the look-ups of keys by their digests."""
    return BatchedLookups(
        can_batch=can_batch, load_one=repository.find_presented, load_many=repository.find_all_presented
    )
