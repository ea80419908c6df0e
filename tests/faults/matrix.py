"""Write the measurements of `make torture` into docs/reliability.md: `python -m tests.faults.matrix RESULTS PAGE`."""

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
    "FT3": "database slow, frozen or unreachable; a row locked",
    "FT4": "all connections cut; server restarted five times",
    "FT5": "primary demoted to read-only",
    "FT6": "connection cut between COMMIT and its response",
    "FT7": "concurrent requests that lock one user",
    "FT8": "SQLite locked by another process for 0.5, 3 and 30 s",
    "FT9": "disk full, for database and log",
    "FT10": "SQLite file moved away, missing, empty, damaged",
    "FT11": "all processes killed under load",
    "FT12": "all processes killed between a rotation and its response",
    "FT13": "rolling restart of two instances under load",
    "FT14": "one worker killed",
    "FT18": "clock jumps by an hour; clocks of two nodes differ by a minute",
    "FT19": "2 and 20 parallel refreshes of one token",
    "FT20": "50 parallel registrations of one e-mail address",
    "FT21": "ten times as many logins as connections, 0.2 s per round trip",
    "FT22": "1,000 clients with slow headers, 100 bodies without end",
    "FT23": "ten times the logins that can be hashed",
    "FT24": "signing key replaced in a rolling deployment",
    "FT25": "tables changed under load, two parallel migrations",
    "FT27": "log not read",
    "FT28": "1,000 clients disconnect",
    "FT29": "1,000 bad requests",
    "FT30": "an old backup restored",
    "FT31": "one code, recovery code, passkey assertion or confirmation sent 50 times at once; 30 guesses",
    "FT32": "all processes killed between the factors of logins",
    "FT33": "database away between the factors of a login, or the response to COMMIT lost",
    "FT34": "codes of applications redeemed in parallel, while workers are killed",
    "FT35": "refresh tokens of applications used in parallel, while workers are killed",
    "FT36": "10,001 authorizations without offline access, two days later and logged out",
}

_ENGINES: Final = {"postgres": "PostgreSQL", "sqlite": "SQLite"}
_OTHER_COLUMNS: Final = {"row", "engine", "workers", "seen", "acknowledged", "recovery", "lost", "outcome", "fault"}


def table(measurements: list[dict[str, Any]]) -> str:
    """Return the matrix as a Markdown table, one line per row over all engines and numbers of workers."""
    by_row: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for measured in measurements:
        by_row[measured["row"]].append(measured)
    lines = [
        "| row | fault | setup | responses | acknowledged | recovered within | lost |",
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
            seen[_described(outcome)] += count
    described = [f"{count:,} x {outcome}" for outcome, count in sorted(seen.items())]
    described += dict.fromkeys(one["outcome"] for one in measured if one.get("outcome"))
    described += [
        f"{name.replace('_', ' ')} {_values(measured, name)}"
        for name in dict.fromkeys(name for one in measured for name in one)
        if name not in _OTHER_COLUMNS
    ]
    recoveries = [one["recovery"] for one in measured if one.get("recovery") is not None]
    acknowledged = sum(one.get("acknowledged") or 0 for one in measured)
    return [
        f"{' and '.join(engines)}, {' and '.join(map(str, workers))} workers",
        "; ".join(described),
        f"{acknowledged:,}" if acknowledged else "",
        f"{max(recoveries):.1f} s" if recoveries else "",
        str(sum(one["lost"] for one in measured)),
    ]


def _described(outcome: str) -> str:
    """Return the text of an outcome. Simulated users accept 401 only for revoked sessions and deleted users."""
    if outcome.startswith("2"):
        return "2xx"
    return "401 for a revoked session" if outcome.startswith("401") else outcome


def _values(measured: list[dict[str, Any]], name: str) -> str:
    values = sorted({one[name] for one in measured if name in one}, key=str)
    return " to ".join(dict.fromkeys([str(values[0]), str(values[-1])]))


def main(results: Path, page: Path) -> None:
    """Replace the table between the markers of the page."""
    measurements = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    page.write_text(before + BEGIN + table(measurements) + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
