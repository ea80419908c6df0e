"""Colors of the brand, and whether text in them can be read (WCAG 2.2, contrast ratio)."""

import re
from typing import Final

DAY_CARD: Final = "#ffffff"
NIGHT_CARD: Final = "#161b22"
"""The background of cards and forms by day and by night, as in `assets/pages.css`."""

MIN_TEXT_CONTRAST: Final = 4.5
"""WCAG 2.2, success criterion 1.4.3."""

_COLOR: Final = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")

_WEIGHTS: Final = (0.2126, 0.7152, 0.0722)

_MAX_LINEAR_VALUE: Final = 0.04045
"""The part of the transfer function of sRGB below this value is a straight line."""


def contrast_ratio(first: str, second: str) -> float:
    """Return the contrast ratio of two colors, `#rrggbb`: from 1 for equal colors to 21 for black on white."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def parse_day_accent(text: str) -> str:
    """Return a color for links and buttons by day, in lower case.

    Raises:
        ValueError: it is not a color, or it is too light to be read on the card. The message is for operators.
    """
    return _parse_accent(text, DAY_CARD, "darker")


def parse_night_accent(text: str) -> str:
    """Return a color for links and buttons by night, in lower case.

    Raises:
        ValueError: it is not a color, or it is too dark to be read on the card. The message is for operators.
    """
    return _parse_accent(text, NIGHT_CARD, "lighter")


def _parse_accent(text: str, card: str, remedy: str) -> str:
    if _COLOR.fullmatch(text) is None:
        message = "must be a color such as #1d4ed8, with six hexadecimal digits"
        raise ValueError(message)
    ratio = contrast_ratio(text, card)
    if ratio < MIN_TEXT_CONTRAST:
        shown = int(ratio * 100) / 100  # rounding up could show the ratio that is needed
        message = (
            f"must be {remedy}: its contrast with the background {card} is {shown}, and text needs {MIN_TEXT_CONTRAST}"
        )
        raise ValueError(message)
    return text.lower()


def _luminance(color: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    found = _COLOR.fullmatch(color)
    if found is None:
        raise ValueError(color)
    channels = (int(digits, 16) / 255 for digits in found.groups())
    linear = (value / 12.92 if value <= _MAX_LINEAR_VALUE else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return sum(weight * value for weight, value in zip(_WEIGHTS, linear, strict=True))
