"""The folder that workers share: private, new, gone at the end, and nothing left of servers that were killed."""

import os
from pathlib import Path

import pytest

from auth_api.kit.prometheus import FOLDER_VARIABLE, remove_process
from auth_api.server import metrics_server
from auth_api.server.metrics_server import PREFIX, MetricsUnavailableError, shared_folder

pytestmark = pytest.mark.engine_independent


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the folder is made."""
    monkeypatch.setattr(metrics_server, "MEMORY", str(tmp_path))
    return tmp_path


def test_it_is_new_and_private_and_gone_at_the_end(memory: Path) -> None:
    with shared_folder():
        folder = Path(os.environ[FOLDER_VARIABLE])
        assert (folder.parent, list(folder.iterdir())) == (memory, [])
        assert folder.stat().st_mode & 0o777 == 0o700

    assert FOLDER_VARIABLE not in os.environ
    assert list(memory.iterdir()) == []


def test_what_a_killed_server_left_is_removed(memory: Path) -> None:
    abandoned = memory / f"{PREFIX}abandoned"
    abandoned.mkdir()
    (abandoned / "counter_1.db").touch()

    with shared_folder():
        assert not abandoned.exists()


def test_what_a_living_server_uses_stays(memory: Path) -> None:
    with shared_folder():
        used = Path(os.environ[FOLDER_VARIABLE]) / "counter_1.db"
        used.touch()
        with shared_folder():
            assert used.exists()
        os.environ[FOLDER_VARIABLE] = str(used.parent)


def test_without_a_place_for_it_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_server, "MEMORY", "/nowhere")
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/either")

    with pytest.raises(MetricsUnavailableError, match=r"There is no folder for metrics: .*TMPDIR"), shared_folder():
        pass


def test_of_a_dead_worker_the_live_gauges_go_and_the_counts_stay() -> None:
    with shared_folder():
        folder = Path(os.environ[FOLDER_VARIABLE])
        for name in ("gauge_livesum_7.db", "gauge_livesum_8.db", "counter_7.db"):
            (folder / name).touch()

        remove_process(7)

        assert {file.name for file in folder.iterdir()} == {"gauge_livesum_8.db", "counter_7.db"}
