"""Which processors who may use, what a process has used, and who else was busy meanwhile."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_AVAILABLE: Final = sorted(os.sched_getaffinity(0))

SERVER_CORE: Final = {_AVAILABLE[0]}
"""The one processor of a server under test."""

OTHER_CORES: Final = set(_AVAILABLE[1:]) or SERVER_CORE
"""Those of the client and of PostgreSQL."""

TWO_CORES: Final = set(_AVAILABLE[:2])


def pinned(command: list[str], cores: Iterable[int]) -> list[str]:
    """Return the command that runs this one on these processors alone."""
    return ["taskset", "--cpu-list", ",".join(map(str, sorted(cores))), *command]


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        fields = _stat(int(folder.name))
        if fields:
            parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found = [pid]
    for member in found:
        found += parents.get(member, [])
    return found


def processor_seconds(pid: int) -> float:
    """Return the time that one process has spent on processors, in user and in system mode."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0


def proportional_memory(pid: int) -> float:
    """Return the megabytes that a process has for itself, and its share of those it has in common (PSS)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def model() -> str:
    """Return the processor's name."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown"


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat that follow the name: state, parent, …; none for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


@dataclass(frozen=True)
class Usage:
    """What a server used while it was measured.

    Attributes:
        seconds: of processor time, by process.
        wall: seconds that passed.
        strangers: share of the server's processor that went to somebody else.
    """

    seconds: dict[int, float]
    wall: float
    strangers: float

    @property
    def total(self) -> float:
        """Seconds of all its processes."""
        return sum(self.seconds.values())

    @property
    def busiest(self) -> float:
        """Seconds of the process that used most."""
        return max(self.seconds.values())


class Meter:
    """Reads the clocks of a server's processes, at the beginning and at the end."""

    def __init__(self, pid: int, cores: Iterable[int]) -> None:
        self._pids = family(pid)
        self._cores = set(cores)
        self._began = time.monotonic()
        self._before = self._read()
        self._busy_before = self._busy()

    def read(self) -> Usage:
        """Return what was used since the beginning."""
        seconds = {pid: max(0.0, after - self._before[pid]) for pid, after in self._read().items()}  # 0: it is gone
        wall = time.monotonic() - self._began
        strangers = (self._busy() - self._busy_before - sum(seconds.values())) / (wall * len(self._cores))
        return Usage(seconds, wall, max(0.0, strangers))

    def _read(self) -> dict[int, float]:
        return {pid: processor_seconds(pid) for pid in self._pids}

    def _busy(self) -> float:
        """Return the seconds that these processors worked for anybody, or were taken away by the host."""
        ticks = 0
        for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
            name, *fields = line.split()
            if name.removeprefix("cpu").isdigit() and int(name[3:]) in self._cores:
                user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[:8])
                ticks += user + nice + system + irq + softirq + steal
        return ticks / _TICKS
