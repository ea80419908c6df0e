"""The pages about the requests of applications."""

from typing import Final
from urllib.parse import urlencode

from tests.support.scenes.scene import Lead, Scene
from tests.support.scenes.stage import Stage

_PAGE: Final = "/account/authorize"
_INVALID: Final = "/oauth2/authorize"
_PAST: Final = "2026-01-01 00:00:00+00:00"
_NAME: Final = "Wiki of the Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"
_SCOPES: Final = "openid profile email roles offline_access"


async def _application(stage: Stage, *, kind: str, target: str, role: str = "NULL") -> str:
    """Register an application, and return its `client_id`."""
    client_id = f"app_{stage.free_name():0<20}"
    await stage.product.deployment.execute(
        "INSERT INTO oauth_clients (client_id, name, kind, uri, redirect_uris, post_logout_redirect_uris, grant_types, "  # noqa: S608
        "scopes, introspects, required_role, first_party, require_pkce, is_active, created_at, updated_at) VALUES "
        f"('{client_id}', '{_NAME}', '{kind}', 'https://wiki.example.com/', '{target}', '', "
        f"'authorization_code device_code refresh_token', '{_SCOPES}', '', {role}, FALSE, FALSE, TRUE, '{_PAST}', "
        f"'{_PAST}')"
    )
    return client_id


async def _ask(stage: Stage, *, kind: str, target: str, role: str) -> None:
    """Log in, and come from an application of one's own that asks for everything."""
    await stage.logged_in()
    client_id = await _application(stage, kind=kind, target=target, role=role)
    parameters = {
        "client_id": client_id,
        "redirect_uri": target,
        "response_type": "code",
        "scope": _SCOPES,
        "code_challenge": "C" * 43,
        "code_challenge_method": "S256",
    }
    await stage.open(f"{_INVALID}?{urlencode(parameters)}")


def _asked(*, kind: str = "web", target: str = "https://wiki.example.com/callback", role: str = "NULL") -> Lead:
    return lambda stage: _ask(stage, kind=kind, target=target, role=role)


def _device(*, decision: str = "") -> Lead:
    async def lead(stage: Stage) -> None:
        await stage.logged_in()
        form = {"client_id": await _application(stage, kind="device", target=""), "scope": _SCOPES}
        codes = (await stage.client.post("/oauth2/device_authorization", data=form)).json()
        await stage.open(f"/account/device?user_code={codes['user_code']}")
        await stage.send("/account/device")
        if decision:
            await stage.send(_PAGE, button=decision)

    return lead


async def _unknown(stage: Stage) -> None:
    await stage.open(_INVALID)


AUTHORIZATION_SCENES: Final = (
    Scene("consent/consent.html", _PAGE, _asked()),
    Scene("consent/consent.html", _PAGE, _asked(kind="native", target="com.example.wiki:/callback"), state="app"),
    Scene("consent/consent.html", _PAGE, _device(), state="device"),
    Scene("consent/device_done.html", _PAGE, _device(decision="allow"), state="allowed"),
    Scene("consent/device_done.html", _PAGE, _device(decision="deny"), state="denied"),
    Scene("consent/role.html", _PAGE, _asked(role="'employee'")),
    Scene("consent/invalid_request.html", _INVALID, _unknown, error="VALIDATION_ERROR"),
)
