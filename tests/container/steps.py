"""Runs the Dockerfile without Docker: `python -m tests.container.steps` (Linux, as root; see `make container-steps`).

Each stage is an overlay of this machine's files, with a Python in the place of the base image's (CONTAINER_PYTHON names
another one than python3.13); every RUN, COPY, ENV, USER and WORKDIR is done in it, as written. The result is then
started as the image would be: its entry point as process 1 of its own, with the image's user, on a read-only root, with
`/data` as the volume.

What this cannot show: that the base image can be pulled and has what the steps need, layers and their cache, and that
an engine applies HEALTHCHECK and VOLUME.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from tests.container.trial import try_out

REPOSITORY: Final = Path(__file__).parent.parent.parent
MARK: Final = "CONTAINER_STEPS_NAMESPACE"


@dataclass
class Image:
    """What instructions have made so far: a root, and how processes start in it."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    user: str = "root"
    folder: str = "/"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def run(self, command: list[str], env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command in it, to its end."""
        chroot = ["chroot", f"--userspec={self.user}", str(self.root), "/usr/bin/env", "-C", self.folder]
        return subprocess.run([*chroot, *command], env={**self.env, **(env or {})}, check=False, text=True)


def instructions(text: str) -> list[tuple[str, str]]:
    """Split a Dockerfile: comments gone, continued lines joined."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(word, rest.strip()) for line in joined.splitlines() if line for word, _, rest in [line.partition(" ")]]


def context(folder: Path) -> Path:
    """Copy what `.dockerignore` lets through."""
    rules = [line for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    kept = [rule[1:] for rule in rules if rule.startswith("!")]
    dropped = [rule for rule in rules if rule[0] not in "!*" or rule.startswith("**/")]

    def ignored(parent: str, names: list[str]) -> set[str]:
        relative = Path(parent).relative_to(REPOSITORY)
        return {
            name
            for name in names
            for rule in dropped
            if (fnmatch(name, rule[3:]) and rule.startswith("**/")) or fnmatch(str(relative / name), rule)
        }

    for name in kept:
        source, target = REPOSITORY / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy2(source, target)
    return folder


def base_image(folder: Path) -> Path:
    """Return what lies over this machine's files in every stage: the interpreter, where the base image has it."""
    python = os.environ.get("CONTAINER_PYTHON", "python3.13")
    ask = [python, "-c", "import sys; print(sys.base_prefix, sys.version_info.minor)"]
    prefix, minor = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.split()
    shutil.copytree(prefix, folder / "usr" / "local", symlinks=True)
    python_link = folder / "usr/local/bin/python"
    python_link.unlink(missing_ok=True)
    python_link.symlink_to(f"python3.{minor}")
    return folder


def build(space: Path) -> Image:  # noqa: C901, PLR0912 - a case for each instruction
    """Do all instructions, and return the last stage."""
    files = context(space / "context")
    base = base_image(space / "base")
    stages: dict[str, Image] = {}
    image = Image(space)
    for word, rest in instructions((REPOSITORY / "Dockerfile").read_text()):
        print(f"\n--- {word} {rest}", flush=True)
        match word:
            case "FROM":
                _, _, name = rest.partition(" AS ")
                image = Image(overlay(space / f"stage{len(stages)}", base), env=dict(BASE))
                stages[name or f"stage{len(stages)}"] = image
            case "ENV":
                for pair in shlex.split(rest):
                    variable, _, value = pair.partition("=")
                    image.env[variable] = value.replace("$PATH", image.env["PATH"])
            case "WORKDIR":
                image.folder = rest
                (image.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
            case "RUN":
                image.run(["/bin/sh", "-c", rest]).check_returncode()
            case "COPY":
                copy(rest, image, files, stages)
            case "USER":
                image.user = rest
            case "ENTRYPOINT":
                image.entrypoint = json.loads(rest)
            case "CMD":
                image.command = json.loads(rest)
            case "HEALTHCHECK":
                image.health = json.loads(rest.partition("CMD ")[2])
            case "VOLUME" | "EXPOSE":
                pass  # the engine's business
            case _:
                message = f"{word} is not known here"
                raise ValueError(message)
    return image


BASE: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LD_LIBRARY_PATH": "/usr/local/lib"}
"""As the base image has it; the libraries stand there in the linker's cache."""


def overlay(folder: Path, base: Path) -> Path:
    """Mount a copy-on-write view of this machine's files, with the interpreter over them."""
    for name in ("upper", "work", "root"):
        (folder / name).mkdir(parents=True)
    root = folder / "root"
    options = f"lowerdir={base}:/,upperdir={folder / 'upper'},workdir={folder / 'work'}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, root], check=True)
    for name in ("proc", "dev"):
        subprocess.run(["mount", "--rbind", f"/{name}", root / name], check=True)
    return root


def copy(arguments: str, image: Image, files: Path, stages: Mapping[str, Image]) -> None:
    """Copy from the context or from another stage."""
    source, target = (part for part in arguments.split() if not part.startswith("--"))
    origin = re.match(r"--from=(\S+)", arguments)
    whence = (stages[origin[1]].root if origin else files) / source.lstrip("/")
    where = image.root / os.path.normpath(f"{image.folder}/{target}" if target[0] != "/" else target).lstrip("/")
    if whence.is_dir():
        shutil.copytree(whence, where, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy2(whence, where)


def main() -> None:
    """Enter a mount namespace of our own, so that nothing is left mounted; then build and try."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        sys.exit("This needs Linux and root: it mounts overlays, in a namespace of its own.")
    if MARK not in os.environ:
        command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-m", "tests.container.steps"]
        os.execvpe(command[0], command, {**os.environ, MARK: "entered"})  # noqa: S606 - this very program
    with tempfile.TemporaryDirectory(prefix="container-steps-") as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder], check=True)
        try:
            (Path(folder) / "context").mkdir()
            try_out(build(Path(folder)), Path(folder))
        finally:
            subprocess.run(["umount", "--recursive", "--lazy", folder], check=True)


if __name__ == "__main__":
    main()
