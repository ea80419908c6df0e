"""Metrics of sign-ins by a provider."""

from collections.abc import Iterable
from itertools import product
from typing import Final

from auth_api.kit.prometheus import counter
from auth_api.sign_in_flows.flow import FlowPurpose

STARTED: Final = "started"
PROVED: Final = "proved"

_FLOWS: Final = counter(
    "sign_in_flows",
    "Sign-ins by a provider. started: the browser was sent there; proved: the provider has proved who the person is; "
    "denied, error, unavailable: it has not.",
    ["provider", "purpose", "outcome"],
)


def count_flow(provider: str, purpose: FlowPurpose, outcome: str) -> None:
    """Count a sign-in: `STARTED`, `PROVED`, or the code of an error."""
    _FLOWS.labels(provider, purpose.value, outcome.removeprefix("PROVIDER_").lower()).inc()


def create_series(providers: Iterable[str]) -> None:
    """Let the series of these providers exist from the start."""
    outcomes = (STARTED, PROVED, "denied", "error", "unavailable")
    for labels in product(providers, FlowPurpose, outcomes):
        _FLOWS.labels(*labels)
