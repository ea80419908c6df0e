"""What a client would rather have, by RFC 9110 §12.5.1."""

import pytest

from auth_api.kit.http.accept import quality

pytestmark = pytest.mark.engine_independent


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", 1),
        ("text/html", 1),
        ("TEXT/HTML", 1),
        ("text/*;q=0.5", 0.5),
        ("*/*;q=0.25", 0.25),
        ("application/json", 0),
        ("text/html;q=0", 0),
        ("*/*, text/html;q=0", 0),
        ("text/html;q=0.1, text/*;q=0.9, */*", 0.1),
        ("application/xml, text/html ; charset=utf-8 ; q=0.75", 0.75),
        ("text/html;Q=0.3", 0.3),
    ],
)
def test_the_range_that_names_a_type_most_exactly_decides(accept: str, expected: float) -> None:
    assert quality(accept, "text/html") == expected


@pytest.mark.parametrize("accept", ["nonsense", "/", ",,", "text", "text/html/x", "\x00", "a/b c"])
def test_what_is_no_range_is_passed_over(accept: str) -> None:
    assert quality(accept, "text/html") == 1
    assert quality(f"{accept}, */*;q=0.5", "text/html") == 0.5


@pytest.mark.parametrize("weight", ["2", "-1", "nan", "1e9", "0.12345", ""])
def test_a_weight_that_is_none_counts_as_one(weight: str) -> None:
    assert quality(f"text/html;q={weight}", "text/html") == 1


def test_no_weight_is_more_than_one() -> None:
    assert quality("text/html;q=1.999", "text/html") == 1


def test_a_long_header_takes_no_long_time() -> None:
    assert quality("text/html" + ";a" * 8000, "text/html") == 1
    assert quality("a/b" + ";" * 16000, "text/html") == 0
