"""Tables printed by commands."""

import pytest

from auth_api.kit.text_tables import print_table
from auth_api.kit.uuid7 import EPOCH

pytestmark = pytest.mark.engine_independent


def test_columns_are_as_wide_as_their_longest_cell(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name", "at"), [("ada", EPOCH), ("countess", None)])

    assert capsys.readouterr().out.splitlines() == [
        "name      at",
        "ada       1970-01-01T00:00:00.000Z",
        "countess  -",
    ]


def test_control_characters_are_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("device",), [("\x1b[2J\r\n\x9b31m\u202eapp",)])

    assert capsys.readouterr().out.splitlines() == ["device", "?[2J???31m?app"]
