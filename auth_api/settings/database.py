"""Settings of the database."""

from typing import Final

from auth_api.kit.db.policy import DEFAULT_DATABASE_URL, DatabasePolicy, DatabaseVariables
from auth_api.kit.db.postgres_url import PostgresUrl, parse_postgres_url
from auth_api.settings.reader import Reader

_POSTGRES_SCHEMES: Final = ("postgresql", "postgres", "postgresql+asyncpg")
_SQLITE_SCHEMES: Final = ("sqlite", "sqlite+aiosqlite")
_EXAMPLE: Final = "postgresql://user:se%2Fcret@host:5432/auth"


def read_database(read: Reader, *, workers: int) -> DatabasePolicy:
    """Read where the database is; production has no default, and one worker only with SQLite."""
    url = read.build(DatabaseVariables).url
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    postgres = parse_postgres_url(rest) if scheme in _POSTGRES_SCHEMES else PostgresUrl()
    path = rest.removeprefix("/") if scheme in _SQLITE_SCHEMES else None
    if scheme not in (*_POSTGRES_SCHEMES, *_SQLITE_SCHEMES) or path == "":
        read.problem("DATABASE_URL", "must be a PostgreSQL or SQLite URL", "postgresql://user:password@host:5432/auth")
    elif path is not None and (not path.isprintable() or any(part in path for part in ("?", "${", "$("))):
        problem = "must end with the path of the SQLite file, without parameters and placeholders"
        read.problem("DATABASE_URL", problem, DEFAULT_DATABASE_URL)
    elif path == ":memory:":
        problem = "must name a file: each connection would have a database of its own in memory"
        read.problem("DATABASE_URL", problem, DEFAULT_DATABASE_URL)
    elif path is not None and read.is_production and workers > 1:
        read.problem("WORKERS", "must be 1 with SQLite in production; several workers need PostgreSQL", "1")
    for problem in postgres.problems:
        read.problem("DATABASE_URL", problem, _EXAMPLE)
    return read.build(
        DatabasePolicy,
        sqlite_path=path,
        postgres_dsn=postgres.dsn if path is None else None,
        ignored_parameters=postgres.without_effect,
        creates_file=not read.is_production,
    )
