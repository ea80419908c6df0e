"""Commands that must fail because of their database."""

from tests.support.deployment import Deployment
from tests.support.processes import free_port

MIGRATE, CHECK, SERVE, SERVE_MIGRATE = ("migrate",), ("migrate", "--check"), ("serve",), ("serve", "--migrate")
LIST, CREATE = ("users", "list"), ("users", "create", "ada@example.com", "ada", "--password-stdin")
OTHERS = [("explain", "ada"), ("audit", "export"), ("cleanup",), ("sessions", "revoke", "--all", "--yes")]
PASSWORD = "Tr0ub4dor&3-horse"


def fails(deployment: Deployment, command: tuple[str, ...], url: str = "", **variables: str) -> str:
    """Run a command that must fail, and return its only line."""
    port = ["--port", str(free_port())] if command[0] == "serve" else []
    done = deployment.command(
        *command, *port, stdin=f"{PASSWORD}\n", DATABASE_URL=url or deployment.database_url, **variables
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert not any(word in line for word in ("Error(", "SELECT", "DETAIL", "HINT", "sqlite3.", "asyncpg", "hunter2"))
    return line.removeprefix("Error: ")
