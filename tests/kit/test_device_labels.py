"""Sessions are listed under a short name of their device."""

import pytest

from auth_api.kit.device import device_label
from tests.conftest import UserFactory

MOZILLA = "Mozilla/5.0"
LABELS = {
    f"{MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox on Linux",
    f"{MOZILLA} (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36": "Chrome on Windows",
    f"{MOZILLA} (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0": "Edge on Windows",
    f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1": "Safari on macOS",
    f"{MOZILLA} (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/26.0 Mobile Safari/604.1": "Safari on iPhone",
    f"{MOZILLA} (Linux; Android 10; K) Chrome/141.0 Mobile Safari/537.36": "Chrome on Android",
    f"{MOZILLA} (X11; CrOS x86_64 14541.0.0) Chrome/141.0 Safari/537.36": "Chrome on ChromeOS",
    f"{MOZILLA} Firefox/140.0": "Firefox",
    f"{MOZILLA} (Android 15)": "Android",
    "curl/8.14.1": "curl",
    "our-tool 2.0": "our-tool",
    "x" * 100: "x" * 40,
    "/1.0": "Unknown device",
    "": "Unknown device",
    None: "Unknown device",
}


@pytest.mark.parametrize(("user_agent", "label"), LABELS.items())
def test_device_label_names_browser_and_system(user_agent: str | None, label: str) -> None:
    assert device_label(user_agent) == label


async def test_session_list_shows_the_device_label(user_factory: UserFactory) -> None:
    ada = await user_factory()
    ada.headers["User-Agent"] = "our-tool/2.0"
    await ada.log_in()

    listed = await ada.call("GET", "/api/user/sessions")

    assert [session["device"] for session in listed["items"]] == ["our-tool", "python-httpx"]
