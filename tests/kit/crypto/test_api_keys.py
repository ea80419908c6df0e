"""The form of API keys."""

import re
from itertools import product

import pytest

from auth_api.kit.crypto.api_keys import (
    API_KEY_PATTERN,
    API_KEY_PREFIXES,
    has_valid_checksum,
    hint_of,
    new_api_key,
    write_api_key,
)
from auth_api.kit.crypto.tokens import PERSONAL_API_KEY, SERVICE_API_KEY, digest

pytestmark = pytest.mark.engine_independent

EXAMPLE = "auth_pat_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2yj1dY"


def test_key_of_known_bytes_is_the_documented_example() -> None:
    assert write_api_key(PERSONAL_API_KEY, bytes(range(32))) == EXAMPLE
    assert has_valid_checksum(EXAMPLE)
    assert hint_of(EXAMPLE) == "003a"


def test_generated_keys_match_the_pattern_for_secret_scanners() -> None:
    keys = [new_api_key(kind) for _, kind in product(range(5_000), (PERSONAL_API_KEY, SERVICE_API_KEY))]

    assert len({key.raw for key in keys}) == 10_000
    assert all(re.fullmatch(API_KEY_PATTERN, key.raw) for key in keys)
    assert all(has_valid_checksum(key.raw) and key.raw.startswith(API_KEY_PREFIXES) for key in keys)
    assert all(key.digest == digest(key.raw) for key in keys[:10])


def test_key_of_any_bytes_has_58_characters() -> None:
    assert {len(write_api_key(SERVICE_API_KEY, bytes([byte] * 32))) for byte in range(256)} == {58}


def test_checksum_recognises_each_changed_character() -> None:
    changed = [
        EXAMPLE[:index] + other + EXAMPLE[index + 1 :]
        for index, character in enumerate(EXAMPLE)
        for other in "0Aaz_é\n"
        if other != character
    ]
    cut_or_extended = [EXAMPLE[:-1], EXAMPLE[1:], EXAMPLE + "0", EXAMPLE + "\n", f" {EXAMPLE}", "", "auth_pat_"]

    assert not any(map(has_valid_checksum, changed + cut_or_extended))


def test_other_tokens_do_not_look_like_keys() -> None:
    others = ("", "eyJhbGciOi", "rt_abc", "auth_pat", "AUTH_PAT_003a", " auth_pat_0")
    assert not any(text.startswith(API_KEY_PREFIXES) for text in others)
