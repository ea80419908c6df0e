"""Time-based one-time passwords."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from auth_api.kit.crypto.totp import key_uri, matching_step, new_seed, seed_text, totp_code

pytestmark = pytest.mark.engine_independent

SEED = b"12345678901234567890"
"""The seed of the test vectors in RFC 4226 and RFC 6238."""
NOW = datetime(2026, 2, 19, 10, 30, 15, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_totp_code_is_that_of_the_test_vector(seconds: int, code: str) -> None:
    """RFC 6238 appendix B, the last six digits."""
    assert totp_code(SEED, seconds // 30) == code


@pytest.mark.parametrize("drift", [-1, 0, 1])
def test_code_of_an_adjacent_step_is_accepted(drift: int) -> None:
    assert matching_step(SEED, totp_code(SEED, STEP + drift), NOW) == STEP + drift


@pytest.mark.parametrize("drift", [-2, 2, 2880])
def test_code_of_a_distant_step_is_rejected(drift: int) -> None:
    assert matching_step(SEED, totp_code(SEED, STEP + drift), NOW) is None


def test_step_changes_at_the_thirtieth_second() -> None:
    code = totp_code(SEED, STEP)

    assert matching_step(SEED, code, NOW + timedelta(seconds=44)) == STEP
    assert matching_step(SEED, code, NOW + timedelta(seconds=45)) is None


def test_code_of_another_seed_is_rejected() -> None:
    assert matching_step(b"x" * 20, totp_code(SEED, STEP), NOW) is None


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "12345\x00"]
)
def test_text_that_is_not_a_code_is_rejected(code: str) -> None:
    assert matching_step(SEED, code, NOW) is None


def test_new_seeds_have_160_bits_and_differ() -> None:
    seeds = {new_seed() for _ in range(100)}

    assert {len(seed) * 8 for seed in seeds} == {160}
    assert len(seeds) == 100


def test_key_uri_contains_what_apps_read() -> None:
    uri = urlsplit(key_uri(SEED, issuer="Exämple & Söhne: Shop", account="ada+x@example.com"))

    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert unquote(uri.path) == "/Exämple & Söhne Shop:ada+x@example.com"
    assert parse_qs(uri.query) == {"secret": [seed_text(SEED)], "issuer": ["Exämple & Söhne Shop"]}
    assert seed_text(SEED) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
