"""Writes what `make torture` measured into docs/reliability.md: `python -m tests.faults.matrix RESULTS DOCUMENT`."""

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Final

BEGIN: Final = "<!-- measured by make torture -->\n"
END: Final = "<!-- end -->"

FAULTS: Final = {
    "FT1": "database down at the start",
    "FT2": "database killed or stopped under load",
    "FT3": "database slow, frozen or behind a dead network; a row locked",
    "FT4": "all connections cut; server restarted five times",
    "FT5": "primary demoted to read-only",
    "FT6": "connection cut between COMMIT and its answer",
    "FT7": "everything at once that locks one account",
    "FT8": "SQLite locked by another process for 0.5, 3 and 30 s",
    "FT9": "disk full, for database and log",
    "FT10": "SQLite file moved away, missing, empty, damaged",
    "FT11": "all processes killed in the middle of everything",
    "FT12": "all processes killed after a rotation, before its answer",
    "FT13": "two instances replaced one after the other under load",
    "FT14": "one worker killed",
    "FT18": "clock jumps by an hour; nodes a minute apart",
    "FT19": "2 and 20 refreshes of one token at once",
    "FT20": "50 registrations of one address at once",
    "FT21": "ten times the pool, 0.2 s per round trip",
    "FT22": "1,000 who dawdle over a head, 100 who pour bodies without end",
    "FT23": "ten times the logins that can be checked",
    "FT24": "the signing key replaced in a rolling deployment",
    "FT25": "tables change under the running version, two migrate at once",
    "FT27": "nobody reads the log",
    "FT28": "1,000 clients hang up",
    "FT29": "1,000 bad requests",
    "FT30": "an old backup is put back",
}

_ENGINES: Final = {"postgres": "PostgreSQL", "sqlite": "SQLite"}
_TOLD_ELSEWHERE: Final = {"row", "engine", "workers", "seen", "acknowledged", "recovery", "lost", "outcome", "fault"}


def table(measurements: list[dict[str, Any]]) -> str:
    """Return one line per row of the matrix, over all engines and numbers of workers."""
    by_row: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for measured in measurements:
        by_row[measured["row"]].append(measured)
    lines = [
        "| row | fault | on | seen | acknowledged | back within | lost |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row, fault in FAULTS.items():
        if row in by_row:
            lines.append(f"| {row} | {fault} | " + " | ".join(_cells(by_row[row])) + " |")
    return "\n".join(lines) + "\n"


def _cells(measured: list[dict[str, Any]]) -> list[str]:
    engines = [name for key, name in _ENGINES.items() if any(one["engine"] == key for one in measured)]
    workers = sorted({one["workers"] for one in measured})
    seen: Counter[str] = Counter()
    for one in measured:
        for outcome, count in one["seen"].items():
            seen[_told(outcome)] += count
    told = [f"{count:,} x {outcome}" for outcome, count in sorted(seen.items())]
    told += dict.fromkeys(one["outcome"] for one in measured if one.get("outcome"))
    told += [
        f"{name.replace('_', ' ')} {_values(measured, name)}"
        for name in dict.fromkeys(name for one in measured for name in one)
        if name not in _TOLD_ELSEWHERE
    ]
    recoveries = [one["recovery"] for one in measured if one.get("recovery") is not None]
    acknowledged = sum(one.get("acknowledged") or 0 for one in measured)
    return [
        f"{' and '.join(engines)}, {' and '.join(map(str, workers))} workers",
        "; ".join(told),
        f"{acknowledged:,}" if acknowledged else "",
        f"{max(recoveries):.1f} s" if recoveries else "",
        str(sum(one["lost"] for one in measured)),
    ]


def _told(outcome: str) -> str:
    """The crowd expects 401 of what was revoked or deleted, and of nothing else."""
    if outcome.startswith("2"):
        return "2xx"
    return "401 for what was revoked" if outcome.startswith("401") else outcome


def _values(measured: list[dict[str, Any]], name: str) -> str:
    values = sorted({one[name] for one in measured if name in one}, key=str)
    return " to ".join(dict.fromkeys([str(values[0]), str(values[-1])]))


def main(results: Path, document: Path) -> None:
    """Put the table between the marks of the document."""
    measurements = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    before, _, rest = document.read_text(encoding="utf-8").partition(BEGIN)
    document.write_text(before + BEGIN + table(measurements) + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
