"""deploy/auth-api.service, checked by systemd-analyze."""

import subprocess
from pathlib import Path

import pytest

from tests.deployment.conftest import adapted
from tests.support.programs import program

pytestmark = pytest.mark.deployment


def unit(folder: Path) -> Path:
    """Write the unit with a program that exists on this machine, and return its path."""
    path = folder / "auth-api.service"
    path.write_text(adapted("auth-api.service", {r"^ExecStart=\S+": "ExecStart=/bin/true"}))
    return path


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    analyze = [program("systemd-analyze"), "verify", "--man=no", str(unit(tmp_path))]
    done = subprocess.run(analyze, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_unit_has_a_low_exposure_level(tmp_path: Path) -> None:
    analyze = [program("systemd-analyze"), "security", "--offline=true", "--threshold=20", str(unit(tmp_path))]
    done = subprocess.run(analyze, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
