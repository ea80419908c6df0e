"""Settings of the database connection."""

from typing import Annotated, Final
from urllib.parse import parse_qs

import msgspec

from auth_api.kit.setting import Setting

DEFAULT_DATABASE_URL: Final = "sqlite:///./auth.db"
DEFAULT_STATEMENT_TIMEOUT: Final = 5.0


class DatabaseVariables(msgspec.Struct, frozen=True, kw_only=True):
    """`DATABASE_URL` in the form of the setting; `DatabasePolicy` has the file or the DSN that it names."""

    url: Annotated[
        str,
        Setting(
            "DATABASE_URL",
            "Database of the server, such as `postgresql://user:password@host:5432/name`.",
            accepts="a PostgreSQL or SQLite URL",
            default_in={"production": ""},
            is_secret=True,
        ),
    ] = DEFAULT_DATABASE_URL

    def __repr__(self) -> str:
        """Omit the URL, which may contain a password."""
        return "DatabaseVariables()"


class DatabasePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Where the database is, and how many connections a worker opens and how long it waits for them, in seconds.

    Attributes:
        sqlite_path: file of the SQLite database; None for PostgreSQL.
        postgres_dsn: DSN of the PostgreSQL database; None for SQLite.
        creates_file: whether a missing SQLite file is created.
        ignored_parameters: names of parameters of `DATABASE_URL` that have no effect.
    """

    sqlite_path: str | None = None
    postgres_dsn: str | None = None
    max_pool_size: Annotated[
        int, Setting("DATABASE_MAX_POOL_SIZE", "Database connections per worker process.", minimum=1, maximum=1000)
    ] = 20
    pool_timeout: Annotated[
        float,
        Setting("DATABASE_POOL_TIMEOUT", "Time to wait for a free connection; then 503.", above=0, unit="seconds"),
    ] = 1.0
    connect_timeout: Annotated[
        float, Setting("DATABASE_CONNECT_TIMEOUT", "Time to open a connection.", above=0, unit="seconds")
    ] = 2.0
    statement_timeout: Annotated[
        float,
        Setting(
            "DATABASE_STATEMENT_TIMEOUT",
            "Time for one statement, including the wait for a lock; `0` sends no limit to PostgreSQL, for poolers that "
            "reject it.",
            minimum=0,
            unit="seconds",
        ),
    ] = DEFAULT_STATEMENT_TIMEOUT
    statement_cache_size: Annotated[
        int,
        Setting(
            "DATABASE_STATEMENT_CACHE_SIZE",
            "Prepared statements kept per connection; set `0` behind pgbouncer in transaction mode.",
            minimum=0,
        ),
    ] = 100
    creates_file: bool = True
    ignored_parameters: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Omit the DSN, which contains a password."""
        return f"DatabasePolicy({self.kind})"

    @property
    def kind(self) -> str:
        """The name of the database system."""
        return "PostgreSQL" if self.postgres_dsn else "SQLite"

    @property
    def client_statement_timeout(self) -> float:
        """Seconds that this process itself allows for a statement, which is never unlimited."""
        return self.statement_timeout or DEFAULT_STATEMENT_TIMEOUT

    @property
    def place(self) -> str:
        """The file, or host and database name without the credentials."""
        if self.postgres_dsn is None:
            return str(self.sqlite_path)
        # Never what is before the last '@', whatever a parser makes of it: it may be a part of the password.
        shown, _, query = self.postgres_dsn.partition("://")[2].rpartition("@")[2].partition("?")
        return parse_qs(query).get("host", [""])[0] + shown.partition("#")[0]
