"""Measure how long clients/python takes to verify a token: `python -m benchmarks.token_verifier`."""

import sys
import time
from collections.abc import Sequence

from auth_api_sdk import TokenVerifier
from auth_api_sdk.testing import TestIssuer

TOKENS = 2000
ROUNDS = 7


def main() -> None:
    """Print the time for a new and for a known token, each as the fastest of several rounds."""
    issuer, verifier = (
        TestIssuer(),
        TokenVerifier("https://auth.example.com", "auth_api", service_key="auth_svc_secret"),
    )
    issuer.serve(verifier)
    new: list[float] = []
    known: list[float] = []
    for _ in range(ROUNDS):
        tokens = [issuer.token(str(number)) for number in range(TOKENS)]
        new.append(_seconds(verifier, tokens))
        known.append(_seconds(verifier, tokens))
    for name, seconds in (("new", new), ("known", known)):
        sys.stdout.write(f"{name:5} token: {min(seconds) / TOKENS * 1e6:6.1f} µs\n")


def _seconds(verifier: TokenVerifier, tokens: Sequence[str]) -> float:
    start = time.perf_counter()
    for token in tokens:
        verifier.verify(token)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
