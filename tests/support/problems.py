"""The required form of a problem document, independent of the implementation."""

import re
from typing import Any, Final

import httpx

_TIMESTAMP: Final = re.compile(r"20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{3}Z")
_INTERNALS: Final = re.compile(
    r"traceback|\.py\b|site-packages|/tmp/|/home/|select |insert |litestar|msgspec|piccolo|asyncpg|sqlite|uvicorn",
    re.IGNORECASE,
)
_FIELDS: Final = ("type", "title", "status", "detail", "error_code", "status_code", "timestamp", "request_id")

_MEMBERS: Final = {
    "STEP_UP_REQUIRED": ("acr_values", "max_age", "methods", "enrolment"),
    "CROSS_SITE_REQUEST": ("rule",),
}
"""Further members by code."""


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Assert that a response is a complete problem document with this status and code, and return the document."""
    problem: dict[str, Any] = response.json()
    assert (response.status_code, problem["error_code"]) == (status, code)
    assert response.headers.get_list("content-type") == ["application/problem+json"]
    assert response.headers.get_list("x-request-id") == [problem["request_id"]]
    assert set(problem) - {"errors"} == {*_FIELDS, *_MEMBERS.get(code, ())}
    assert problem["type"] == f"/errors/{code}"
    assert problem["status"] == problem["status_code"] == status
    assert problem["title"] == problem["detail"]
    assert _TIMESTAMP.fullmatch(problem["timestamp"])
    assert _INTERNALS.findall(response.text) == []
    return problem
