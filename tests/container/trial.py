"""Start a built image as a container engine would, and check its promises."""

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

MISSING_FLAGS: Final = ("avx2", "bmi2")
"""Flags of x86-64-v3 that a processor of 2012 does not have."""

ARBITRARY_USER: Final = "1000650000:0"
"""As OpenShift starts images."""

_MEASURE: Final = """
import time, argon2
hasher = argon2.PasswordHasher(2, 19456, 1)
def seconds():
    began = time.process_time(); hasher.hash("x"); return time.process_time() - began
print(round(1000 * min(seconds() for _ in range(15)), 1))
"""


class Image(Protocol):
    """The attributes that this module needs of `tests.container.steps.Image`."""

    root: Path
    env: dict[str, str]
    user: str
    folder: str
    entrypoint: list[str]
    command: list[str]
    health: list[str]


def try_out(image: Image, space: Path) -> None:
    """Start the image twice, and print the result of each check.

    Raises:
        AssertionError: a check failed.
    """
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", image.root / "data"], check=True)
    # A volume gets owner and permissions of the folder in the image.
    subprocess.run(["chroot", image.root, "chown", image.user, "/data"], check=True)
    (image.root / "data").chmod(0o770)
    subprocess.run(["mount", "-o", "remount,ro", image.root], check=True)
    check("the root is read-only", inside(image, ["touch", "/x"]).returncode != 0)
    check("the user is not root", inside(image, ["id", "-u"]).stdout.strip() != "0")
    check("pip is not installed", inside(image, ["python", "-c", "import pip"]).returncode != 0)

    port = str(free_port())
    image.env["PORT"] = port
    for times, workers in enumerate(("1", "2")):
        with started(image, WORKERS=workers) as process:
            until_healthy(image)
            check(f"{workers} worker(s): the health check succeeds", True)
            status = post(port, "register" if times == 0 else "login")
            check(
                "an account is registered" if times == 0 else "the account exists after a restart", status in {200, 201}
            )
            began = time.monotonic()
            os.kill(child_of(process.pid), signal.SIGTERM)
            status = process.wait(30)
            check(f"SIGTERM to process 1 ends it with status 0 in {time.monotonic() - began:.1f} s", status == 0)
        check("the health check fails when the server is stopped", inside(image, image.health).returncode != 0)

    try_other_users(image, port)
    own = python_path(image)
    old = python_path(image, cpuinfo_without(space, image, MISSING_FLAGS))
    print(f"      argon2 on this processor is imported from: {own or 'the wheel'}")
    check(f"argon2 on a processor without {', '.join(MISSING_FLAGS)} is imported from the wheel", not old)
    for name, path in (("x86-64-v3", "/opt/x86-64-v3"), ("any x86-64", "")):
        milliseconds = inside(image, ["python", "-c", _MEASURE], PYTHONPATH=path).stdout.strip()
        print(f"      argon2 compiled for {name}: {milliseconds} ms of processor time per hash (best of 15)")


def try_other_users(image: Image, port: str) -> None:
    """Start the image with user ids that it does not know."""
    own = image.user
    try:
        image.user = ARBITRARY_USER
        with started(image, DATABASE_URL="sqlite:///./other.db"):
            until_healthy(image)
            check("an arbitrary user id of group 0 can create its database", post(port, "register") == 201)
        image.user = "root"
        command = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", "auth-api", "keys", "list"]
        done = inside(image, command, JWT_SECRET_KEY="9fK2-vQ7x_Lw4Rz8Tn1Yc6Hb3Jd5Gm0Ps")
        check(f"a user that may not enter /data has no .env {done.stderr}", done.returncode == 0)
    finally:
        image.user = own


def check(promise: str, holds: bool) -> None:
    """Print whether a promise holds, and stop if it does not.

    Raises:
        AssertionError: the promise does not hold.
    """
    print(f"{'ok  ' if holds else 'FAIL'}  {promise}", flush=True)
    if not holds:
        raise AssertionError(promise)


def inside(image: Image, command: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command as `docker exec` would."""
    chroot = ["chroot", f"--userspec={image.user}", str(image.root), "/usr/bin/env", "-C", image.folder]
    return subprocess.run(
        [*chroot, *command], env={**image.env, **env}, check=False, text=True, capture_output=True, timeout=60
    )


@contextmanager
def started(image: Image, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the entry point as process 1 of a new namespace."""
    namespace = ["unshare", "--pid", "--fork", "--kill-child", "chroot", f"--userspec={image.user}", str(image.root)]
    command = [*namespace, "/usr/bin/env", "-C", image.folder, *image.entrypoint, *image.command]
    process = subprocess.Popen(command, env={**image.env, **env}, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until_healthy(image: Image) -> None:
    """Wait until the health check of the image succeeds."""
    end = time.monotonic() + 30
    while inside(image, image.health).returncode != 0:
        if time.monotonic() > end:
            check("the health check succeeds", False)
        time.sleep(0.2)


def child_of(pid: int) -> int:
    """Return the first process of a namespace."""
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
    check(f"the entry point ends with status {done.returncode}{done.stderr}", done.returncode == 0)
    return done.stdout.strip()


def cpuinfo_without(space: Path, image: Image, flags: tuple[str, ...]) -> Path:
    """Write a copy of /proc/cpuinfo without some flags, and return its path."""
    text = (image.root / "proc" / "cpuinfo").read_text()
    for flag in flags:
        text = text.replace(f" {flag} ", " ")
    path = space / "cpuinfo"
    path.write_text(text)
    return path
