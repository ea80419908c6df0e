"""The metrics, for who may read them."""

import hmac
from dataclasses import dataclass

from auth_api.kit.prometheus import render_metrics
from auth_api.operations.health.policy import MetricsPolicy
from auth_api.sessions.errors import AuthenticationRequiredException, TokenInvalidException


@dataclass(frozen=True, slots=True)
class Exposition:
    """Answers a scrape, whichever port it came to."""

    policy: MetricsPolicy

    def admit(self, authorization: str) -> None:
        """Let a scrape pass by its Authorization header, or by none where there is no METRICS_TOKEN.

        Raises:
            AuthenticationRequiredException: no bearer token was sent.
            TokenInvalidException: another one was sent.
        """
        if self.policy.token is None:
            return
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise AuthenticationRequiredException
        if not hmac.compare_digest(token.strip().encode(), self.policy.token.encode()):
            raise TokenInvalidException

    def read(self) -> bytes:
        """Return the metrics of all worker processes, as text. Blocks: it reads files."""
        return render_metrics()
