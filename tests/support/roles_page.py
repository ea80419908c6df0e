"""Write docs/roles.md from the code: `python -m tests.support.roles_page DOCUMENT`."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from litestar import Litestar
from litestar.routes import HTTPRoute

from auth_api.app import create_app
from auth_api.kit.http.access import ACCESS, Access
from auth_api.kit.mail.folder import FolderMailer
from auth_api.roles.built_in import BUILT_IN_ROLES
from auth_api.roles.permissions import BUILT_IN, RESERVED_AREAS, is_administrative
from auth_api.settings import Settings
from tests.support.oauth_keys import OAUTH_SIGNING_KEYS

HEAD: Final = """# Roles and permissions

A user has roles, a role contains permissions, and each operation of the API for administrators needs one permission. A
permission concerns all users: `users:read` reads all of them. A change of a role, or of the roles of a user, applies
from the next request on, in every process. Access tokens state the roles
([tokens.md](tokens.md#roles-and-metadata)): other services learn a new role with the next token, and a lost one by the
list of revocations.

[administration.md](administration.md#roles) has the commands, with which the first administrator is made.

## Rules

These rules hold for the API, but not for the command line:

- **Rank:** callers need all permissions of the user on whom they act, also to disable the user or to end sessions, and
  all of the role that they grant, revoke or change, before and after. Otherwise they get 403 `RANK_TOO_LOW`, whose
  `required_permission` names one that they lack. So only an administrator, whose role contains `*`, can act on
  administrators. Reading needs no rank.
- **Rank counts permissions of your own:** `support` cannot act on a user with `orders:read`. Give the support team the
  roles that your users have, or one role with the same permissions.
- **Rights are read again** in the transaction of each act. A request that an administrator sends before losing the
  role, the session or the account, and that waits meanwhile (for the rest of its body, or for a lock), is refused.
- **The own account** cannot be changed by the API for administrators (`SELF_CHANGE_REFUSED`).
- **A recent proof of identity** is needed where the table says so (`STEP_UP_REQUIRED`).

These rules also hold for the command line:

- The last active administrator stays (`LAST_ADMINISTRATOR`), except with `--leave-none`.
- Where mail is on, only users with a verified e-mail address get roles (`EMAIL_NOT_VERIFIED`).
- A user has at most 20 roles, a role at most 100 permissions, and the server stores at most 200 roles and 500
  permissions of your own (`LIMIT_REACHED`).
- A provider of logins can grant roles by the [groups](providers.md#roles) of a user, but never
  `administrator`. If a role becomes administrative, the users lose it to whom only a provider grants it that may not
  grant administrative roles.
- A mail tells the user about a role that was granted or revoked, with a link to report it.

## Permissions of your own APIs

Declare them, so that roles and API keys can contain them:

```console
$ auth-api permissions set orders:read --description "Read the orders of all customers"
$ auth-api roles create order-desk --permission orders:read --permission users:read
```

A name is `area:action` or `area:part:action`. These areas belong to the server: {areas}.
The server only stores your permissions; your services ask for them with `POST /api/access/check`.

`make docs` generates this page from the code.

## Built-in roles

They cannot be changed.

| role | for | permissions |
| --- | --- | --- |
{roles}

## Built-in permissions

A role with an administrative permission makes its user an administrator for `MFA_POLICY`.

| permission | allows | in the roles besides `administrator` | administrative |
| --- | --- | --- | --- |
{permissions}

## Operations

| operation | permission | accepts API keys | needs a recent proof |
| --- | --- | --- | --- |
{operations}
"""


def roles_page(app: Litestar) -> str:
    """Return the whole page."""
    roles = [
        f"| `{name}` | {role.description} | {_quoted(role.permissions)} |" for name, role in BUILT_IN_ROLES.items()
    ]
    return HEAD.format(
        areas=_quoted(RESERVED_AREAS),
        roles="\n".join(roles),
        permissions="\n".join(map(_permission_row, BUILT_IN)),
        operations="\n".join(_operation_row(*operation) for operation in sorted(_operations(app))),
    )


def _permission_row(name: str) -> str:
    roles = _quoted(role for role, built_in in BUILT_IN_ROLES.items() if name in built_in.permissions)
    return f"| `{name}` | {BUILT_IN[name]} | {roles} | {_yes(is_administrative([name]))} |"


def _operation_row(path: str, method: str, access: Access) -> str:
    flags = f"{_yes(access.accepts_key)} | {_yes(access.needs_recent_proof)}"
    return f"| `{method} {path}` | `{access.permission}` | {flags} |"


def _operations(app: Litestar) -> Iterator[tuple[str, str, Access]]:
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            access = handler.opt.get(ACCESS)
            if access is not None and access.permission is not None:
                yield route.path_format, min(handler.http_methods), access


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _yes(value: bool) -> str:
    return "yes" if value else ""


def complete_app() -> Litestar:
    """Return an application with all operations."""
    environ = {
        "ENVIRONMENT": "testing",
        "JWT_SECRET_KEY": "a-secret-that-only-this-page-knows-0123456789",
        "MAIL_FROM": "no-reply@example.com",
        "OAUTH_ENABLED": "true",
        "OAUTH_SIGNING_KEYS": OAUTH_SIGNING_KEYS,
    }
    settings = Settings.from_env(environ)
    return create_app(settings, mailer=FolderMailer(Path(), settings.mail.sender))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(roles_page(complete_app()), encoding="utf-8")
