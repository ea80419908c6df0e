"""Finds, stores, lists and withdraws the consents of users."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.kit.clock import Clock
from auth_api.kit.db.database import Database
from auth_api.kit.pagination import PageRequest, before_uuid, split_page
from auth_api.kit.request_context import RequestContext
from auth_api.kit.uuid7 import uuid7
from auth_api.oauth.clients.client import OAuthClient
from auth_api.oauth.consents import repository
from auth_api.oauth.consents.consent import Consent, ListedConsent
from auth_api.oauth.consents.errors import ConsentNotFoundException
from auth_api.oauth.consents.events import ConsentEvent
from auth_api.oauth.consents.mails import APPLICATION_ALLOWED
from auth_api.oauth.grants.grant import GrantEnd
from auth_api.oauth.grants.service import Grants
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.users.service import UserService

MAX_LISTED: Final = 1000
"""Consents that a list without pages contains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consents:
    """What users have allowed applications."""

    database: Database
    users: UserService
    audit: AuditTrail
    outbox: Outbox
    requests: OAuthRequests
    grants: Grants
    clock: Clock

    async def find(self, user_id: int, client_row_id: int) -> Consent | None:
        """Return the consent of a user for an application, or None."""
        return await repository.find(user_id, client_row_id)

    async def hold(self, user_id: int, client_row_id: int) -> bool:
        """Return whether there is a consent, and keep it until the transaction of the caller ends.

        A grant is added in such a transaction, so that a withdrawal at the same time cannot miss it.
        """
        return await repository.lock(user_id, client_row_id)

    async def grant(
        self,
        user_id: int,
        client: OAuthClient,
        scopes: Iterable[str],
        *,
        offline: bool,
        request_context: RequestContext,
    ) -> None:
        """Add to what a user has allowed an application. Call it in the transaction that stores the decision.

        The event and the mail are only for what is new. An application of the operator needs no consent; it is stored,
        so that the user's list of applications is complete, but not announced.

        Args:
            user_id: the user.
            client: the application.
            scopes: the names of the scopes; `offline_access` is left out.
            offline: whether the application may act while the user is not signed in.
            request_context: the client of the request.
        """
        wanted = {each for each in scopes if each != "offline_access"}
        before = await repository.find(user_id, client.id)
        if before is not None and before.covers(wanted, offline=offline):
            return
        known, was_offline = (set(before.scopes), before.offline) if before is not None else (set[str](), False)
        consent = Consent(
            id=before.id if before is not None else uuid7(self.clock()),
            scopes=tuple(sorted(wanted | known)),
            offline=offline or was_offline,
        )
        await repository.upsert(consent, user_id, client.id)
        if client.first_party:
            return
        new = [*sorted(wanted - known), *(("offline_access",) if offline and not was_offline else ())]
        await self.audit.record(
            ConsentEvent.OAUTH_CONSENT_GRANTED,
            user_id=user_id,
            request_context=request_context,
            client=client.client_id,
            application=client.name,
            scopes=" ".join(new),
        )
        await self.outbox.to_user(APPLICATION_ALLOWED, user_id, request_context, application=client.name, scopes=new)

    async def page(self, user_id: int, request: PageRequest) -> tuple[Sequence[ListedConsent], str | None]:
        """Return a page of the consents of a user, newest first, and the cursor of the next page or None.

        Raises:
            ValidationException: the cursor belongs to another list.
        """
        rows = await repository.of_user(user_id, before=before_uuid(request), limit=request.limit + 1)
        return split_page(rows, request, lambda consent: consent.id)

    async def of_client(self, client_row_id: int) -> list[ListedConsent]:
        """Return the newest consents for an application."""
        return await repository.of_client(client_row_id, limit=MAX_LISTED)

    async def withdraw(self, consent_id: UUID, user_id: int, request_context: RequestContext) -> None:
        """Withdraw a consent: all access of the application to the account ends.

        Raises:
            ConsentNotFoundException: the user has no consent with this id.
        """

        async def work() -> None:
            await self.users.lock(user_id)
            consent = await repository.find_listed(consent_id, user_id)
            if consent is None or not await repository.delete(consent_id):
                raise ConsentNotFoundException
            await self.requests.forget_approved(user_id, consent.client_row_id)
            await self.grants.end_of_client(user_id, consent.client_row_id, reason=GrantEnd.CONSENT_WITHDRAWN)
            await self.audit.record(
                ConsentEvent.OAUTH_CONSENT_WITHDRAWN,
                user_id=user_id,
                request_context=request_context,
                client=consent.client_id,
                application=consent.name,
            )

        await self.database.transaction(work)
