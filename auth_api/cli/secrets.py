"""Generate secrets, and replace the key of encrypted values: `auth-api secrets`."""

import json
import sys
from collections import Counter

import click

from auth_api.cli.context import run
from auth_api.kit.crypto.generation import new_secret
from auth_api.kit.crypto.sealing import new_data_key
from auth_api.kit.text_tables import print_table
from auth_api.operations.reencryption.service import NoDataKeyError, Outcome, ReencryptionService


@click.group()
def secrets() -> None:
    """Generate secrets, and replace encryption keys."""


@secrets.command()
def generate() -> None:
    """Print a new secret for JWT_SECRET_KEY or TOKEN_DERIVATION_KEY."""
    click.echo(new_secret())


@secrets.command("data-key")
def data_key() -> None:
    """Print a new key for DATA_ENCRYPTION_KEYS."""
    click.echo(new_data_key())


@secrets.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def reencrypt(*, as_json: bool) -> None:
    """Encrypt all encrypted values again with the first key of DATA_ENCRYPTION_KEYS.

    Servers may run meanwhile, if all of them have that key already. Afterwards the other keys can be removed. Exit
    status 1 if a value still needs one of them.
    """
    try:
        outcomes = run(lambda services: services.of(ReencryptionService).reencrypt())
    except NoDataKeyError as error:
        message = "DATA_ENCRYPTION_KEYS is not set. Run: auth-api secrets data-key"
        raise click.ClickException(message) from error
    rows = {label: {outcome.value: counts[outcome] for outcome in Outcome} for label, counts in outcomes.items()}
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        print_table(("column", *Outcome), ([label, *counts.values()] for label, counts in rows.items()))
    total = sum(outcomes.values(), Counter())
    if total[Outcome.UNREADABLE]:
        click.echo("Unreadable values: their key is missing in DATA_ENCRYPTION_KEYS, or they were changed.", err=True)
    if total[Outcome.CHANGED]:
        click.echo("Servers have changed values meanwhile: run the command again.", err=True)
    sys.exit(1 if total[Outcome.UNREADABLE] or total[Outcome.CHANGED] else 0)
