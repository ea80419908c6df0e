"""Turn the text of a variable into its value, and back."""

import json
import math
import re
import types
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final, get_args, get_origin

from auth_api.kit.setting import Setting

_CONTROL_CHARACTER: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PLACEHOLDER: Final = re.compile(r"\$[{(]|\{\{")
_IPV6_ADDRESS: Final = re.compile(r"\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\]")

_NUMBER: Final = re.compile(r"[0-9+.eE-]+")
"""Python also accepts `1_000`, the digits of other scripts, and names such as `nan`."""

_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})


def text_of(value: Any, setting: Setting) -> str:
    """Return a value as the text that a variable would hold."""
    match value:
        case bool():
            return str(value).lower()
        case timedelta():
            return f"{value / timedelta(**{setting.unit: 1}):g}"
        case float():
            return f"{value:g}"
        case tuple():
            return json.dumps(value) if value else ""
    return "" if value is None else str(value)


def parse_value(text: str, setting: Setting, kind: Any) -> Any:
    """Return the value of a text; `0` is None for a time that may be None.

    Raises:
        ValueError: the text is not accepted. The message says what is wrong and does not contain the text.
    """
    _check_characters(text, setting, is_list=get_origin(kind) is tuple)
    if get_origin(kind) is tuple:
        return tuple(_items(texts_of(text), setting))
    if setting.parse is not None:
        return setting.parse(text)
    if setting.choices:
        return _choice(text, setting.choices)
    is_optional = isinstance(kind, types.UnionType)
    base = next(part for part in get_args(kind) if part is not type(None)) if is_optional else kind
    if base is bool:
        return _boolean(text)
    if base is timedelta:
        number = _number(text, setting, int)
        return None if is_optional and not number else timedelta(**{setting.unit: number})
    return _number(text, setting, base) if base in {int, float} else text


def _items(texts: Sequence[str], setting: Setting) -> Iterator[Any]:
    """Yield the values of a list; an error names the item by its position, since it must not contain the text."""
    for position, text in enumerate(texts, start=1):
        try:
            yield setting.parse(text) if setting.parse else text
        except ValueError as error:
            message = f"(item {position}) {error}" if len(texts) > 1 else str(error)
            raise ValueError(message) from error


def _check_characters(text: str, setting: Setting, *, is_list: bool) -> None:
    """Raise a ValueError for invisible characters, and for a placeholder; secrets have their own check for those."""
    if _CONTROL_CHARACTER.search(text) or not (text.isprintable() or is_list or setting.is_secret):
        message = "contains a character that cannot be seen"
        raise ValueError(message)
    if not setting.is_secret and _PLACEHOLDER.search(text):
        message = "contains a placeholder, and nothing has replaced it"
        raise ValueError(message)


def _choice(text: str, choices: Sequence[str]) -> str:
    for choice in choices:
        if text.lower() == choice.lower():
            return choice
    message = f"must be one of {', '.join(choices)}"
    raise ValueError(message)


def _boolean(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        message = "must be true or false"
        raise ValueError(message)
    return text.lower() in _TRUE


def _number(text: str, setting: Setting, kind: type[int] | type[float]) -> float:
    try:
        number = kind(text) if _NUMBER.fullmatch(text) else math.nan
    except ValueError:
        number = math.nan
    if not setting.is_within_bounds(number):
        noun = "a whole number" if kind is int else "a number"
        unit = f" of {setting.unit}" if setting.unit else ""
        message = f"must be {noun}{unit}, {setting.bounds}"
        raise ValueError(message)
    return number


def texts_of(text: str) -> list[str]:
    """Return the texts of a JSON list, or of a list that is separated by commas.

    Raises:
        ValueError: it begins as a JSON list, and is not one of texts.
    """
    stripped = text.strip()
    if not stripped.startswith("[") or _IPV6_ADDRESS.match(stripped):
        return [item.strip() for item in stripped.split(",") if item.strip()]
    try:
        items = json.loads(stripped)
    except ValueError:
        items = None
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        message = "must be a JSON list of texts, or texts separated by commas"
        raise ValueError(message)
    return items
