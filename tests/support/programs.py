"""Other programs that tests compare with or run."""

import shutil

import pytest


def program(name: str, *, package: str | None = None) -> str:
    """Return the path of a program; skip the test if it is not installed, as `make test` needs only Python.

    Args:
        name: the program.
        package: the Debian package that contains it, if it is named otherwise.
    """
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: apt-get install {package or name})")
    return found
