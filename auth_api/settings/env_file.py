"""Read and change the text of a `.env` file: `NAME=value` in each line, without substitution of other variables."""

import difflib
import re
from collections.abc import Collection, Iterator
from io import StringIO
from typing import Final

import msgspec
from dotenv.parser import Binding, parse_stream

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL_CHARACTER: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ESCAPED: Final = re.compile(r"'|\\(?=[\\']|\Z)")
"""Characters that python-dotenv would read differently in single quotes."""

_SHOWN_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
"""Other names may be a part of a value that was broken into lines, and are not shown."""

_SIMILARITY: Final = 0.8


class EnvFile(msgspec.Struct, frozen=True):
    """The variables of the file, the number of the line of each, and the lines that cannot be read, in words."""

    values: dict[str, str]
    lines: dict[str, int]
    problems: tuple[str, ...]

    def __repr__(self) -> str:
        """Omit the values, which may be secrets."""
        return "EnvFile()"

    def unknown_names(self, known: Collection[str]) -> Iterator[str]:
        """Yield a sentence for each variable that is not a setting, with the setting whose name is similar."""
        for name, line in self.lines.items():
            if name not in known:
                shown = f"sets {name}, which" if _SHOWN_NAME.fullmatch(name) else "sets a variable that"
                similar = similar_name(name, known, _SIMILARITY)
                hint = f" Did you mean {similar}?" if similar else ""
                yield f"line {line} of .env {shown} is not a setting.{hint}"


def similar_name(name: str, known: Collection[str], similarity: float) -> str:
    """Return the known name that is most similar, or an empty text if none is similar enough (1 is the same)."""
    return next(iter(difflib.get_close_matches(name.upper(), known, n=1, cutoff=similarity)), "")


def parse_env_file(data: bytes) -> EnvFile:
    """Read the file. Problems name lines by their number, and never contain their text."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return EnvFile({}, {}, (f"line {line} of .env is not text in UTF-8: save the file in this encoding.",))
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    problems = []
    for line, binding in _bindings(text):
        if problem := _problem(binding):
            problems.append(f"line {line} of .env {problem}")
        elif binding.key in lines:
            name = binding.key if _SHOWN_NAME.fullmatch(binding.key) else "the variable"
            problems.append(f"line {line} of .env sets {name} of line {lines[binding.key]} again: remove one.")
        elif binding.key is not None:
            values[binding.key], lines[binding.key] = binding.value or "", line
    return EnvFile(values, lines, tuple(problems))


def with_variable(text: str, name: str, value: str) -> str:
    r"""Return the text of a file with a variable changed or added; an empty value removes it.

    Shells, Docker Compose and systemd read backslashes in single quotes as they are. Therefore the `\n` of PEM keys is
    not escaped, as python-dotenv allows.
    """
    escaped = _ESCAPED.sub(r"\\\g<0>", value)
    new = f"{name}='{escaped}'\n" if value else ""
    parts, is_written = [], False
    for binding in parse_stream(StringIO(text, newline="")):
        original = binding.original.string
        if binding.key == name:
            parts.append(original[: len(original) - len(original.lstrip())] + new)
            is_written = True
        else:
            parts.append(original)
    if new and not is_written:
        parts.append(new if not parts or parts[-1].endswith(("\n", "\r")) else f"\n{new}")
    return "".join(parts)


def _bindings(text: str) -> Iterator[tuple[int, Binding]]:
    """Yield the parsed lines with their numbers; python-dotenv counts empty lines before them to them."""
    for binding in parse_stream(StringIO(text, newline="")):
        original = binding.original.string
        before = original[: len(original) - len(original.lstrip())]
        yield binding.original.line + len(re.findall(r"\r\n|\n|\r", before)), binding


def _problem(binding: Binding) -> str:
    """Return what is wrong with a line, or an empty text."""
    is_comment = binding.key is None and not binding.error
    if _CONTROL_CHARACTER.search(binding.original.string + (binding.value or "")):
        return "contains a control character: remove it."
    if is_comment:
        return ""
    if binding.error or binding.value is None or _NAME.fullmatch(binding.key or "") is None:
        return (
            "cannot be read: write NAME=value, the value without quotes or in a pair of them, and PEM keys in one line."
        )
    return ""
