"""The pages for everyone: errors, the development server, and what shows that an address leads to nothing."""

from typing import Final

from tests.support.scenes.scene import FEDERATED, Scene, at, inside
from tests.support.scenes.stage import Stage

_DEVICE: Final = "/account/device"
_LOGOUT: Final = "/oauth2/logout"


async def _wrong_user_code(stage: Stage) -> None:
    await stage.logged_in()
    await stage.open(_DEVICE)
    await stage.send(_DEVICE, user_code="BBBB-BBBB")


OTHER_SCENES: Final = (
    Scene("frame/problem.html", "/account/nothing", at("/account/nothing"), error="NOT_FOUND"),
    Scene("frame/problem.html", "/account/none", inside("/account/none"), error="NOT_FOUND", state="logged-in"),
    Scene("errors/errors.html", "/errors", at("/errors"), only_in="en"),
    Scene("errors/error.html", "/errors/MFA_REQUIRED", at("/errors/MFA_REQUIRED"), only_in="en"),
    Scene("device/device.html", _DEVICE, inside(f"{_DEVICE}?user_code=WDJB-MJHT")),
    Scene("device/device.html", _DEVICE, _wrong_user_code, error="FLOW_INVALID"),
    Scene("client_logout/refused_logout.html", _LOGOUT, at(f"{_LOGOUT}?client_id=none"), error="VALIDATION_ERROR"),
    Scene("mailbox/start.html", "/", at("/"), only_in="en"),
    Scene("mailbox/mailbox.html", "/dev/mailbox", at("/dev/mailbox"), only_in="en"),
    Scene("dev_provider/provider.html", "/dev/provider", at("/dev/provider"), product=FEDERATED, only_in="en"),
)
