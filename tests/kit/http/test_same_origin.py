"""cross_site_rule: only requests that a browser sent from a page of this server pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_api.kit.errors import CrossSiteRequestException
from auth_api.kit.http.same_origin import cross_site_rule
from auth_api.kit.metrics import CROSS_SITE_REFUSALS
from tests.support.generated_input import FUNCTION_EXAMPLES, cases

pytestmark = pytest.mark.engine_independent

OWN = "https://auth.example.com"

SITES = ["same-origin", "same-site", "cross-site", "none", "Same-Origin", "same-origin, same-origin", "", "x"]
ORIGINS = [
    OWN,
    "null",
    "",
    "https://evil.example",
    f"{OWN}:443",
    f"{OWN}:8443",
    f"{OWN}/",
    "http://auth.example.com",
    "https://auth.example.com.evil.example",
    "https://sub.auth.example.com",
    "https://AUTH.example.com",
    f"{OWN}, {OWN}",
    f"https://evil.example {OWN}",
]


def lines(*pairs: tuple[str, str]) -> list[tuple[bytes, bytes]]:
    others = [(b"host", b"auth.example.com"), (b"referer", OWN.encode()), (b"cookie", b"a=b")]
    return [*others, *((name.encode(), value.encode()) for name, value in pairs)]


def rule_of(*pairs: tuple[str, str]) -> str | None:
    return cross_site_rule(lines(*pairs), OWN)


def test_fetch_metadata_decides_if_the_request_has_it() -> None:
    for site in SITES:
        expected = None if site == "same-origin" else "cross_site"
        assert rule_of(("sec-fetch-site", site)) == expected, site
        assert rule_of(("sec-fetch-site", site), ("origin", OWN)) == expected, site
        assert rule_of(("origin", "null"), ("sec-fetch-site", site)) == expected, site


def test_origin_decides_for_browsers_without_fetch_metadata() -> None:
    for origin in ORIGINS:
        assert rule_of(("origin", origin)) == (None if origin == OWN else "origin_not_allowed"), origin


def test_request_without_both_headers_is_refused() -> None:
    assert rule_of() == "origin_missing"


def test_repeated_headers_are_refused_even_if_they_are_equal() -> None:
    site, origin = ("sec-fetch-site", "same-origin"), ("origin", OWN)

    assert rule_of(site, site) == "cross_site"
    assert rule_of(origin, origin) == "origin_not_allowed"
    assert rule_of(site, origin, origin) == "origin_not_allowed"
    assert rule_of(site, site, origin) == "cross_site"


@cases(FUNCTION_EXAMPLES)
@given(
    pairs=st.lists(
        st.tuples(st.just("sec-fetch-site"), st.sampled_from(SITES))
        | st.tuples(st.just("origin"), st.sampled_from(ORIGINS)),
        max_size=4,
    ),
)
def test_request_passes_only_with_one_header_that_names_this_origin(pairs: list[tuple[str, str]]) -> None:
    sites = [value for name, value in pairs if name == "sec-fetch-site"]
    origins = [value for name, value in pairs if name == "origin"]
    passes = len(origins) < 2 and (sites == ["same-origin"] or (not sites and origins == [OWN]))

    assert (rule_of(*pairs) is None) is passes


def test_error_names_the_rule_and_each_rule_is_counted_from_zero() -> None:
    rules = [rule_of(("sec-fetch-site", "none")), rule_of(("origin", "null")), rule_of()]

    (family,) = CROSS_SITE_REFUSALS.collect()
    assert {(sample.labels["surface"], sample.labels["rule"]) for sample in family.samples} == {
        (surface, rule) for surface in ("page", "cookie_mode") for rule in rules
    }
    for rule in rules:
        assert rule is not None
        assert CrossSiteRequestException(rule).members == {"rule": rule}
