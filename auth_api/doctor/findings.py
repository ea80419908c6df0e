"""Results of the checks."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """Severity of a finding; only `fail` sets the exit status to 1."""

    OK = "ok"
    NOTE = "note"
    WARN = "warn"
    FAIL = "fail"


class Finding(msgspec.Struct, frozen=True):
    """Result of one check. Never contains a secret.

    Attributes:
        check: stable name of the check, for programs.
        verdict: severity.
        message: what was found.
        fix: what to do, in one sentence; empty if there is nothing to do.
    """

    check: str
    verdict: Verdict
    message: str
    fix: str = ""


def ok(check: str, message: str) -> Finding:
    """Return a finding without a problem."""
    return Finding(check, Verdict.OK, message)


def note(check: str, message: str, fix: str = "") -> Finding:
    """Return a finding that may be of interest."""
    return Finding(check, Verdict.NOTE, message, fix)


def warn(check: str, message: str, fix: str) -> Finding:
    """Return a finding that works but is risky."""
    return Finding(check, Verdict.WARN, message, fix)


def fail(check: str, message: str, fix: str) -> Finding:
    """Return a finding that does not work or is not safe."""
    return Finding(check, Verdict.FAIL, message, fix)


def has_failed(findings: Iterable[Finding]) -> bool:
    """Return whether a finding does not work or is not safe."""
    return any(finding.verdict is Verdict.FAIL for finding in findings)
