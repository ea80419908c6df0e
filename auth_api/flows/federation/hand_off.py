"""Hand a sign-in on the pages over to an application."""

from dataclasses import dataclass
from uuid import UUID

from auth_api.kit.request_context import RequestContext
from auth_api.sessions.errors import TokenRevokedException
from auth_api.sessions.principal import Principal
from auth_api.sessions.service import SessionService
from auth_api.sign_in.errors import MfaEnrolmentRequiredException
from auth_api.sign_in.proof import Proof
from auth_api.sign_in.service import SignedIn, SignIn
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.sign_in_flows.flow import Flow
from auth_api.sign_in_flows.return_urls import with_result
from auth_api.sign_in_flows.service import SignInFlows
from auth_api.users.service import UserService


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """Gives an application a session of its own, after its user has signed in on the pages.

    The two sessions end separately, but both with the identity that opened the first one. What that has proved is read
    when the second one is opened.
    """

    flows: SignInFlows
    users: UserService
    sessions: SessionService
    sign_in: SignIn

    async def accepts(self, principal: Principal) -> bool:
        """Return whether what the session of a browser has proved is enough for a session of an application.

        It is not if the server has begun to require a second factor of this user, who must log in again then.

        Raises:
            UserNotFoundException: the user was deleted in the meantime.
        """
        credentials = await self.users.get_credentials(principal.id)
        return self.sign_in.is_enough(credentials, principal.amr, principal.mfa_at)

    async def begin(self, user_id: int, session_id: UUID, *, return_to: str, challenge: str) -> str:
        """Return the address of the application with a code, which it exchanges for its session within 60 s.

        Args:
            user_id: the user.
            session_id: the session of the browser.
            return_to: one of the allowed addresses.
            challenge: the code challenge of the application.
        """
        code = await self.flows.hand_off(
            user_id=user_id, session_id=session_id, return_to=return_to, challenge=challenge
        )
        return with_result(return_to, "code", code)

    async def log_in(self, flow: Flow, request_context: RequestContext) -> SignedIn:
        """Use up a code, and open the session of the application.

        Args:
            flow: the flow of the code, whose verifier was right.
            request_context: the client of the request.

        An old proof must not be enough to add the first factor of an account, so this never leads to that.

        Raises:
            FlowInvalidException: the code was used, the session of the browser has ended in the meantime, or the server
                has begun to require a second factor of this user, who has none.
            AuthException: the user gets no session, see `SignIn.log_in`.
        """
        if flow.user_id is None or flow.session_id is None:
            raise FlowInvalidException
        user_id = flow.user_id
        browser = await self.sessions.principal_loader.find(flow.session_id, user_id)
        if browser is None:
            raise FlowInvalidException

        async def claim() -> Proof:
            login = await self.users.record_first_factor(user_id)
            if login is None:
                raise FlowInvalidException
            await self.flows.claim(flow)
            try:
                present = await self.sessions.reload(browser)
            except TokenRevokedException:
                raise FlowInvalidException from None
            return Proof(
                user=login.user,
                methods=present.amr,
                has_administrative_role=login.has_administrative_role,
                auth_time=present.auth_time,
                mfa_at=present.mfa_at,
                opened_at=login.at,
                identity_id=await self.sessions.identity_of(browser.session_id),
            )

        try:
            return await self.sign_in.log_in(
                claim, user_id=user_id, has_logged_in=True, request_context=request_context
            )
        except MfaEnrolmentRequiredException:  # no client knows its token
            raise FlowInvalidException from None
