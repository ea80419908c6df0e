"""Plain English: the words of a private dialect stay out of names, docstrings, comments, texts and pages."""

import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.engine_independent

REPOSITORY: Final = Path(__file__).parents[2]

DIALECT: Final = {
    r"whoever|whosoever|whomever": "name the subject: the client, the caller, the operator",
    r"somebody|nobody": "name the subject: a client, no client, a person",
    r"for ever": "forever",
    r"lately": "recently",
    r"mend(s|ed|ing)?": "fix",
    r"but for": "except",
    r"(is|are|was|were) no (?!longer\b|more than\b)[a-z]+": "is not a",
    r"so many|so much|that long|some few": "a number with its noun and unit",
    r"any more": "no longer, or another word",
    r"alone": "only",
    r"by and by": "later",
    r"throw(s|n)? out|gives? back|turns? deaf": "a verb of computing: revoke, return, discard",
    r"lay(s|ing)? down|put(s|ting)? off|look(s|ed|ing)? after": "stage, defer, supervise",
}

FORBIDDEN: Final = re.compile(rf"\b({'|'.join(DIALECT)})\b", re.IGNORECASE)

TEXTS: Final = {".md", ".html", ".txt", ".yaml", ".yml", ".toml", ".sh", ".conf", ".service", ".ini", ".js", ".css"}
NOT_OURS: Final = ("requirements/", "benchmarks/peers/", "tests/contract/openapi.json", "auth_api/users/reserved_")
THIS_FILE: Final = "tests/contract/test_language.py"


def our_files() -> Iterator[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - the one on the path
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if name != THIS_FILE and not name.startswith(NOT_OURS) and (REPOSITORY / name).is_file():
            yield name


def words_of_python(source: str) -> Iterator[tuple[int, str]]:
    """Yield the comments, the texts and the names that are defined, as words, each with its line."""
    previous = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in {tokenize.COMMENT, tokenize.STRING}:
            for offset, line in enumerate(token.string.splitlines()):
                yield token.start[0] + offset, line
        elif token.type == tokenize.NAME and previous in {"def", "class"}:
            yield token.start[0], token.string.replace("_", " ")
        previous = token.string if token.type == tokenize.NAME else ""


def words_of(name: str) -> Iterator[tuple[int, str]]:
    path = REPOSITORY / name
    if path.suffix == ".py":
        yield from words_of_python(path.read_text(encoding="utf-8"))
    elif path.suffix in TEXTS or path.name in {"Makefile", "Dockerfile", "Caddyfile"}:
        yield from enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)


def test_texts_and_names_are_plain_english() -> None:
    found = [
        f"{name}:{line}: {match[0]!r} in {text.strip()[:100]!r}"
        for name in our_files()
        for line, text in words_of(name)
        if (match := FORBIDDEN.search(text))
    ]

    assert not found, "\n".join(found)


def test_word_list_finds_what_it_forbids() -> None:
    assert FORBIDDEN.search("What is no range is passed over")
    assert FORBIDDEN.search("nobody reads it")
    assert not FORBIDDEN.search("It is no longer valid, and is standalone.")
