"""QR codes are read by another program, and the codes of its URI are those of another app."""

import base64
import subprocess
from pathlib import Path

import pytest

from auth_api.kit.crypto.totp import STEP_SECONDS, key_uri, new_seed, seed_text, totp_code
from auth_api.kit.qr import png_data_uri
from tests.support.programs import program

pytestmark = pytest.mark.engine_independent

PREFIX = "data:image/png;base64,"


@pytest.mark.parametrize(
    "account", ["ada@example.com", "zoë.o'hara+long.address@sub-domain.example.com"], ids=["short", "long"]
)
async def test_picture_is_read_back_as_the_uri(tmp_path: Path, account: str) -> None:
    uri = key_uri(new_seed(), issuer="Grün & Söhne", account=account)
    picture = tmp_path / "code.png"

    data = await png_data_uri(uri)

    assert data.startswith(PREFIX)
    picture.write_bytes(base64.b64decode(data.removeprefix(PREFIX)))
    command = [program("zbarimg", package="zbar-tools"), "--quiet", "--raw", str(picture)]
    read = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)  # noqa: ASYNC221 - a program of the test
    assert read.stdout == f"{uri}\n"


@pytest.mark.parametrize("step", [0, 1, 37037036, 58_000_000])
def test_codes_are_those_of_another_app(step: int) -> None:
    seed = new_seed()
    command = [program("oathtool"), "--totp", "--base32", f"--now=@{step * STEP_SECONDS}", seed_text(seed)]

    shown = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)

    assert shown.stdout.strip() == totp_code(seed, step)
