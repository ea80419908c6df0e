"""Settings of the database."""

from typing import Final
from urllib.parse import urlsplit

from auth_api.kit.db.policy import DEFAULT_DATABASE_URL, DatabasePolicy, DatabaseVariables
from auth_api.settings.reader import Reader

_POSTGRES_SCHEMES: Final = ("postgresql", "postgres", "postgresql+asyncpg")
_SQLITE_SCHEMES: Final = ("sqlite", "sqlite+aiosqlite")


def read_database(read: Reader, *, workers: int) -> DatabasePolicy:
    """Read where the database is; production has no default, and one worker only with SQLite."""
    url = read.build(DatabaseVariables).url
    scheme, _, rest = url.partition("://")
    path = rest.removeprefix("/").split("?")[0] if scheme in _SQLITE_SCHEMES else None
    if scheme not in (*_POSTGRES_SCHEMES, *_SQLITE_SCHEMES) or path == "":
        read.problem("DATABASE_URL", "must be a PostgreSQL or SQLite URL", "postgresql://user:password@host:5432/auth")
    elif path is None and not _is_postgres_url(url):
        problem = "cannot be parsed: write special characters of the password as %XX ('/' is %2F)"
        read.problem("DATABASE_URL", problem, "postgresql://user:se%2Fcret@host:5432/auth")
    elif path == ":memory:":
        problem = "must name a file: each connection would have a database of its own in memory"
        read.problem("DATABASE_URL", problem, DEFAULT_DATABASE_URL)
    elif path is not None and read.is_production and workers > 1:
        read.problem("WORKERS", "must be 1 with SQLite in production; several workers need PostgreSQL", "1")
    return read.build(
        DatabasePolicy,
        sqlite_path=path,
        postgres_dsn=f"postgresql://{rest}" if path is None else None,
        creates_file=not read.is_production,
    )


def _is_postgres_url(url: str) -> bool:
    try:
        port = urlsplit(url).port  # a '/' in the password ends host and port early
    except ValueError:
        return False
    return port != 0
