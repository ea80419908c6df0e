"""The console sessions of a Markdown page: run their commands, and compare what they print."""

import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from tests.support.waiting import TIMEOUT_SECONDS

_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_VARIABLE_VALUES: Final = (
    (r'"(access_token|refresh_token|mfa_token|request_id|secret|qr_code)":"[^"]+"', r"a value of \1"),
    (r'"refresh_expires_in":\d+', "seconds"),
    (r'"recovery_codes":\[[^]]*\]', "codes"),
    (r"\bsecret=\w+", "a secret"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "a time"),
)
_MARK: Final = "=== next ==="


def blocks(page: str, kind: str) -> list[str]:
    """Return the fenced blocks of a kind."""
    return [text for found, text in _BLOCK.findall(page) if found == kind]


def steps(page: str) -> list[tuple[str, str]]:
    """Return each command of the `console` and `sh` blocks with its documented output, which is empty for `sh` blocks.

    `shell` blocks are not run: they need values that differ for each deployment.
    """
    found: list[tuple[str, str]] = []
    for kind, text in _BLOCK.findall(page):
        if kind == "sh":
            found.append((text, ""))
        elif kind == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, output = re.match(r"((?:[^\n]*\\\n)*[^\n]*)\n(.*)", part, re.DOTALL).groups()  # type: ignore[union-attr]
                found.append((command, output))
    return found


def comparable(output: str) -> str:
    """Replace the values that differ in each run with fixed words."""
    for pattern, name in _VARIABLE_VALUES:
        output = re.sub(pattern, name, output)
    return output.strip()


def run_commands(commands: Iterable[str], *, folder: Path, environ: Mapping[str, str]) -> list[str]:
    """Run the commands in one shell.

    Args:
        commands: the commands, in their order.
        folder: where the shell runs.
        environ: all environment variables of the shell.

    Returns:
        What each command printed, in comparable form.
    """
    script = "\n".join(["set -e", *(f"{command}\necho; echo '{_MARK}'" for command in commands)])
    done = subprocess.run(
        ["bash", "-c", script],  # noqa: S607 - the one on the path
        cwd=folder,
        env=dict(environ),
        capture_output=True,
        text=True,
        timeout=2 * TIMEOUT_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return [comparable(part) for part in done.stdout.split(_MARK)][:-1]
