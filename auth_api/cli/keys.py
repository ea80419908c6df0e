"""`auth-api keys`."""

import json
import os
import shlex
from pathlib import Path
from typing import Final

import click
import msgspec

from auth_api.cli.context import confirm, load_settings
from auth_api.cli.tables import print_table
from auth_api.kit.crypto.generation import ALGORITHMS, new_key
from auth_api.kit.crypto.signing import KeyRing
from auth_api.sessions.policy import JWKS_MAX_AGE
from auth_api.settings import Settings
from auth_api.settings.environment import given_environment, lacks_secret, write_variables
from auth_api.settings.rotation import RotationRefusedError, Stage, in_one_line, key_of, next_step, stage_of, unfolded

_algorithm = click.Choice(ALGORITHMS, case_sensitive=False)

_TOLD: Final = {
    Stage.PUBLISH: (
        "1 of 3: the next key, {kid}, is to be accepted by all before anybody signs with it.",
        "Restart every instance, one after the other; then wait {published}, and run this command again.",
    ),
    Stage.SIGN: (
        "2 of 3: {kid} is to sign; what the key before signed is still accepted.",
        "Restart every instance, one after the other; then wait {lives}, and run this command again.",
    ),
    Stage.RETIRE: (
        "3 of 3: {kid} is to be the only key again.",
        "Restart every instance, one after the other; then the rotation is over.",
    ),
}
_QUESTIONS: Final = {
    Stage.SIGN: "Has every instance been running with JWT_NEXT_KEY for {published}?",
    Stage.RETIRE: "Has every instance been signing with {kid} for {lives}?",
}


@click.group()
def keys() -> None:
    """Make, list and replace the keys that sign access tokens."""


@keys.command()
@click.option("--algorithm", type=_algorithm, default="HS256", show_default=True, help="What the key is for.")
@click.option("--one-line", is_flag=True, help="Write a PEM key as .env files and variables take it.")
def generate(algorithm: str, *, one_line: bool) -> None:
    """Print a new secret for JWT_SECRET_KEY, or PEM key for JWT_PRIVATE_KEY."""
    key = new_key(algorithm)
    click.echo(in_one_line(key) if one_line else key.strip())


@keys.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(*, as_json: bool) -> None:
    """List the keys of the settings; never what they are made of."""
    rows = key_rows(load_settings().sessions.keys, _given().get("JWT_NEXT_KEY", ""))
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        print_table(list(rows[0]), [row.values() for row in rows])


@keys.command()
@click.option("--algorithm", type=_algorithm, help="Of the next key.  [default: that of the current one]")
@click.option("--write", is_flag=True, help="Change .env, or the files that NAME_FILE variables name.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--yes", is_flag=True, help="Do not ask whether the step before is done.")
def rotate(*, algorithm: str | None, write: bool, as_json: bool, yes: bool) -> None:
    """Make the next of three steps to a new key: publish, sign, retire.

    Between two steps restart every instance. Nobody is logged out. Without --write the variables to be set are printed
    (an empty text takes one away); what to do then stands on standard error.
    """
    environ = _given()
    if lacks_secret(environ):
        message = "No key is set. Development keeps one of its own: to replace it, remove its file."
        raise click.ClickException(message)
    settings = Settings.from_env(environ)
    stage = stage_of(environ)
    try:
        step = next_step(environ, algorithm=algorithm)
    except RotationRefusedError as error:
        raise click.ClickException(str(error)) from error
    lives = int(settings.sessions.access_ttl.total_seconds())
    facts = {"kid": step.kid, "published": _minutes(JWKS_MAX_AGE), "lives": _minutes(lives)}
    if stage in _QUESTIONS:
        confirm(_QUESTIONS[stage].format(**facts), yes=yes)
    what, then = (sentence.format(**facts) for sentence in _TOLD[stage])
    click.echo(what, err=True)
    if write:
        write_variables(step.changes, os.environ, Path.cwd())
        click.echo(f"Written: {', '.join(step.changes)}.", err=True)
    elif as_json:
        click.echo(json.dumps(msgspec.to_builtins(step), indent=2))
    else:
        for name, value in step.changes.items():
            click.echo(f"{name}={shlex.quote(value)}")
    click.echo(then, err=True)


def key_rows(ring: KeyRing, next_text: str) -> list[dict[str, str | int | bool]]:
    """Return one row per key, the one that signs first."""
    next_kid = key_of(unfolded(next_text)).kid if next_text else None
    return [
        {
            "kid": key.kid,
            "algorithm": key.algorithm,
            "bits": key.bits,
            "use": "signs" if key is ring.current else "signs next" if key.kid == next_kid else "signed before",
            "published": key.public_jwk is not None,
        }
        for key in (ring.current, *ring.others)
    ]


def _minutes(seconds: int) -> str:
    return f"{seconds // 60} minutes"


def _given() -> dict[str, str]:
    return given_environment(os.environ, Path.cwd())
