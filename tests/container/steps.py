"""Run the Dockerfile without Docker: `python -m tests.container.steps` (Linux, as root; see `make container-steps`).

Each stage is an overlay over this machine's files, with python3.13 (or CONTAINER_PYTHON) in place of the base image's
Python. Every RUN, COPY, ENV, USER and WORKDIR is executed in it as written. The result is started like the image: its
entry point as process 1 of a namespace, with the image's user, on a read-only root, with `/data` as the volume.

Not covered: pulling the base image and its contents, layers and their cache, and how an engine applies HEALTHCHECK and
VOLUME.
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
    """The state of a stage: its root folder, and how processes start in it."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    user: str = "root"
    folder: str = "/"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def run(self, command: list[str], env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command in the stage and wait for its end."""
        chroot = ["chroot", f"--userspec={self.user}", str(self.root), "/usr/bin/env", "-C", self.folder]
        return subprocess.run([*chroot, *command], env={**self.env, **(env or {})}, check=False, text=True)


def instructions(text: str) -> list[tuple[str, str]]:
    """Split a Dockerfile into instructions and arguments, without comments and with continued lines joined."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(word, rest.strip()) for line in joined.splitlines() if line for word, _, rest in [line.partition(" ")]]


def context(folder: Path) -> Path:
    """Copy the files that `.dockerignore` includes into a folder, and return it."""
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
    """Copy the interpreter to where the base image has it, and return the folder to overlay in every stage."""
    python = os.environ.get("CONTAINER_PYTHON", "python3.13")
    command = [python, "-c", "import sys; print(sys.base_prefix, sys.version_info.minor)"]
    prefix, minor = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    shutil.copytree(prefix, folder / "usr" / "local", symlinks=True)
    python_link = folder / "usr/local/bin/python"
    python_link.unlink(missing_ok=True)
    python_link.symlink_to(f"python3.{minor}")
    return folder


def build(space: Path) -> Image:  # noqa: C901, PLR0912 - one case per instruction
    """Execute all instructions, and return the last stage."""
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
                pass  # applied by a container engine
            case _:
                message = f"Unknown instruction: {word}"
                raise ValueError(message)
    return image


BASE: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LD_LIBRARY_PATH": "/usr/local/lib"}
"""The base image's environment; there, the linker's cache knows the libraries."""


def overlay(folder: Path, base: Path) -> Path:
    """Mount a copy-on-write view of this machine's files with the interpreter on top, and return its root."""
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
    from_stage = re.match(r"--from=(\S+)", arguments)
    copied = (stages[from_stage[1]].root if from_stage else files) / source.lstrip("/")
    destination = image.root / os.path.normpath(f"{image.folder}/{target}" if target[0] != "/" else target).lstrip("/")
    if copied.is_dir():
        shutil.copytree(copied, destination, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy2(copied, destination)


def main() -> None:
    """Build and test the image in a new mount namespace, so that no mount remains."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        sys.exit("This command needs Linux and root: it mounts overlays in a new namespace.")
    if MARK not in os.environ:
        command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-m", "tests.container.steps"]
        os.execvpe(command[0], command, {**os.environ, MARK: "entered"})  # noqa: S606 - this program itself
    with tempfile.TemporaryDirectory(prefix="container-steps-") as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder], check=True)
        try:
            (Path(folder) / "context").mkdir()
            try_out(build(Path(folder)), Path(folder))
        finally:
            subprocess.run(["umount", "--recursive", "--lazy", folder], check=True)


if __name__ == "__main__":
    main()
