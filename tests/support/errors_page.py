"""Writes docs/errors.md from the error classes: `python -m tests.support.errors_page DOCUMENT`."""

import sys
from itertools import groupby
from pathlib import Path

import msgspec

from auth_api.errors import EVERY_ERROR
from auth_api.web.pages.schemas import description_of

HEAD = """# Errors

Every error, from whatever layer, is one JSON document after RFC 9457. Decide by its `error_code`: it never changes its
meaning. More codes may come; treat one you do not know by its status. The document's `type` leads to what stands here,
on the server itself: `/errors` for all of them, as a page or as JSON, whichever is asked for.

```http
{example}
```

`VALIDATION_ERROR` and `WEAK_PASSWORD` have `errors` as well, all that is wrong at once: `field`, a `code` for programs
and a `message` for people.

This page is made from the error classes by `make docs`.
"""

SHOWN = "TOKEN_EXPIRED"


def errors_page() -> str:
    """Return the whole page."""
    described = [description_of(kind) for kind in EVERY_ERROR]
    (shown,) = [error for error in described if error.error_code == SHOWN]
    example = "\n".join(
        [
            f"HTTP/1.1 {shown.status} {shown.reason}",
            "Content-Type: application/problem+json",
            *(f"{name}: {value}" for name, value in shown.headers.items()),
            "",
            msgspec.json.format(msgspec.json.encode(shown.example), indent=2).decode(),
        ]
    )
    parts = [HEAD.format(example=example)]
    for _, group in groupby(described, key=lambda error: error.status):
        same = list(group)
        rows = [f"| `{error.error_code}` | {error.meaning} | {error.remedy} |" for error in same]
        table = "\n".join(["| `error_code` | what it means | what a client does |", "| --- | --- | --- |", *rows])
        parts.append(f"## {same[0].status} {same[0].reason}\n\n{table}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(errors_page(), encoding="utf-8")
