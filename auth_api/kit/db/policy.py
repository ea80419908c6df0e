"""How the database is reached."""

from urllib.parse import urlsplit

import msgspec


class DatabasePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Where the database is and how long each wait on it may last, in seconds.

    Exactly one of `sqlite_path` and `postgres_dsn` is set. Pool sizes are per process. `creates_file` allows to begin
    with an empty file where `sqlite_path` names none.
    """

    sqlite_path: str | None = None
    postgres_dsn: str | None = None
    max_pool_size: int = 20
    pool_timeout: float = 1.0
    connect_timeout: float = 2.0
    statement_timeout: float = 5.0
    statement_cache_size: int = 100
    creates_file: bool = True

    def __repr__(self) -> str:
        """Leave the DSN out: it holds a password."""
        return f"DatabasePolicy({self.kind})"

    @property
    def kind(self) -> str:
        """The engine's name as people say it."""
        return "PostgreSQL" if self.postgres_dsn else "SQLite"

    @property
    def place(self) -> str:
        """Where it is, for people: a file, or host and name without the credentials."""
        if self.postgres_dsn is None:
            return str(self.sqlite_path)
        parts = urlsplit(self.postgres_dsn)
        return parts.netloc.rpartition("@")[2] + parts.path
