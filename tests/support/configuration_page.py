"""Write docs/configuration.md from the policies: `python -m tests.support.configuration_page DOCUMENT`."""

import sys
from pathlib import Path
from typing import Any, Final

from auth_api.settings.catalogue import PROVIDER_FIELDS, SECRET_VARIABLES, SECTIONS
from auth_api.settings.reader import DescribedField
from auth_api.settings.values import text_of

HEAD: Final = """# Configuration

Variables come from the environment, or from `.env` in the working directory; the environment takes precedence.
Development needs none of them. Invalid settings stop the server and every command that reads them; all of them are
reported at once, each with an example or a fix. `auth-api doctor` checks the rest.

Blanks around a value are removed. A value in quotes is rejected, because `docker --env-file` keeps quotes; in `.env`, a
pair of quotes around a value is not a part of it. Nothing replaces placeholders or runs commands: `${{NAME}}` and
`$(command)` are rejected. Lines of `.env` that cannot be read stop the server and every command; a variable of `.env`
that is not a setting is a warning of the server and of every command, and fails the check of `auth-api doctor`.

A blank variable counts as not set. Items of a list are separated by commas, or are a JSON list:
`CORS_ORIGINS='["https://app.example.com"]'`. True and false may also be written `1` and `0`, `yes` and `no`, `on` and
`off`.

A secret may also be given as `NAME_FILE`, the path of a file that contains it: {secrets}.

This page is made from the policies by `make docs`.
"""

OF_EACH_PROVIDER: Final = """Each provider has variables of its own. `<ID>` is its id in upper case, with
`_` for `-`: the client id of `acme-staff` is `PROVIDER_ACME_STAFF_CLIENT_ID`.
"""

_NOUNS: Final = {bool: "`true` or `false`", str: "text"}


def configuration_page() -> str:
    """Return the whole page."""
    of_providers = [field.setting.variable for field in PROVIDER_FIELDS if field.setting.is_secret]
    names = ", ".join(f"`{variable}`" for variable in [*SECRET_VARIABLES, *of_providers])
    parts = [HEAD.format(secrets=names)]
    for title, fields in SECTIONS.items():
        heading = ["| variable | default | values | meaning |", "| --- | --- | --- | --- |"]
        parts.append("\n".join([f"## {title}", "", *heading, *map(row, fields), ""]))
        if title == "Providers":
            parts.append("\n".join([OF_EACH_PROVIDER, *heading, *map(row, PROVIDER_FIELDS), ""]))
    return "\n".join(parts)


def row(field: DescribedField) -> str:
    """Return the line of one variable."""
    return f"| `{field.setting.variable}` | {default_text(field)} | {accepted_text(field)} | {field.setting.meaning} |"


def default_text(field: DescribedField) -> str:
    """Return the default in each environment."""
    setting = field.setting
    by_environment: dict[str, list[str]] = {}
    for environment, default in setting.default_in.items():
        by_environment.setdefault(_literal(default, field), []).append(environment)
    others = [f"in {' and '.join(environments)} {default}" for default, environments in by_environment.items()]
    return "; ".join([setting.default_text or _literal(field.default, field), *others])


def accepted_text(field: DescribedField) -> str:
    """Return the accepted values: in words, or by the field's type and bounds."""
    setting = field.setting
    if setting.accepts:
        return setting.accepts
    if setting.choices:
        return ", ".join(f"`{choice}`" for choice in setting.choices)
    if setting.minimum is not None or setting.above is not None:
        return f"{setting.bounds} {setting.unit}".rstrip()
    return _NOUNS[field.kind]


def _literal(value: Any, field: DescribedField) -> str:
    text = text_of(value, field.setting)
    return f"`{text}`" if text else "none"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(configuration_page(), encoding="utf-8")
