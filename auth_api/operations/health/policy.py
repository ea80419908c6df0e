"""Who may read the metrics, and where."""

from typing import Final

import msgspec

MIN_TOKEN_LENGTH: Final = 16
"""Characters of METRICS_TOKEN: nobody guesses so many random ones over a network."""


class MetricsPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Who may read the metrics, and where.

    Attributes:
        token: what has to be sent as a bearer token; None where nothing has to be.
        port: a port of their own; None for the one of the API.
        is_open: the API's port shows them to everybody where there is no token.
    """

    token: str | None = None
    port: int | None = None
    is_open: bool = False

    @property
    def is_on_main_port(self) -> bool:
        """Tell whether the API answers `/metrics`."""
        return self.port is None and self.may_be_asked

    @property
    def may_be_asked(self) -> bool:
        """Tell whether the API tells anybody what is for operators alone."""
        return self.token is not None or self.is_open
