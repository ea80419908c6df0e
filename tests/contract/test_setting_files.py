"""Files that a rotation changes: they keep owner, permissions and the other lines, and links stay links."""

import os
import subprocess
from pathlib import Path

import pytest

from auth_api.settings.env_file import with_variable
from auth_api.settings.environment import read_environment, write_variables
from auth_api.settings.files import UnreadableFileError, replace_file, require_replaceable

pytestmark = pytest.mark.engine_independent

SECRET = "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"
NEXT = {"JWT_NEXT_KEY": SECRET[::-1]}
TARGETS = (".env", "key")


def prepare(folder: Path, target: str) -> tuple[Path, dict[str, str]]:
    (folder / ".env").write_text(f"JWT_SECRET_KEY={SECRET}\n")
    (folder / "key").write_text("")
    return folder / target, {"JWT_NEXT_KEY_FILE": "key"} if target == "key" else {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("target", TARGETS)
def test_file_keeps_owner_group_and_permissions(tmp_path: Path, target: str) -> None:
    path, environ = prepare(tmp_path, target)
    os.chown(path, 12345, 54321)
    path.chmod(0o640)

    write_variables(NEXT, environ, tmp_path)

    found = path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (12345, 54321, 0o640)
    assert read_environment(environ, tmp_path)["JWT_NEXT_KEY"] == SECRET[::-1]


@pytest.mark.parametrize("target", TARGETS)
def test_owner_is_set_before_the_file_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    path, environ = prepare(tmp_path, target)
    owner = path.stat()
    before, given = path.read_text(), []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "getegid", lambda: owner.st_gid + 1)
    monkeypatch.setattr(os, "fchown", lambda _, uid, gid: given.append((uid, gid, path.read_text())))

    write_variables(NEXT, environ, tmp_path)

    assert given == [(owner.st_uid, owner.st_gid, before)]
    assert path.read_text() != before


@pytest.mark.parametrize("target", TARGETS)
def test_file_of_another_user_is_refused_before_anything_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    path, environ = prepare(tmp_path, target)
    before = path.read_text()
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)

    with pytest.raises(UnreadableFileError) as raised:
        write_variables({**NEXT, "JWT_PREVIOUS_KEYS": SECRET}, environ, tmp_path)

    assert str(raised.value) == (f"{path} belongs to another user or group: run this command as its owner, or as root.")
    assert (path.read_text(), sorted(file.name for file in tmp_path.iterdir())) == (before, [".env", "key"])


def test_file_of_a_foreign_group_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = prepare(tmp_path, "key")
    owner = path.stat()
    monkeypatch.setattr(os, "geteuid", lambda: owner.st_uid or 1)
    monkeypatch.setattr(os, "getegid", lambda: owner.st_gid + 1)
    monkeypatch.setattr(os, "getgroups", list)

    with pytest.raises(UnreadableFileError, match="belongs to another user or group"):
        require_replaceable(path)


@pytest.mark.parametrize("target", TARGETS)
def test_leftover_of_a_killed_process_is_replaced(tmp_path: Path, target: str) -> None:
    path, environ = prepare(tmp_path, target)
    leftover = path.with_name(f"{path.name}.new")
    leftover.write_text("leftover")
    leftover.chmod(0o666)
    (tmp_path / "elsewhere").write_text("kept")

    write_variables(NEXT, environ, tmp_path)

    assert not leftover.exists()
    assert read_environment(environ, tmp_path)["JWT_NEXT_KEY"] == SECRET[::-1]


def test_leftover_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    path, _ = prepare(tmp_path, "key")
    (tmp_path / "elsewhere").write_text("kept")
    (tmp_path / "key.new").symlink_to("elsewhere")

    replace_file(path, "new")

    assert (path.read_text(), (tmp_path / "elsewhere").read_text()) == ("new", "kept")


@pytest.mark.parametrize("target", TARGETS)
def test_link_stays_a_link(tmp_path: Path, target: str) -> None:
    path, environ = prepare(tmp_path, target)
    (tmp_path / "real").mkdir()
    path.rename(tmp_path / "real" / "file")
    path.symlink_to("real/file")

    write_variables(NEXT, environ, tmp_path)

    assert path.is_symlink()
    assert read_environment(environ, tmp_path)["JWT_NEXT_KEY"] == SECRET[::-1]
    assert [file.name for file in (tmp_path / "real").iterdir()] == ["file"]


def test_file_that_cannot_be_replaced_is_named_and_unchanged(tmp_path: Path) -> None:
    path, _ = prepare(tmp_path, "key")
    (tmp_path / "key.new").mkdir()

    with pytest.raises(UnreadableFileError) as raised:
        replace_file(path, "new")

    assert str(raised.value).startswith(f"{path} cannot be replaced: ")
    assert path.read_text() == ""


def test_new_file_is_removed_after_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = prepare(tmp_path, "key")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UnreadableFileError, match="cannot be replaced: no space left on device"):
        replace_file(path, "new")

    assert sorted(file.name for file in tmp_path.iterdir()) == [".env", "key"]


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("", "v", "A='v'\n"),
        ("B=1", "v", "B=1\nA='v'\n"),
        ("A=1\nB=2\n", "v", "A='v'\nB=2\n"),
        ("# ours\n\nA=1 # old\n\nB=2\n", "v", "# ours\n\nA='v'\n\nB=2\n"),
        ("A=1\nB=2\n", "", "B=2\n"),
        ("B=2\n", "", "B=2\n"),
        ('A="1\n2"\nB=2', "it's \\n", "A='it\\'s \\n'\nB=2"),
        ("B=1\r\nC=2\r\n", "v", "B=1\r\nC=2\r\nA='v'\n"),
    ],
)
def test_only_the_line_of_the_variable_changes(before: str, value: str, after: str) -> None:
    assert with_variable(before, "A", value) == after


def test_written_pem_key_is_also_read_by_shells(tmp_path: Path) -> None:
    """Docker Compose and systemd read single quotes as shells do."""
    key = r"-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----"
    (tmp_path / ".env").write_text(with_variable("", "JWT_NEXT_KEY", key))

    shell = subprocess.run(
        ["/bin/sh", "-c", '. ./.env && printf %s "$JWT_NEXT_KEY"'], cwd=tmp_path, capture_output=True, check=True
    )

    assert shell.stdout.decode() == key
    assert read_environment({}, tmp_path)["JWT_NEXT_KEY"] == key


@pytest.mark.parametrize("value", [r"a\b", "a\\", r"a\\b", r"a\'b", r"\\\n", "'", "\\\\'"])
def test_backslashes_survive_the_env_file(tmp_path: Path, value: str) -> None:
    (tmp_path / ".env").write_text(with_variable("A='1'\nB=2\n", "A", value))

    assert read_environment({}, tmp_path)["A"] == value
    assert read_environment({}, tmp_path)["B"] == "2"
