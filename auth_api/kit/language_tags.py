"""Language tags (BCP 47): which languages a list of tags prefers."""

from collections.abc import Iterator


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
