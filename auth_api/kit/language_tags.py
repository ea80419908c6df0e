"""Language tags (BCP 47): their form, and which languages a list of tags prefers."""

import re
from collections.abc import Iterator
from typing import Final

LANGUAGE_TAG: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*", re.ASCII)
"""The form of a language tag, without the registry of its parts (RFC 5646 §2.1)."""

MAX_TAGS_LENGTH: Final = 35
"""In characters, of a list of tags: the longest language tag that RFC 5646 §4.4.1 requires; the width of the column."""


def preferred_languages(tags: str | None) -> Iterator[str]:
    """Yield the tags of a list in order, each followed by what it falls back to, in lower case.

    `zh-Hant-TW,en` yields `zh-hant-tw`, `zh-hant`, `zh` and `en` (lookup, RFC 4647 §3.4).

    Args:
        tags: language tags in order of preference, separated by commas; None for none.
    """
    for tag in (tags or "").split(","):
        yield from _lookup_order(tag)


def normalized_tag(tag: str) -> str:
    """Return a language tag in lower case; also for `pt_BR`, the form of POSIX."""
    return tag.lower().replace("_", "-")


def _lookup_order(tag: str) -> Iterator[str]:
    subtags = normalized_tag(tag).split("-")
    while subtags:
        yield "-".join(subtags)
        subtags.pop()
        if subtags and len(subtags[-1]) == 1:  # introduces what was removed
            subtags.pop()
