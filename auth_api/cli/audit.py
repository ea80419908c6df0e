"""`auth-api audit`."""

from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from auth_api.cli.context import run
from auth_api.events.audit.schemas import exported_view
from auth_api.events.audit.service import MAX_TIME, MIN_TIME
from auth_api.services import Services


class Moment(click.ParamType[datetime]):
    """A day or a moment of ISO 8601; in UTC unless it names another zone."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the aware datetime."""
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no moment such as 2026-02-19 or 2026-02-19T10:30:45Z.", param, ctx)


@click.group()
def audit() -> None:
    """The security history of all accounts."""


@audit.command()
@click.option(
    "--since", type=Moment(), default=MIN_TIME, help="Only events from then on.", show_default="the beginning"
)
@click.option("--until", type=Moment(), default=MAX_TIME, help="Only events before then.", show_default="a minute ago")
@click.option("--user", "name", help="Only events of this account: a username or an e-mail address.")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Go on after the event with this id.")
def export(*, since: datetime, until: datetime, name: str | None, after: int) -> None:
    """Print events as JSON lines, in the order of their ids.

    To go on later, give the id of the last line to --after: no event is missed, and none comes twice. The last minute
    is left out for that.
    """

    async def work(services: Services) -> None:
        user_id = (await services.administration.find(name)).id if name is not None else None
        async for rows in services.audit.export(after=after, since=since, until=until, user_id=user_id):
            click.echo(b"\n".join(msgspec.json.encode(exported_view(row)) for row in rows))

    run(work)
