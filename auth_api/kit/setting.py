"""Describe on the field of a policy which environment variable sets it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """The environment variable of a field: `port: Annotated[int, Setting("PORT", "Port of …", minimum=1)] = 8000`.

    The settings are read from it, and `make docs` writes docs/configuration.md from it: no name, default, bound or
    sentence stands anywhere else. The default is that of the field.

    Attributes:
        variable: name of the environment variable.
        meaning: one sentence for operators.
        minimum: the smallest accepted number.
        above: the number must be larger than this one.
        maximum: the largest accepted number.
        unit: unit of the number, such as `seconds`; a `timedelta` is made from it.
        choices: the accepted texts, in any case.
        parse: turns the text, or each text of a list, into the value; raises a ValueError that says what is wrong.
        accepts: the accepted values in words, where neither type nor bounds tell.
        example: a valid value, for error texts; the default if empty.
        default_in: default by environment, where it is not that of the field.
        default_text: the default in words, where it is computed.
        is_secret: whether the value may also come from the file that `NAME_FILE` names.
    """

    variable: str
    meaning: str
    _: KW_ONLY
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    parse: Callable[[str], Any] | None = None
    accepts: str = ""
    example: str = ""
    default_in: Mapping[str, Any] = field(default_factory=dict)
    default_text: str = ""
    is_secret: bool = False

    @property
    def bounds(self) -> str:
        """The accepted numbers in words, such as `1 to 512`."""
        if self.minimum is not None and self.maximum is not None:
            return f"{self.minimum:.15g} to {self.maximum:.15g}"
        return f"{self.minimum:g} or more" if self.above is None else f"more than {self.above:g}"

    def is_within_bounds(self, number: float) -> bool:
        """Return whether a number is accepted; NaN and infinity never are."""
        return (
            number < math.inf
            and (self.minimum is None or number >= self.minimum)
            and (self.above is None or number > self.above)
            and (self.maximum is None or number <= self.maximum)
        )


def parse_base_url(text: str) -> str:
    """Return a URL to which paths can be appended; raise a ValueError for a text that is not a URL."""
    try:
        urlsplit(text)
    except ValueError as error:
        message = "must be a URL"
        raise ValueError(message) from error
    return text.rstrip("/")
