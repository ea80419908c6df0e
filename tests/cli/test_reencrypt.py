"""`auth-api secrets reencrypt`, with a sealed column of the tests beside those of the features."""

import json
import subprocess
import sys

from auth_api.kit.crypto.sealing import Sealing, new_data_key, parse_data_key
from tests.support.deployment import Deployment
from tests.support.processes import clean_environment

WITH_A_COLUMN = """
import auth_api.composition as composition
from auth_api.cli import main
from auth_api.kit.db.sealed_columns import SealedColumn
from auth_api.manifest import Manifest
from auth_api.piccolo_app import APP_CONFIG
from piccolo.columns import Integer, Varchar
from piccolo.table import Table

class SeedRow(Table, tablename="seeds"):
    id = Integer(primary_key=True, default=None)
    sealed = Varchar(length=500, null=True, default=None)

APP_CONFIG.table_classes.append(SeedRow)
column = SealedColumn(name="seed", table=SeedRow, row_key=SeedRow.id, sealed=SeedRow.sealed)
composition.FEATURES = (*composition.FEATURES, Manifest(sealed_columns=(column,)))
main()
"""
"""The command line of a version that stores sealed values."""

OLD, NEW, LOST = new_data_key(), new_data_key(), new_data_key()
KEYS = f"{NEW},{OLD}"


OF_FEATURES = ("totp_factors.sealed", "totp_candidates.sealed")
NOTHING = {column: {"reencrypted": 0, "changed": 0, "unreadable": 0} for column in OF_FEATURES}


def reencrypt(deployment: Deployment, *arguments: str, keys: str = KEYS) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITH_A_COLUMN, "secrets", "reencrypt", *arguments],
        env=clean_environment({**deployment.environ, "DATA_ENCRYPTION_KEYS": keys}),
        cwd=deployment.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def add_rows(deployment: Deployment, rows: dict[int, str]) -> None:
    """Create the table, with a row for each key of its sealed value."""
    deployment.command("migrate").check_returncode()
    await deployment.execute("CREATE TABLE seeds (id integer PRIMARY KEY, sealed varchar(500))")
    for number, key in rows.items():
        sealed = Sealing([parse_data_key(key)]).seal(b"seed", table="seed", row=number)
        await deployment.execute(f"INSERT INTO seeds (id, sealed) VALUES ({number}, '{sealed}')")  # noqa: S608 - constants


async def test_older_keys_can_be_removed_afterwards(deployment: Deployment) -> None:
    await add_rows(deployment, {1: OLD, 2: NEW, 3: OLD})

    done, again = reencrypt(deployment), reencrypt(deployment, "--json", keys=NEW)

    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["column", "reencrypted", "changed", "unreadable"],
        *([column, "0", "0", "0"] for column in OF_FEATURES),
        ["seeds.sealed", "2", "0", "0"],
    ]
    assert (again.returncode, json.loads(again.stdout)) == (
        0,
        {**NOTHING, "seeds.sealed": {"reencrypted": 0, "changed": 0, "unreadable": 0}},
    )
    for number, sealed in await deployment.rows("SELECT id, sealed FROM seeds"):
        assert Sealing([parse_data_key(NEW)]).unseal(sealed, table="seed", row=number) == b"seed"


async def test_value_that_no_key_opens_fails_the_command(deployment: Deployment) -> None:
    await add_rows(deployment, {1: LOST, 2: OLD})

    done = reencrypt(deployment, "--json")

    assert (done.returncode, json.loads(done.stdout)) == (
        1,
        {**NOTHING, "seeds.sealed": {"reencrypted": 1, "changed": 0, "unreadable": 1}},
    )
    assert done.stderr == ("Unreadable values: their key is missing in DATA_ENCRYPTION_KEYS, or they were changed.\n")
    assert not any(key in done.stdout + done.stderr for key in (OLD, NEW, LOST))


def test_production_without_keys_is_told_how_to_make_one(deployment: Deployment) -> None:
    deployment.command("migrate").check_returncode()

    done = deployment.command(
        "secrets",
        "reencrypt",
        ENVIRONMENT="production",
        PUBLIC_URL="https://auth.corp.net",
        JWT_SECRET_KEY="qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2",
    )

    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        "Error: DATA_ENCRYPTION_KEYS is not set. Run: auth-api secrets data-key\n",
    )
