"""The steps of a Markdown page: run its commands, compare what they print, and write its files.

The word after ``` says what a block is:

- `sh`: commands to run; `sh server`: a command that goes on running in a terminal of its own.
- `console`: commands with what they print.
- `python file:notes.py`: the content of a file.
- `shell`: commands that are not run, as they need values that differ for each deployment.
"""

import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from tests.support.waiting import TIMEOUT_SECONDS

_BLOCK: Final = re.compile(r"^```(\w*)(?: ([^\n]*))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_VARIABLE_VALUES: Final = (
    (r'"(access_token|refresh_token|mfa_token|request_id|secret|qr_code)":"[^"]+"', r"a value of \1"),
    (r'"refresh_expires_in":\d+', "seconds"),
    (r'"recovery_codes":\[[^]]*\]', "codes"),
    (r"\bsecret=\w+", "a secret"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "a time"),
)
_MARK: Final = "=== next ==="


class Block(NamedTuple):
    """A fenced block.

    Attributes:
        kind: the language.
        info: what follows it, such as `file:notes.py`.
        text: the content.
    """

    kind: str
    info: str
    text: str


def all_blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page."""
    return [Block(*found) for found in _BLOCK.findall(page)]


def blocks(page: str, kind: str) -> list[str]:
    """Return the contents of the blocks of a kind."""
    return [block.text for block in all_blocks(page) if block.kind == kind]


def steps(page: str) -> list[tuple[str, str]]:
    """Return each command of the `console` and `sh` blocks with its documented output; `sh` blocks have none."""
    return [step for block in all_blocks(page) for step in commands_of(block)]


def commands_of(block: Block) -> list[tuple[str, str]]:
    """Return the commands of a block with their documented output."""
    if block.kind == "sh":
        return [(block.text, "")]
    if block.kind != "console":
        return []
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
    return [re.match(r"((?:[^\n]*\\\n)*[^\n]*)\n(.*)", part, re.DOTALL).groups() for part in parts]  # type: ignore[union-attr, misc]


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
