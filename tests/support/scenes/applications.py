"""The page on which people see the applications that may use their account."""

from typing import Final

from auth_api.kit.clock import utc_now
from auth_api.kit.uuid7 import uuid7
from tests.support.scenes.scene import Scene, inside
from tests.support.scenes.stage import Stage

_APPS: Final = "/account/apps"

_SCOPES: Final = "openid profile email roles"


async def _owner(stage: Stage) -> None:
    """Log in a person who has allowed two applications to use the account."""
    await stage.logged_in()
    execute = stage.product.deployment.execute
    for name, offline in (("Wiki", "false"), ("An app with a rather long name <b>&amp;</b>", "true")):
        await execute(
            "INSERT INTO oauth_clients (client_id, name, kind, uri, redirect_uris, post_logout_redirect_uris, "  # noqa: S608 - of a test
            "grant_types, scopes, introspects, first_party, require_pkce, is_active, created_at, updated_at) "
            f"VALUES ('{stage.free_name()}', '{name}', 'web', 'https://wiki.example.com', '', '', '', '', '', "
            "false, true, true, '2026-02-19T10:30:45Z', '2026-02-19T10:30:45Z')"
        )
        await execute(
            "INSERT INTO oauth_consents (id, user_id, client_id, scopes, offline, granted_at) "  # noqa: S608 - as above
            f"SELECT '{uuid7(utc_now())}', max(users.id), max(oauth_clients.id), '{_SCOPES}', "
            f"{offline}, '2026-02-19T10:30:45Z' FROM users, oauth_clients"
        )
    await stage.open(_APPS)


async def _ended(stage: Stage) -> None:
    await _owner(stage)
    await stage.send(_APPS)


async def _unknown(stage: Stage) -> None:
    await _owner(stage)
    await stage.page.locator(f"form[action$='{_APPS}'] input[name=id]").first.evaluate(
        "node => node.value = '019ad0a2-7e6d-7c3e-9b52-0f6d2c9f7a19'"
    )
    await stage.send(_APPS)


APPLICATION_SCENES: Final = (
    Scene("account/apps.html", _APPS, _owner),
    Scene("account/apps.html", _APPS, inside(_APPS), state="none"),
    Scene("account/apps.html", _APPS, _ended, state="revoked"),
    Scene("account/apps.html", _APPS, _unknown, error="CONSENT_NOT_FOUND"),
)
