"""Draw the results as bars, in SVG."""

from collections.abc import Sequence
from html import escape
from typing import Final

from benchmarks.contestants import PROFILE, REFRESH
from benchmarks.measuring import SATURATED
from benchmarks.targets import OURS_TWICE, Results

_WIDTH: Final = 860
_LABEL: Final = 230
_LONGEST: Final = 480
_ROW: Final = 26

Bar = tuple[str, float]


def draw(results: Results) -> str:
    """Return the SVG document, with one group of bars per workload."""
    groups = (
        ("Session-checked profile, responses per second on one core: more is better", _bars(results, PROFILE, "rate")),
        ("Refresh, responses per second on one core: more is better", _bars(results, REFRESH, "rate")),
        ("Profile while logins saturate the core, p99 in ms: less is better", _bars(results, SATURATED, "p99")),
    )
    parts, y = [], 34
    for title, bars in groups:
        if bars:
            parts.append(f'<text class="title" x="20" y="{y}">{escape(title)}</text>')
            parts += _group(bars, y + 14)
            y += len(bars) * _ROW + 56
    style = (
        "text{font:14px system-ui,sans-serif;fill:#24292f}.title{font-weight:600}"
        ".ours{fill:#1f6feb}.other{fill:#9aa4af}"
        "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.other{fill:#6e7681}}"
    )
    size = f'viewBox="0 0 {_WIDTH} {y}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="Benchmark results">'
    return "\n".join([head, f"<style>{style}</style>", *parts, "</svg>", ""])


def _bars(results: Results, workload: str, number: str) -> list[Bar]:
    """Return the numbers of the contestants on one core without the floors, the best one first."""
    bars = [
        (each.name, float(getattr(each, number)))
        for each in results.measurements
        if each.workload == workload and each.name != OURS_TWICE and not each.name.startswith("floor")
    ]
    return sorted(bars, key=lambda bar: bar[1], reverse=number == "rate")


def _group(bars: Sequence[Bar], y: int) -> list[str]:
    most, parts = max(value for _, value in bars), []
    for row, (name, value) in enumerate(bars):
        top = y + row * _ROW
        kind = "ours" if name.startswith("auth_api") else "other"
        length = max(2, round(value / most * _LONGEST))
        shown = f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"  # noqa: PLR2004 - three significant digits
        parts.append(f'<text x="{_LABEL - 10}" y="{top + 14}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect class="{kind}" x="{_LABEL}" y="{top}" width="{length}" height="18" rx="2"/>')
        parts.append(f'<text x="{_LABEL + length + 8}" y="{top + 14}">{shown}</text>')
    return parts
