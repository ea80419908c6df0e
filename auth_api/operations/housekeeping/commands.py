"""Remove expired rows: `auth-api cleanup`."""

import json
import sys

import click

from auth_api.kit.command_line import Run
from auth_api.kit.text_tables import print_table
from auth_api.operations.housekeeping.service import HousekeepingService


@click.command()
@click.option("--dry-run", is_flag=True, help="Only count what would be removed; counting stops at 10000 per kind.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def cleanup(run: Run, *, dry_run: bool, as_json: bool) -> None:
    """Remove expired tokens, sessions, counters, mails and events.

    Servers do the same in the background (HOUSEKEEPING_INTERVAL). Exit status 1 if something could not be removed.
    """
    if dry_run:
        _print(run(lambda services: services.of(HousekeepingService).backlog()), "expired", as_json=as_json)
        return
    report = run(lambda services: services.of(HousekeepingService).clean_up())
    _print(report.removed, "removed", as_json=as_json)
    for name in report.not_permitted:
        click.echo(f"{name}: the role of DATABASE_URL has no permission to remove them.", err=True)
    if not report.is_complete:
        click.echo("Another process is cleaning up and continues.", err=True)
    sys.exit(0 if report.is_complete and not report.not_permitted else 1)


def _print(counts: dict[str, int], heading: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(counts, indent=2))
    else:
        print_table(("kind", heading), counts.items())
