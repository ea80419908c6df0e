"""Generate, list and rotate signing keys: `auth-api keys`."""

import json
import os
import shlex
from pathlib import Path
from typing import Final

import click
import msgspec

from auth_api.cli.context import load_settings
from auth_api.kit.command_line import confirm
from auth_api.kit.crypto.generation import ALGORITHMS, new_key
from auth_api.kit.crypto.signing import KeyRing
from auth_api.kit.text_tables import print_table
from auth_api.oauth.keys.oauth_keys import OAuthKeys, new_oauth_keys
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.sessions.policy import JWKS_MAX_AGE
from auth_api.settings import Settings
from auth_api.settings.environment import given_environment, lacks_oauth_keys, lacks_secret, write_variables
from auth_api.settings.oauth_rotation import OAUTH_WAITS, next_oauth_step
from auth_api.settings.rotation import RotationRefusedError, Stage, in_one_line, key_of, next_step, unfolded

_algorithm = click.Choice(ALGORITHMS, case_sensitive=False)

_INSTRUCTIONS: Final = {
    Stage.PUBLISH: (
        "Step 1 of 3: publish the next key, {kid}, so that all instances accept it before one signs with it.",
        "Restart all instances, one after the other. Wait {published}, then run this command again.",
    ),
    Stage.SIGN: (
        "Step 2 of 3: sign with {kid}; tokens of the previous key are still accepted.",
        "Restart all instances, one after the other. Wait {lives}, then run this command again.",
    ),
    Stage.RETIRE: (
        "Step 3 of 3: remove the previous key; {kid} is the only key.",
        "Restart all instances, one after the other. The rotation is then complete.",
    ),
}
_DERIVATION_HINT: Final = (
    "This is JWT_PRIVATE_KEY. Without JWT_SECRET_KEY, also set TOKEN_DERIVATION_KEY: auth-api secrets generate"
)
_OAUTH_HINT: Final = "These are OAUTH_SIGNING_KEYS: write them into a file, and name it in OAUTH_SIGNING_KEYS_FILE."
_oauth = click.option("--oauth", is_flag=True, help="Keys of the OAuth provider, instead of those of sessions.")
_QUESTIONS: Final = {
    Stage.SIGN: "Have all instances been running with the next key for {published}?",
    Stage.RETIRE: "Have all instances been signing with {kid} for {lives}?",
}


@click.group()
def keys() -> None:
    """Generate, list and rotate the keys that sign tokens."""


@keys.command()
@click.option("--algorithm", type=_algorithm, default="HS256", show_default=True, help="Algorithm of the key.")
@click.option("--one-line", is_flag=True, help="Print a PEM key in one line, as .env files need it.")
@_oauth
def generate(algorithm: str, *, one_line: bool, oauth: bool) -> None:
    """Print a new secret for JWT_SECRET_KEY, or a new PEM key for JWT_PRIVATE_KEY.

    With a PEM key and no JWT_SECRET_KEY, TOKEN_DERIVATION_KEY is required: auth-api secrets generate.

    With --oauth, print two keys for OAUTH_SIGNING_KEYS, whatever the algorithm.
    """
    key = new_oauth_keys() if oauth else new_key(algorithm)
    click.echo(in_one_line(key) if one_line else key.strip())
    if oauth:
        click.echo(_OAUTH_HINT, err=True)
    elif algorithm != "HS256":
        click.echo(_DERIVATION_HINT, err=True)


@keys.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(*, as_json: bool) -> None:
    """List the keys of the settings, without their secrets."""
    settings = load_settings()
    rows = key_rows(settings.sessions.keys, _given().get("JWT_NEXT_KEY", ""))
    rows += oauth_key_rows(settings.of(OAuthPolicy).keys)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        print_table(list(rows[0]), [row.values() for row in rows])


@keys.command()
@click.option("--algorithm", type=_algorithm, help="Algorithm of the new key.  [default: that of the current key]")
@_oauth
@click.option("--write", is_flag=True, help="Change .env, or the files that NAME_FILE variables name.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--yes", is_flag=True, help="Confirm that the previous step is complete.")
def rotate(*, algorithm: str | None, oauth: bool, write: bool, as_json: bool, yes: bool) -> None:
    """Take the next of three steps to a new key: publish, sign, retire.

    Restart all instances after each step. Users stay logged in. Without --write, the variables to set are printed
    (remove those that are empty), and on standard error what to do next. With --oauth, --algorithm names the key to
    replace.
    """
    environ = _given()
    if lacks_oauth_keys(environ) if oauth else lacks_secret(environ):
        message = "No key is set. To replace the secret that the server has generated, delete its file."
        raise click.ClickException(message)
    settings = Settings.from_env(environ)
    try:
        step = next_oauth_step(environ, algorithm) if oauth else next_step(environ, algorithm=algorithm)
    except RotationRefusedError as error:
        raise click.ClickException(str(error)) from error
    published, lives = OAUTH_WAITS if oauth else (JWKS_MAX_AGE, int(settings.sessions.access_ttl.total_seconds()))
    facts = {"kid": step.kid, "published": _minutes(published), "lives": _minutes(lives)}
    if step.stage in _QUESTIONS:
        confirm(_QUESTIONS[step.stage].format(**facts), yes=yes)
    summary, instruction = (sentence.format(**facts) for sentence in _INSTRUCTIONS[step.stage])
    click.echo(summary, err=True)
    if write:
        write_variables(step.changes, os.environ, Path.cwd())
        click.echo(f"Changed: {', '.join(step.changes)}.", err=True)
    elif as_json:
        click.echo(json.dumps(msgspec.to_builtins(step), indent=2))
    else:
        for name, value in step.changes.items():
            click.echo(f"{name}={shlex.quote(value)}")
    click.echo(instruction, err=True)


def key_rows(ring: KeyRing, next_text: str) -> list[dict[str, str | int | bool]]:
    """Return one row per key of sessions, beginning with the key that signs."""
    next_kid = key_of(unfolded(next_text)).kid if next_text else None
    return [
        {
            "kid": key.kid,
            "algorithm": key.algorithm,
            "bits": key.bits,
            "use": "signs" if key is ring.current else "signs next" if key.kid == next_kid else "signed before",
            "published": key.public_jwk is not None,
            "for": "sessions",
        }
        for key in (ring.current, *ring.others)
    ]


def oauth_key_rows(keys: OAuthKeys) -> list[dict[str, str | int | bool]]:
    """Return one row per key of the OAuth provider, whose order tells what each is used for."""
    signing = {keys.of_algorithm(key.algorithm)[0] for key in keys.keys}
    return [
        {
            "kid": key.kid,
            "algorithm": key.algorithm,
            "bits": key.bits,
            "use": "signs" if key in signing else "signs next" if key.signing else "signed before",
            "published": True,
            "for": "applications",
        }
        for key in keys.keys
    ]


def _minutes(seconds: int) -> str:
    return f"{seconds // 60} minutes"


def _given() -> dict[str, str]:
    return given_environment(os.environ, Path.cwd())
