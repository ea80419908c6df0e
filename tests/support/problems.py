"""What an error envelope must look like, spelled out independently of the product."""

import re
from typing import Any, Final

import httpx

_TIMESTAMP: Final = re.compile(r"20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{3}Z")
_INNER_WORKINGS: Final = re.compile(
    r"traceback|\.py\b|site-packages|/tmp/|/home/|select |insert |litestar|msgspec|piccolo|asyncpg|sqlite|uvicorn",
    re.IGNORECASE,
)
_FIELDS: Final = ("type", "title", "status", "detail", "error_code", "status_code", "timestamp", "request_id")


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Hold an answer to the contract's envelope, down to the last field, and return it."""
    problem: dict[str, Any] = response.json()
    assert (response.status_code, problem["error_code"]) == (status, code)
    assert response.headers.get_list("content-type") == ["application/problem+json"]
    assert response.headers.get_list("x-request-id") == [problem["request_id"]]
    assert set(problem) - {"errors"} == set(_FIELDS)
    assert problem["type"] == f"/errors/{code}"
    assert problem["status"] == problem["status_code"] == status
    assert problem["title"] == problem["detail"]
    assert _TIMESTAMP.fullmatch(problem["timestamp"])
    assert _INNER_WORKINGS.findall(response.text) == []
    return problem
