"""What a look at something found."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """How bad it is: only `fail` makes the exit status 1."""

    OK = "ok"
    NOTE = "note"
    WARN = "warn"
    FAIL = "fail"


class Finding(msgspec.Struct, frozen=True):
    """One sentence about one thing, and what to do about it where something is to do. Never holds a secret.

    Attributes:
        check: what was looked at; a name that stays, for programs.
        verdict: how bad it is.
        says: what was found.
        fix: what to do, in one sentence.
    """

    check: str
    verdict: Verdict
    says: str
    fix: str = ""


def ok(check: str, says: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(check, Verdict.OK, says)


def note(check: str, says: str, fix: str = "") -> Finding:
    """Return something worth knowing."""
    return Finding(check, Verdict.NOTE, says, fix)


def warn(check: str, says: str, fix: str) -> Finding:
    """Return something that works, and will hurt."""
    return Finding(check, Verdict.WARN, says, fix)


def fail(check: str, says: str, fix: str) -> Finding:
    """Return something that does not work, or is not safe."""
    return Finding(check, Verdict.FAIL, says, fix)


def has_failed(findings: Iterable[Finding]) -> bool:
    """Tell whether anything does not work, or is not safe."""
    return any(finding.verdict is Verdict.FAIL for finding in findings)
