"""Read policies from environment variables, and collect all problems instead of stopping at the first."""

import json
import math
import types
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin

import msgspec

from auth_api.kit.setting import Setting

Policy = TypeVar("Policy", bound=msgspec.Struct)

_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})


class Environment(StrEnum):
    """Kind of deployment."""

    DEVELOPMENT = "development"
    TESTING = "testing"
    PRODUCTION = "production"


ENVIRONMENT: Final = Setting(
    "ENVIRONMENT",
    "Kind of deployment: `testing` hashes passwords cheaply, `production` rejects unsafe settings.",
    choices=tuple(Environment),
)


class SettingProblem(msgspec.Struct, frozen=True):
    """What is wrong with a variable, and an example of a valid value or a fix. Never contains the value."""

    variable: str
    problem: str
    example: str = ""
    fix: str = ""

    @property
    def remedy(self) -> str:
        """What to do, in one sentence; empty if the problem says it."""
        return self.fix or (f"Example: {self.variable}={self.example}" if self.example else "")

    def __str__(self) -> str:
        """Return one line for operators."""
        return f"{self.variable} {self.problem}. {self.remedy}".rstrip()


class InvalidSettingsError(Exception):
    """Variables are missing or invalid; the text lists all of them."""

    def __init__(self, problems: Sequence[SettingProblem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class DescribedField(msgspec.Struct, frozen=True):
    """A field of a policy that a variable sets."""

    name: str
    kind: Any
    setting: Setting
    default: Any


def described_fields(policy: type[msgspec.Struct]) -> Iterator[DescribedField]:
    """Yield the fields of a policy that a variable sets, in their order."""
    for field in msgspec.structs.fields(policy):
        if get_origin(field.type) is not Annotated:
            continue
        kind, *metadata = get_args(field.type)
        default = field.default_factory() if callable(field.default_factory) else field.default
        for setting in metadata:
            if isinstance(setting, Setting):
                yield DescribedField(field.name, kind, setting, None if default is msgspec.NODEFAULT else default)


class Reader:
    """Builds policies from environment variables; a blank variable counts as not set."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._problems: list[SettingProblem] = []
        self.environment: Environment = Environment.DEVELOPMENT
        self.environment = self._value(ENVIRONMENT, Environment, Environment.DEVELOPMENT)

    @property
    def is_production(self) -> bool:
        """Whether unsafe settings are rejected."""
        return self.environment is Environment.PRODUCTION

    def problem(self, variable: str, problem: str, example: str = "", *, fix: str = "") -> None:
        """Record that a variable cannot stay as it is."""
        found = SettingProblem(variable, problem, example, fix)
        if found not in self._problems:
            self._problems.append(found)

    def raise_problems(self) -> None:
        """Raise an InvalidSettingsError if a problem was recorded."""
        if self._problems:
            raise InvalidSettingsError(self._problems)

    def is_set(self, variable: str) -> bool:
        """Return whether the variable has a value."""
        return bool(self._environ.get(variable, "").strip())

    def build(self, policy: type[Policy], defaults: Mapping[str, Any] | None = None, **others: Any) -> Policy:
        """Return a policy with the values of its variables.

        Args:
            policy: type of the policy.
            defaults: see `values`.
            others: values of the fields that no variable sets.
        """
        return policy(**self.values(policy, defaults), **others)

    def values(self, policy: type[msgspec.Struct], defaults: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the values of the fields that variables set.

        Args:
            policy: type of the policy.
            defaults: computed defaults by field, which replace those of the fields.
        """
        values = {}
        for field in described_fields(policy):
            default = field.setting.default_in.get(self.environment, field.default)
            default = (defaults or {}).get(field.name, default)
            values[field.name] = self._value(field.setting, field.kind, default)
        return values

    def _value(self, setting: Setting, kind: Any, default: Any) -> Any:
        if not self.is_set(setting.variable):
            return default
        try:
            return _parsed(self._environ[setting.variable], setting, kind)
        except ValueError as error:
            example = setting.example or text_of(default, setting)
            self.problem(setting.variable, str(error), example, fix=setting.fix)
            return default


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


def _parsed(text: str, setting: Setting, kind: Any) -> Any:
    """Return the value of a text; `0` is None for a time that may be None.

    Raises:
        ValueError: the text is not accepted. The message says what is wrong and does not contain the text.
    """
    if get_origin(kind) is tuple:
        return tuple(_items(_list(text), setting))
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
        number = kind(text)
    except ValueError:
        number = math.nan
    if not setting.is_within_bounds(number):
        noun = "a whole number" if kind is int else "a number"
        unit = f" of {setting.unit}" if setting.unit else ""
        message = f"must be {noun}{unit}, {setting.bounds}"
        raise ValueError(message)
    return number


def _list(text: str) -> list[str]:
    """Return the texts of a JSON list; a text without brackets is a list of one."""
    stripped = text.strip()
    if not stripped.startswith("["):
        return [stripped]
    try:
        items = json.loads(stripped)
    except ValueError:
        items = None
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        message = "must be a JSON list of texts"
        raise ValueError(message)
    return items
