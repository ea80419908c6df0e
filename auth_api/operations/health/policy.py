"""Settings of the metrics."""

from typing import Annotated, Final

import msgspec

from auth_api.kit.setting import PASTE_GENERATED, Setting, secret_problem

MIN_TOKEN_LENGTH: Final = 16
"""Characters; 16 random ones cannot be guessed over a network."""


def _parse_token(text: str) -> str:
    if problem := secret_problem("METRICS_TOKEN", text):
        raise ValueError(problem)
    if len(text) < MIN_TOKEN_LENGTH or not (text.isascii() and text.isprintable()):
        message = f"must have at least {MIN_TOKEN_LENGTH} characters, all of them printable ASCII"
        raise ValueError(message)
    return text


class MetricsPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Who may read the metrics, and on which port.

    Attributes:
        is_open: whether the API's port serves them without a token if none is set.
    """

    token: Annotated[
        str | None,
        Setting(
            "METRICS_TOKEN",
            "Bearer token that `/metrics` requires; without it `/metrics` is open, except in production, where it "
            "returns 404.",
            parse=_parse_token,
            accepts=f"at least {MIN_TOKEN_LENGTH} characters",
            fix=PASTE_GENERATED,
            is_secret=True,
        ),
    ] = None
    port: Annotated[
        int | None,
        Setting(
            "METRICS_PORT",
            "Separate port for the metrics, on `HOST`; the API's port then does not serve them.",
            minimum=1,
            maximum=65535,
            example="9464",
        ),
    ] = None
    is_open: bool = False

    def __repr__(self) -> str:
        """Omit the token."""
        return f"MetricsPolicy(port={self.port}, is_open={self.is_open})"

    @property
    def is_on_main_port(self) -> bool:
        """Whether the API's port serves `/metrics`."""
        return self.port is None and self.is_exposed

    @property
    def is_exposed(self) -> bool:
        """Whether the API's port serves endpoints that are meant only for operators."""
        return self.token is not None or self.is_open
