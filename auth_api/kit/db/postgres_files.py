"""Files that asyncpg reads when it connects: certificates and keys, named by the URL or in the home folder."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

_HOME_FILES: Final = {
    "sslrootcert": "root.crt",
    "sslcrl": "root.crl",
    "sslcert": "postgresql.crt",
    "sslkey": "postgresql.key",
}
"""Files in `~/.postgresql`, by the parameter that names another one."""


class UnreadableFile(NamedTuple):
    """A file that cannot be read."""

    parameter: str
    path: Path
    reason: str


def ignore_inaccessible_home() -> None:
    """Let asyncpg use no files of a home folder that this user may not enter, instead of failing.

    A service often inherits `HOME` from the user that starts it. asyncpg has no other switch than this variable.
    """
    try:
        for name in _HOME_FILES.values():
            (Path.home() / ".postgresql" / name).stat()
    except PermissionError:
        os.environ["HOME"] = os.devnull
    except (OSError, RuntimeError):  # the usual case: neither these files nor their folder exist
        return


def unreadable_file(dsn: str) -> UnreadableFile | None:
    """Return the first file that a connection needs and cannot read."""
    for parameter, path in _files(dsn):
        try:
            path.open("rb").close()
        except OSError as error:
            return UnreadableFile(parameter, path, os.strerror(error.errno or 0).lower())
    return None


def _files(dsn: str) -> Iterator[tuple[str, Path]]:
    """Yield the files that are named, by the URL or the environment, and those that exist in the home folder."""
    options = parse_qs(urlsplit(dsn).query)
    for parameter, default in _HOME_FILES.items():
        if named := options.get(parameter, [os.environ.get(f"PG{parameter.upper()}", "")])[-1]:
            yield parameter, Path(named)
        elif (at_home := Path.home() / ".postgresql" / default).exists():
            yield parameter, at_home
