"""Print tables with columns as wide as their longest cell."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import click

from auth_api.kit.clock import rfc3339


def print_table(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """Print the names of the columns and the rows."""
    lines = [tuple(columns), *(tuple(map(_text, row)) for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _text(value: object) -> str:
    """Return a value as one line, without control characters, which could come from a client (CWE-150)."""
    if isinstance(value, datetime):
        text = rfc3339(value)
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    else:
        text = "-" if value is None else str(value)
    return "".join(character if character.isprintable() else "?" for character in text)
