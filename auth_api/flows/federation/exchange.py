"""Turn the code of a sign-in into a session of the application."""

from dataclasses import dataclass

from auth_api.flows.federation.federated_sign_in import FederatedSignIn
from auth_api.flows.federation.hand_off import HandOff
from auth_api.kit.request_context import RequestContext
from auth_api.sign_in.service import SignedIn
from auth_api.sign_in_flows.service import SignInFlows


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Exchanges codes.

    Attributes:
        flows: finds the flow of a code.
        hand_off: opens the session of a sign-in on the pages of this server.
        federated_sign_in: opens the session of a sign-in by a provider.
    """

    flows: SignInFlows
    hand_off: HandOff
    federated_sign_in: FederatedSignIn

    async def log_in(self, code: str, code_verifier: str, request_context: RequestContext) -> SignedIn:
        """Return the user and a new session of the application.

        Args:
            code: what the application got in its address.
            code_verifier: of its code challenge. A wrong one does not use the code up.
            request_context: the client of the request.

        Raises:
            FlowInvalidException: the code is unknown, used, ended or expired, or the verifier is wrong.
            ApplicationException: the user gets no session, see `HandOff.log_in` and `FederatedSignIn.log_in`.
        """
        flow = await self.flows.find_code(code, code_verifier)
        if flow.provider is None:
            return await self.hand_off.log_in(flow, request_context)
        return await self.federated_sign_in.log_in(flow, request_context)
