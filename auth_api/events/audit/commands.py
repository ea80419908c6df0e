"""Export the security history: `auth-api audit`."""

from datetime import UTC, datetime
from typing import Any

import click

from auth_api.events.audit.events import MAX_TIME, MIN_TIME
from auth_api.events.audit.schemas import exported_view
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.command_line import Run, ServiceFinder
from auth_api.kit.printable import printable_json
from auth_api.users.service import UserService


class TimeType(click.ParamType[datetime]):
    """A date or a time in ISO 8601 form, in UTC if it has no UTC offset."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the time in UTC."""
        try:
            parsed = value if isinstance(value, datetime) else datetime.fromisoformat(value)
            return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not a time such as 2026-02-19 or 2026-02-19T10:30:45Z.", param, ctx)


@click.group()
def audit() -> None:
    """Read the security history of all users."""


@audit.command()
@click.option(
    "--since",
    type=TimeType(),
    default=MIN_TIME,
    help="Only events at or after this time.",
    show_default="the beginning",
)
@click.option(
    "--until", type=TimeType(), default=MAX_TIME, help="Only events before this time.", show_default="one minute ago"
)
@click.option("--user", "name", help="Only events of this user: a username or an e-mail address.")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Continue after the event with this id.")
@click.pass_obj
def export(run: Run, *, since: datetime, until: datetime, name: str | None, after: int) -> None:
    """Print events as JSON lines, ordered by id.

    To continue later, pass the id of the last line to --after: no event is skipped or repeated. For that reason the
    events of the last minute are omitted.
    """

    async def work(services: ServiceFinder) -> int:
        count = 0
        user_id = (await services.of(UserService).find(name)).id if name is not None else None
        async for rows in services.of(AuditTrail).export(after=after, since=since, until=until, user_id=user_id):
            click.echo(b"\n".join(printable_json(exported_view(row)) for row in rows))
            count += len(rows)
        return count

    if run(work) == 0:
        click.echo("0 events; those of the last minute are omitted.", err=True)
