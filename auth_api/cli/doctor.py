"""Check a deployment: `auth-api doctor`."""

import asyncio
import json
import os
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click
import msgspec
from loguru import logger

from auth_api.doctor.examination import evaluate_misspelled, evaluate_names, examine, explain_settings
from auth_api.doctor.findings import Finding, Verdict, has_failed
from auth_api.kit.clock import utc_now
from auth_api.kit.text import counted
from auth_api.settings import Settings
from auth_api.settings.environment import given_environment, misspelled_names, read_environment, unknown_names
from auth_api.settings.files import UnreadableFileError
from auth_api.settings.reader import InvalidSettingsError

INVALID_SETTINGS_STATUS: Final = 2

MAX_LINE_LENGTH: Final = 100

_NOUNS: Final = {Verdict.FAIL: "failure", Verdict.WARN: "warning", Verdict.NOTE: "note"}

_COLOURS: Final = {Verdict.OK: "green", Verdict.NOTE: "cyan", Verdict.WARN: "yellow", Verdict.FAIL: "red"}


@click.command()
@click.option("--url", help="URL at which clients reach the running server; also checks what they see there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(*, url: str | None, as_json: bool) -> None:
    """Check a deployment, and name a fix for each problem.

    Checks settings, database, keys, hashing, proxies, origins, mail and files. Changes nothing and prints no secret.
    --url needs the METRICS_TOKEN of the server.

    Exit status 1 if a check fails, 2 if the settings are invalid.
    """
    logger.remove()
    folder = Path.cwd()
    try:
        settings = Settings.from_env(read_environment(os.environ, folder))
    except (InvalidSettingsError, UnreadableFileError) as error:
        names = unknown_names(os.environ, folder) if isinstance(error, InvalidSettingsError) else []
        print_findings([*explain_settings(error), *evaluate_names(names)], as_json=as_json)
        sys.exit(INVALID_SETTINGS_STATUS)
    findings = asyncio.run(examine(settings, given_environment(os.environ, folder), folder, now=utc_now(), url=url))
    findings += evaluate_misspelled(misspelled_names(os.environ, folder))
    print_findings(findings, as_json=as_json)
    sys.exit(1 if has_failed(findings) else 0)


def print_findings(findings: Sequence[Finding], *, as_json: bool) -> None:
    """Print findings, as JSON or for people."""
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(findings), indent=2))
        return
    for line in report(findings):
        click.echo(line)


def report(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the lines of the report with colours, which `click.echo` removes outside a terminal."""
    names = max(len(finding.check) for finding in findings)
    indent = " " * (6 + names + 2)
    for finding in findings:
        mark = click.style(f"{finding.verdict.value:<4}", fg=_COLOURS[finding.verdict], bold=True)
        first, *rest = _wrapped(finding.message, indent) or [""]
        yield f"{mark}  {finding.check:<{names}}  {first}"
        yield from (f"{indent}{line}" for line in rest)
        if finding.fix:
            first, *rest = _wrapped(finding.fix, f"{indent}→ ")
            yield click.style(f"{indent}→ {first}", bold=finding.verdict is Verdict.FAIL)
            yield from (f"{indent}  {line}" for line in rest)
    counts = Counter(finding.verdict for finding in findings)
    summary = ", ".join(_counted(verdict, counts[verdict]) for verdict in reversed(Verdict) if counts[verdict])
    yield f"\n{summary}"


def _counted(verdict: Verdict, number: int) -> str:
    noun = _NOUNS.get(verdict)
    return f"{number} {verdict.value}" if noun is None else counted(number, noun)


def _wrapped(text: str, indent: str) -> list[str]:
    """Wrap a text only between words, so that paths and commands can be copied."""
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return textwrap.wrap(printable, MAX_LINE_LENGTH - len(indent), break_long_words=False, break_on_hyphens=False)
