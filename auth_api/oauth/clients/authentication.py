"""Finds out which application sends a request."""

from dataclasses import dataclass
from typing import NoReturn

from auth_api.events.audit.service import AuditTrail
from auth_api.kit.crypto.tokens import digest
from auth_api.kit.db.database import Database
from auth_api.kit.http.oauth_errors import InvalidClientException
from auth_api.kit.http.scope_keys import OAUTH_CLIENT, request_context_of
from auth_api.oauth.clients import repository
from auth_api.oauth.clients.client import OAuthClient, is_client_id
from auth_api.oauth.clients.events import ClientEvent
from auth_api.oauth.clients.presented_credentials import PresentedCredentials
from auth_api.oauth.clients.rate_limits import CLIENTS, FAILURES, INTROSPECTION, PUBLIC_CLIENTS, ClientRateLimits
from auth_api.oauth.protocol.parameters import HttpRequest, Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAuthentication:
    """Authenticates applications by their secret, or names those without secret (RFC 6749 §2.3)."""

    database: Database
    audit: AuditTrail
    limits: ClientRateLimits

    async def authenticate(
        self, request: HttpRequest, parameters: Parameters, *, allows_public: bool = True
    ) -> OAuthClient:
        """Return the application that sends a request, and count the request.

        Args:
            request: the request.
            parameters: its parameters.
            allows_public: whether applications without secret are accepted. Only introspection accepts none.

        Raises:
            InvalidClientException: the application is unknown or disabled, its secret is wrong or missing, or it sent
                one though it has none. The response does not tell which.
            InvalidRequestException: there are credentials in the header and in the form.
            RateLimitedException: the application, or its network, has sent too many requests.
        """
        try:
            presented = PresentedCredentials.of(request.headers.get("authorization", ""), parameters)
        except InvalidClientException:
            self.count_failure(request)
            raise
        proof = None
        if is_client_id(presented.client_id):
            proof = await repository.find_with_proof(presented.client_id, digest(presented.secret))
        if proof is not None:
            request.scope["state"][OAUTH_CLIENT] = proof.client.client_id
        if (
            proof is None
            or not proof.client.is_active
            or (proof.client.has_secret and not proof.is_right)
            or (not proof.client.has_secret and (presented.secret or not allows_public))
        ):
            await self._refuse(request, presented, proof.client if proof is not None else None)
        self._count(request, proof.client, introspects=not allows_public)
        if proof.is_use_due:
            await repository.record_use(proof.client.id)
        return proof.client

    def count_failure(self, request: HttpRequest) -> None:
        """Count a request that is refused, by its IP address.

        Raises:
            RateLimitedException: there were too many; it is sent in place of the refusal.
        """
        self.limits.count_by_network(FAILURES, request_context_of(request.scope).client_ip)

    def _count(self, request: HttpRequest, client: OAuthClient, *, introspects: bool) -> None:
        if client.has_secret:
            self.limits.count_by_client(INTROSPECTION if introspects else CLIENTS, client.client_id)
        else:
            self.limits.count_by_network(PUBLIC_CLIENTS, request_context_of(request.scope).client_ip)

    async def _refuse(
        self, request: HttpRequest, presented: PresentedCredentials, client: OAuthClient | None
    ) -> NoReturn:
        self.count_failure(request)
        if client is not None and self.limits.is_worth_recording(client.client_id):
            await self.database.statement(
                lambda: self.audit.record(
                    ClientEvent.OAUTH_CLIENT_AUTH_FAILED,
                    user_id=None,
                    request_context=request_context_of(request.scope),
                    resource=f"oauth_client:{client.client_id}",
                )
            )
        raise InvalidClientException(used_basic=presented.uses_basic)
