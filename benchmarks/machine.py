"""Pin processes to processors, and read what they and other programs use."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_AVAILABLE: Final = sorted(os.sched_getaffinity(0))

SERVER_CORE: Final = {_AVAILABLE[0]}
"""The processor of the measured server."""

OTHER_CORES: Final = set(_AVAILABLE[1:]) or SERVER_CORE
"""The processors of the client and of PostgreSQL."""

TWO_CORES: Final = set(_AVAILABLE[:2])


def pinned(command: list[str], cores: Iterable[int]) -> list[str]:
    """Return the command that runs this command on these processors only."""
    return ["taskset", "--cpu-list", ",".join(map(str, sorted(cores))), *command]


def family(pid: int) -> list[int]:
    """Return the ids of a process and of all its descendants."""
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
    """Return the processor time of a process, in user and system mode."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0


def proportional_memory(pid: int) -> float:
    """Return the proportional set size (PSS) of a process in megabytes."""
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
    """Return the fields of /proc/PID/stat after the name: state, parent, …; an empty list if the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


@dataclass(frozen=True)
class Usage:
    """What a server used during a measurement.

    Attributes:
        seconds: processor time by process.
        wall: elapsed seconds.
        others_share: share of the server's processors that other programs used.
    """

    seconds: dict[int, float]
    wall: float
    others_share: float

    @property
    def total(self) -> float:
        """Processor time of all processes, in seconds."""
        return sum(self.seconds.values())

    @property
    def busiest(self) -> float:
        """Processor time of the process that used most, in seconds."""
        return max(self.seconds.values())


class Meter:
    """Measures the processor time of a server's processes from its creation on."""

    def __init__(self, pid: int, cores: Iterable[int]) -> None:
        self._pids = family(pid)
        self._cores = set(cores)
        self._began = time.monotonic()
        self._before = self._read()
        self._busy_before = self._busy()

    def read(self) -> Usage:
        """Return what was used since the creation."""
        seconds = {
            pid: max(0.0, after - self._before[pid]) for pid, after in self._read().items()
        }  # 0: the process has ended
        wall = time.monotonic() - self._began
        others_share = (self._busy() - self._busy_before - sum(seconds.values())) / (wall * len(self._cores))
        return Usage(seconds, wall, max(0.0, others_share))

    def _read(self) -> dict[int, float]:
        return {pid: processor_seconds(pid) for pid in self._pids}

    def _busy(self) -> float:
        """Return the seconds that these processors were busy, including time stolen by the host."""
        ticks = 0
        for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
            name, *fields = line.split()
            if name.removeprefix("cpu").isdigit() and int(name[3:]) in self._cores:
                user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[:8])
                ticks += user + nice + system + irq + softirq + steal
        return ticks / _TICKS
