"""Write docs/errors.md from the error classes: `python -m tests.support.errors_page DOCUMENT`."""

import sys
from itertools import groupby
from pathlib import Path

import msgspec

from auth_api.features import ERRORS
from auth_api.web.errors.schemas import description_of

HEAD = """# Errors

Every error response is a problem document (RFC 9457). Decide by its `error_code`: a code never changes its meaning.
Later versions add codes; handle an unknown one by its HTTP status. `type` is the URL of the error's description on the
server itself; `/errors` lists all of them, as an HTML page or as JSON, depending on `Accept`. Outside of `/api`,
`/health` and `/.well-known`, errors are HTML pages for clients that prefer HTML; under `/account`, for all clients that
do not prefer JSON. The header `X-Error-Code` of such a page has the code.

```http
{example}
```

`VALIDATION_ERROR` and `WEAK_PASSWORD` also have `errors`, a list of all invalid fields: `field`, a `code` for programs
and a `message` for people.

`make docs` generates this page from the error classes.
"""

EXAMPLE_CODE = "TOKEN_EXPIRED"


def errors_page() -> str:
    """Return the page."""
    described = [description_of(kind) for kind in ERRORS]
    (shown,) = [error for error in described if error.error_code == EXAMPLE_CODE]
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
        table = "\n".join(["| `error_code` | meaning | what the client should do |", "| --- | --- | --- |", *rows])
        parts.append(f"## {same[0].status} {same[0].reason}\n\n{table}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(errors_page(), encoding="utf-8")
