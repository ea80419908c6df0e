"""Read policies from environment variables, and collect all problems instead of stopping at the first."""

import string
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin

import msgspec

from auth_api.kit.setting import Setting
from auth_api.settings.values import parse_value, text_of

Policy = TypeVar("Policy", bound=msgspec.Struct)

_QUOTES: Final = {'"': '"', "'": "'", "\u201c": "\u201d", "\u2018": "\u2019"}


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


def without_outer_blanks(text: str) -> str:
    """Return a value without the blanks, line breaks and byte order marks around it."""
    return text.strip(f"{string.whitespace}\u00a0\u200b\ufeff")


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

    def has_problem(self, variable: str) -> bool:
        """Return whether a problem of the variable was recorded."""
        return any(found.variable == variable for found in self._problems)

    def raise_problems(self) -> None:
        """Raise an InvalidSettingsError if a problem was recorded."""
        if self._problems:
            raise InvalidSettingsError(self._problems)

    def is_set(self, variable: str) -> bool:
        """Return whether the variable has a value."""
        return bool(self._text(variable))

    def _text(self, variable: str) -> str:
        return without_outer_blanks(self._environ.get(variable, ""))

    def build(self, policy: type[Policy], defaults: Mapping[str, Any] | None = None, **others: Any) -> Policy:
        """Return a policy with the values of its variables.

        Args:
            policy: type of the policy.
            defaults: see `values`.
            others: values of the fields that no variable sets.
        """
        return policy(**self.values(policy, defaults), **others)

    def values(
        self, policy: type[msgspec.Struct], defaults: Mapping[str, Any] | None = None, *, provider_id: str = ""
    ) -> dict[str, Any]:
        """Return the values of the fields that variables set.

        Args:
            policy: type of the policy.
            defaults: computed defaults by field, which replace those of the fields.
            provider_id: the provider whose variables are read, if the variables exist once for each provider.
        """
        values = {}
        for field in described_fields(policy):
            default = field.setting.default_in.get(self.environment, field.default)
            default = (defaults or {}).get(field.name, default)
            values[field.name] = self._value(field.setting.for_provider(provider_id), field.kind, default)
        return values

    def _value(self, setting: Setting, kind: Any, default: Any) -> Any:
        if not self.is_set(setting.variable):
            return default
        text = self._text(setting.variable)
        if text[0] in _QUOTES and text.endswith(_QUOTES[text[0]]):
            fix = "Remove the quotes: docker --env-file and files of secrets keep them."
            self.problem(setting.variable, "is in quotes, which would be a part of the value", fix=fix)
            return default
        try:
            return parse_value(text, setting, kind)
        except ValueError as error:
            example = setting.example or text_of(default, setting)
            self.problem(setting.variable, str(error), example, fix=setting.fix)
            return default
