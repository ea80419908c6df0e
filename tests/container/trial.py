"""Starts a built image as an engine would, and looks at what it promises."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from tests.support.processes import free_port

NARROW: Final = ("avx2", "bmi2")
"""What a processor of 2012 lacks."""

_MEASURE: Final = """
import time, argon2
hasher = argon2.PasswordHasher(2, 19456, 1)
def seconds():
    began = time.process_time(); hasher.hash("x"); return time.process_time() - began
print(round(1000 * min(seconds() for _ in range(15)), 1))
"""


class Image(Protocol):
    """See `tests.container.steps`."""

    root: Path
    env: dict[str, str]
    user: str
    folder: str
    entrypoint: list[str]
    command: list[str]
    health: list[str]


def try_out(image: Image, space: Path) -> None:
    """Start the image twice, and print what was seen. Raises an AssertionError where a promise is broken."""
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", image.root / "data"], check=True)
    subprocess.run(["chroot", image.root, "chown", f"{image.user}:", "/data"], check=True)
    subprocess.run(["mount", "-o", "remount,ro", image.root], check=True)
    tell("the root is read-only", inside(image, ["touch", "/x"]).returncode != 0)
    tell("the user is no root", inside(image, ["id", "-u"]).stdout.strip() != "0")
    tell("there is no pip", inside(image, ["python", "-c", "import pip"]).returncode != 0)

    port = str(free_port())
    image.env["PORT"] = port
    for times, workers in enumerate(("1", "2")):
        with started(image, WORKERS=workers) as process:
            until_healthy(image)
            tell(f"{workers} worker(s): the health check succeeds", healthy=True)
            status = post(port, "register" if times == 0 else "login")
            tell("an account is made" if times == 0 else "and is there after a restart", status in {200, 201})
            began = time.monotonic()
            os.kill(child_of(process.pid), signal.SIGTERM)
            tell("SIGTERM to process 1 ends it with status 0 in {:.1f} s", process.wait(30) == 0, began)
        tell("the health check fails when nothing runs", inside(image, image.health).returncode != 0)

    wide, narrow = python_path(image), python_path(image, without(space, image, NARROW))
    print(f"      argon2 on this processor is imported from: {wide or 'the wheel'}")
    tell(f"argon2 on a processor without {', '.join(NARROW)} is imported from the wheel", not narrow)
    for name, path in (("x86-64-v3", "/opt/x86-64-v3"), ("any x86-64", "")):
        milliseconds = inside(image, ["python", "-c", _MEASURE], PYTHONPATH=path).stdout.strip()
        print(f"      argon2 compiled for {name}: {milliseconds} ms of processor time a hash (best of 15)")


def tell(what: str, is_so: bool = False, began: float | None = None, *, healthy: bool = False) -> None:
    """Print what was seen; stop where it is not as promised."""
    if began is not None:
        what = what.format(time.monotonic() - began)
    print(f"{'ok  ' if is_so or healthy else 'FAIL'}  {what}", flush=True)
    if not (is_so or healthy):
        raise AssertionError(what)


def inside(image: Image, command: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command as `docker exec` would."""
    chroot = ["chroot", f"--userspec={image.user}", str(image.root), "/usr/bin/env", "-C", image.folder]
    return subprocess.run(
        [*chroot, *command], env={**image.env, **env}, check=False, text=True, capture_output=True, timeout=60
    )


@contextmanager
def started(image: Image, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the entry point as process 1 of a namespace of its own."""
    namespace = ["unshare", "--pid", "--fork", "--kill-child", "chroot", f"--userspec={image.user}", str(image.root)]
    command = [*namespace, "/usr/bin/env", "-C", image.folder, *image.entrypoint, *image.command]
    process = subprocess.Popen(command, env={**image.env, **env}, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until_healthy(image: Image) -> None:
    """Wait for the health check of the image."""
    end = time.monotonic() + 30
    while inside(image, image.health).returncode != 0:
        if time.monotonic() > end:
            tell("the health check succeeds")
        time.sleep(0.2)


def child_of(pid: int) -> int:
    """Return the process that a namespace began with."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def post(port: str, what: str) -> int:
    """Register or log in over HTTP."""
    fields = {"username": "ada", "password": "Correct-Horse-7-Staple"}
    body = fields | ({"email": "ada@example.com"} if what == "register" else {})
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/auth/{what}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310 - as above
        return int(response.status)


def python_path(image: Image, cpuinfo: Path | None = None) -> str:
    """Return the PYTHONPATH with which the entry point starts `auth-api`."""
    program = image.root / "data" / "auth-api"
    program.write_text('#!/bin/sh\necho "$PYTHONPATH"\n')
    program.chmod(0o755)
    target = image.root / "proc" / "cpuinfo"
    if cpuinfo is not None:
        subprocess.run(["mount", "--bind", cpuinfo, target], check=True)
    try:
        done = inside(image, image.entrypoint, PATH=f"/data:{image.env['PATH']}")
    finally:
        if cpuinfo is not None:
            subprocess.run(["umount", target], check=True)
        program.unlink()
    tell(f"the entry point ends with status {done.returncode}{done.stderr}", done.returncode == 0)
    return done.stdout.strip()


def without(space: Path, image: Image, flags: tuple[str, ...]) -> Path:
    """Return a /proc/cpuinfo of a processor that lacks some flags."""
    text = (image.root / "proc" / "cpuinfo").read_text()
    for flag in flags:
        text = text.replace(f" {flag} ", " ")
    path = space / "cpuinfo"
    path.write_text(text)
    return path
