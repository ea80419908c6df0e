"""The folder that workers share is private, new, and removed at the end or by the next server."""

import os
from pathlib import Path

import pytest

from auth_api.kit.prometheus import FOLDER_VARIABLE, remove_process
from auth_api.server import metrics_server
from auth_api.server.metrics_server import FOLDER_PREFIX, MetricsUnavailableError, metrics_folder

pytestmark = pytest.mark.engine_independent


@pytest.fixture(autouse=True)
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the metrics folder is created."""
    monkeypatch.setattr(metrics_server, "SHARED_MEMORY", str(tmp_path))
    return tmp_path


def test_metrics_folder_is_new_private_and_removed_at_the_end(parent: Path) -> None:
    with metrics_folder():
        folder = Path(os.environ[FOLDER_VARIABLE])
        assert (folder.parent, list(folder.iterdir())) == (parent, [])
        assert folder.stat().st_mode & 0o777 == 0o700

    assert FOLDER_VARIABLE not in os.environ
    assert list(parent.iterdir()) == []


def test_metrics_folder_of_a_killed_server_is_removed(parent: Path) -> None:
    abandoned = parent / f"{FOLDER_PREFIX}abandoned"
    abandoned.mkdir()
    (abandoned / "counter_1.db").touch()

    with metrics_folder():
        assert not abandoned.exists()


def test_metrics_folder_of_a_running_server_is_kept(parent: Path) -> None:
    with metrics_folder():
        used = Path(os.environ[FOLDER_VARIABLE]) / "counter_1.db"
        used.touch()
        with metrics_folder():
            assert used.exists()
        os.environ[FOLDER_VARIABLE] = str(used.parent)


def test_metrics_folder_that_cannot_be_created_is_an_error_that_names_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_server, "SHARED_MEMORY", "/nowhere")
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/either")

    with (
        pytest.raises(MetricsUnavailableError, match=r"Cannot create a folder for metrics: .*TMPDIR"),
        metrics_folder(),
    ):
        pass


def test_live_gauges_of_a_dead_worker_are_removed_and_its_counters_stay() -> None:
    with metrics_folder():
        folder = Path(os.environ[FOLDER_VARIABLE])
        for name in ("gauge_livesum_7.db", "gauge_livesum_8.db", "counter_7.db"):
            (folder / name).touch()

        remove_process(7)

        assert {file.name for file in folder.iterdir()} == {"gauge_livesum_8.db", "counter_7.db"}
