"""Reads typed values out of a mapping of texts and collects what is wrong instead of stopping at the first."""

import json
import sys
from collections.abc import Mapping, Sequence

import msgspec


class SettingProblem(msgspec.Struct, frozen=True):
    """What is wrong with one variable, and what a right value looks like. Never holds the value."""

    variable: str
    problem: str
    example: str

    def __str__(self) -> str:
        """One line for a person."""
        return f"{self.variable} {self.problem}." + (
            f" Example: {self.variable}={self.example}" if self.example else ""
        )


class InvalidSettingsError(Exception):
    """Some variables are missing or wrong; all of them are listed."""

    def __init__(self, problems: Sequence[SettingProblem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class Reader:
    """Every method returns a value of its type, the default where the variable is empty or wrong."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._problems: list[SettingProblem] = []

    def problem(self, variable: str, problem: str, example: str) -> None:
        """Note that a variable cannot stay as it is."""
        self._problems.append(SettingProblem(variable, problem, example))

    def raise_problems(self) -> None:
        """Raise an InvalidSettingsError if anything was noted."""
        if self._problems:
            raise InvalidSettingsError(self._problems)

    def given(self, variable: str) -> bool:
        """Tell whether somebody set the variable."""
        return bool(self._environ.get(variable))

    def text(self, variable: str, default: str) -> str:
        """Return the text as it is."""
        return self._environ.get(variable) or default

    def choice(self, variable: str, choices: Sequence[str], default: str) -> str:
        """Return one of the choices, whatever case it was written in."""
        value = self.text(variable, default)
        for choice in choices:
            if value.lower() == choice.lower():
                return choice
        self.problem(variable, f"must be one of {', '.join(choices)}", default)
        return default

    def boolean(self, variable: str, *, default: bool) -> bool:
        """Return true for true, 1, yes, on."""
        value = self.text(variable, str(default)).lower()
        if value not in {"true", "1", "yes", "on", "false", "0", "no", "off"}:
            self.problem(variable, "must be true or false", str(default).lower())
        return value in {"true", "1", "yes", "on"}

    def integer(self, variable: str, default: int, *, at_least: int, at_most: int | None = None) -> int:
        """Return a whole number within the bounds."""
        try:
            value = int(self.text(variable, str(default)))
        except ValueError:
            value = at_least - 1
        if value < at_least or (at_most is not None and value > at_most):
            bounds = f"{at_least} or more" if at_most is None else f"{at_least} to {at_most}"
            self.problem(variable, f"must be a whole number, {bounds}", str(default))
            return default
        return value

    def number(
        self,
        variable: str,
        default: float,
        *,
        above: float = -1,
        at_least: float = 0,
        at_most: float = sys.float_info.max,
    ) -> float:
        """Return a number, mostly of seconds."""
        try:
            value = float(self.text(variable, str(default)))
        except ValueError:
            value = -1
        if not (above < value <= at_most and value >= at_least):
            bound = f"{at_least:g} or more" if above < 0 else f"more than {above:g}"
            if at_most < sys.float_info.max:
                bound = f"{at_least:g} to {at_most:g}"
            self.problem(variable, f"must be a number, {bound}", f"{default:g}")
            return default
        return value

    def string_list(self, variable: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Return the texts of a JSON list; a single text without brackets is a list of one."""
        value = self.text(variable, "").strip()
        if not value:
            return default
        try:
            items = json.loads(value) if value.startswith("[") else [value]
        except ValueError:
            items = None
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            self.problem(variable, "must be a JSON list of texts", '["one", "two"]')
            return default
        return tuple(items)
