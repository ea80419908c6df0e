"""Strategies for damaged credentials of passkeys and for codes (hypothesis)."""

import copy
from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from auth_api.kit import base64url
from tests.support.generated_input import json_values

Mutation = Callable[[bytes], bytes]
Damage = Callable[[Any], Any]

UNUSED_MEMBERS: Final = (
    "authenticatorAttachment",
    "clientExtensionResults",
    "publicKeyAlgorithm",
    "transports",
)
"""Members that browsers add, and that decide nothing."""

_LIKELY_BYTES = st.sampled_from([b"\x00", b"\xff", b"\x1f", b"\x9f", b"\xbf", b"\xd8\x1c", b"\xd8\x1d\x00", b"\xa0"])


@st.composite
def mutations(draw: st.DrawFn) -> Mutation:
    """Return a function that replaces a piece of some bytes, once or several times."""
    steps = draw(
        st.lists(
            st.tuples(st.integers(0, 2**16), st.integers(0, 8), _LIKELY_BYTES | st.binary(max_size=8)),
            min_size=1,
            max_size=3,
        )
    )

    def mutated(data: bytes) -> bytes:
        for position, removed, added in steps:
            start = position % (len(data) + 1)
            data = data[:start] + added + data[start + removed :]
        return data

    return mutated


def _unchanged(data: bytes) -> bytes:
    return data


@st.composite
def damages(draw: st.DrawFn) -> Damage:
    """Return a function that damages a genuine credential: all of it, a member, or the bytes of a member."""
    kind = draw(st.sampled_from(["bytes", "bytes", "value", "absent", "all"]))
    is_outer, number = draw(st.booleans()), draw(st.integers(0, 3))
    mutation = draw(mutations()) if kind == "bytes" else _unchanged
    value = draw(json_values()) if kind in {"all", "value"} else None

    def damaged(genuine: Any) -> Any:
        if kind == "all":
            return value
        credential = copy.deepcopy(genuine)
        target = credential if is_outer and kind != "bytes" else credential["response"]
        names = sorted(name for name in target if name not in UNUSED_MEMBERS)
        name = names[number % len(names)]
        if kind == "absent":
            del target[name]
        elif kind == "value":
            target[name] = value
        else:
            target[name] = base64url.encode(mutation(base64url.decode(target[name])))
        return credential

    return damaged


def codes() -> st.SearchStrategy[Any]:
    """Return a strategy for what a client may send as a code."""
    digits = st.text("0123456789", min_size=6, max_size=6)
    other_digits = st.text("٠١٢٣٤５６７８９²³", min_size=6, max_size=6)
    recovery = st.text("0123456789abcdefghjkmnpqrstvwxyzOIL -", min_size=20, max_size=40)
    return digits | other_digits | recovery | st.text(max_size=70) | json_values(leaves=4)
