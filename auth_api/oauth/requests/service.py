"""Stores the requests of applications, and moves them from state to state."""

from dataclasses import dataclass
from uuid import UUID

from auth_api.kit.clock import Clock
from auth_api.kit.crypto.tokens import AUTHORIZATION_CODE, OAUTH_REQUEST, digest, new_token
from auth_api.kit.db.database import Database
from auth_api.kit.uuid7 import uuid7
from auth_api.oauth.requests import repository
from auth_api.oauth.requests.request import Decider, OAuthRequest, RequestKind, RequestParameters, RequestState


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthRequests:
    """The states are `open → approved → code → redeemed`, or `open → denied → answered`.

    A request belongs to the browser whose cookie it keeps the digest of. Each change needs the state and the step that
    the caller has read, so of any number of concurrent callers only one succeeds.
    """

    database: Database
    clock: Clock

    async def open(
        self, kind: RequestKind, client_id: int | None, parameters: RequestParameters, *, browser: str | None
    ) -> str:
        """Store a request, and return the token that names it in addresses.

        Args:
            kind: what it asks for.
            client_id: the number of the application's row; None if the application is not known.
            parameters: what the application asked for, after validation.
            browser: the value of the browser's cookie; None to bind it to the first browser that asks for it.
        """
        token = new_token(OAUTH_REQUEST)
        row = repository.NewRow(
            id=uuid7(self.clock()),
            kind=kind,
            client_id=client_id,
            parameters=parameters,
            public_hash=token.digest,
            binding_hash=browser and digest(browser),
        )
        await self.database.statement(lambda: repository.insert(row))
        return token.raw

    async def open_with_code(self, client_id: int, parameters: RequestParameters, decider: Decider) -> str:
        """Store a request that needs no answer of the user, and return its code."""
        code = new_token(AUTHORIZATION_CODE)
        row = repository.NewRow(
            id=uuid7(self.clock()),
            kind=RequestKind.AUTHORIZE,
            client_id=client_id,
            parameters=parameters,
            state=RequestState.CODE,
            decider=decider,
            code_hash=code.digest,
        )
        await self.database.statement(lambda: repository.insert(row))
        return code.raw

    async def find(self, raw: str, browser: str) -> OAuthRequest | None:
        """Return the request of a token, in any state, if it belongs to this browser and has not expired."""
        return await repository.find(digest(raw), digest(browser))

    async def bind(self, raw: str, browser: str) -> OAuthRequest | None:
        """Bind a request to a browser, and return it; None if it is unknown, expired or bound already."""
        return await self.database.statement(lambda: repository.bind(digest(raw), digest(browser)))

    async def assign(self, request: OAuthRequest, user_id: int) -> OAuthRequest | None:
        """Store the user whom a page asks. If it is another one than before, forms of the former no longer count.

        Returns:
            The request as it is now; None if it has changed in the meantime.
        """
        if request.user_id == user_id:
            return request
        return await self.database.statement(lambda: repository.assign(request, user_id))

    async def approve(self, request: OAuthRequest, decider: Decider) -> bool:
        """Approve an open request. Return False if it has changed in the meantime."""
        return await self._change(request, RequestState.APPROVED, decider=decider)

    async def deny(self, request: OAuthRequest) -> bool:
        """Deny an open request. Return False if it has changed in the meantime."""
        return await self._change(request, RequestState.DENIED)

    async def answer(self, request: OAuthRequest) -> bool:
        """Mark a request as answered without a code. Return False if it has changed in the meantime."""
        return await self._change(request, RequestState.ANSWERED)

    async def make_code(self, request: OAuthRequest, *, decider: Decider | None = None) -> str | None:
        """Return the code of a request that is approved, or that needs no answer.

        Args:
            request: as it was read.
            decider: who signs in; None to keep the user who approved it.

        Returns:
            None if it has changed in the meantime.
        """
        code = new_token(AUTHORIZATION_CODE)
        is_made = await self._change(request, RequestState.CODE, decider=decider, code_hash=code.digest)
        return code.raw if is_made else None

    async def find_code(self, raw: str) -> OAuthRequest | None:
        """Return the request of a code, expired and redeemed ones, too."""
        return await repository.find_code(digest(raw))

    async def claim(self, request: OAuthRequest, *, grant_id: UUID) -> bool:
        """Mark a request as redeemed, in the transaction that inserts the grant: only one caller gets True.

        Returns:
            False if the code or the device code has expired or was redeemed; `grant_id` of the row read again tells.
        """
        return await self.database.statement(lambda: repository.claim(request.id, grant_id))

    async def forget_approved(self, user_id: int, client_row_id: int | None = None) -> None:
        """Delete the codes, and the approvals for devices, that a user has given and that were not redeemed.

        Otherwise a later consent, to the same application, would let them be redeemed. Call it inside the transaction
        that withdraws the consent, and that has locked the user's row.

        Args:
            user_id: the user.
            client_row_id: the application; None for all of them.
        """
        await repository.delete_approved(user_id, client_row_id)

    async def _change(
        self,
        request: OAuthRequest,
        state: RequestState,
        *,
        decider: Decider | None = None,
        code_hash: str | None = None,
    ) -> bool:
        return await self.database.statement(
            lambda: repository.change(request, state, decider=decider, code_hash=code_hash)
        )
