"""The metrics of the process, for clients that may read them."""

import hmac
from dataclasses import dataclass

from auth_api.kit.prometheus import render_metrics
from auth_api.operations.health.policy import MetricsPolicy
from auth_api.sessions.errors import AuthenticationRequiredException, TokenInvalidException


@dataclass(frozen=True, slots=True)
class Exposition:
    """Authorizes scrapes and renders the metrics."""

    policy: MetricsPolicy

    def authorize(self, authorization: str) -> None:
        """Accept the Authorization header of a scrape, or any scrape if METRICS_TOKEN is not set.

        Args:
            authorization: the value of the header, or an empty string.

        Raises:
            AuthenticationRequiredException: the header has no bearer token.
            TokenInvalidException: the header has a different token.
        """
        if self.policy.token is None:
            return
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise AuthenticationRequiredException
        if not hmac.compare_digest(token.strip().encode(), self.policy.token.encode()):
            raise TokenInvalidException

    def render(self) -> bytes:
        """Return the metrics of all worker processes as text. Blocks: it reads files."""
        return render_metrics()
