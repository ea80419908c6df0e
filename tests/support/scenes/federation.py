"""The pages of sign-ins by a provider."""

from typing import Final

from auth_api.kit.crypto.tokens import BROWSER_ID, UPSTREAM_STATE, new_token
from tests.support.scenes.scene import FEDERATED, Scene
from tests.support.scenes.stage import Stage

_LOGIN: Final = "/account/login"
_CONTINUATION: Final = f"{_LOGIN}/provider"

_PAST: Final = "2026-01-01 00:00:00+00:00"
_FUTURE: Final = "2099-01-01 00:00:00+00:00"


async def _wait(stage: Stage) -> None:
    """Come back from the provider while another request asks it.."""
    browser, state = new_token(BROWSER_ID), new_token(UPSTREAM_STATE)
    name = f"auth_browser_{stage.product.server.port}"
    await stage.page.context.add_cookies([{"name": name, "value": browser.raw, "url": stage.product.origin}])
    await stage.product.deployment.execute(
        "INSERT INTO sign_in_flows (stage, purpose, provider, state_hash, browser_hash, created_at, expires_at) VALUES "  # noqa: S608
        f"('taken', 'page', 'dev', '{state.digest}', '{browser.digest}', '{_PAST}', '{_FUTURE}')"
    )
    await stage.open(f"{_CONTINUATION}?state={state.raw}")
    await stage.page.route(f"**{_CONTINUATION}?*", lambda route: route.fulfill(status=204))  # the browser stays here


FEDERATION_SCENES: Final = (Scene("federation/wait.html", _CONTINUATION, _wait, product=FEDERATED),)
