"""The pages on which people manage their accounts, except their second factors."""

from typing import Final

from tests.support.actors import PASSWORD
from tests.support.scenes.scene import Scene, inside
from tests.support.scenes.stage import Person, Stage

_DEVICES: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/604.1",
    "acme-notes-command-line-client-with-a-rather-long-name-that-does-not-break/1.0 <b>",
)
_NAME = "Augusta Ada King, Countess of Lovelace <b>&amp;</b>"


async def _experienced(stage: Stage) -> Person:
    """Log in a person with a long name, several devices and a history."""
    person = await stage.logged_in()
    await stage.change(person.actor.username, f"display_name = '{_NAME}'")
    for device in _DEVICES:
        person.actor.headers["User-Agent"] = device
        assert (await person.actor.log_in()).status == 200
    return person


async def _overview(stage: Stage) -> None:
    await _experienced(stage)
    await stage.open("/account")


async def _sessions(stage: Stage) -> None:
    await _experienced(stage)
    await stage.open("/account/sessions")


async def _last_part_of_sessions(stage: Stage) -> None:
    await _experienced(stage)
    await stage.open("/account/sessions?limit=2")
    await stage.page.locator(".more a").click()


async def _others_ended(stage: Stage) -> None:
    await _sessions(stage)
    await stage.send("/account/sessions/end-others")


async def _unknown_session(stage: Stage) -> None:
    await _sessions(stage)
    ids = "form[action$='/end'] input[name=id]"
    await stage.page.locator(ids).last.evaluate("node => node.value = '00000000-0000-7000-8000-000000000000'")
    async with stage.page.expect_event("load"):
        await stage.page.locator("form[action$='/end'] button").last.click()


async def _history(stage: Stage) -> None:
    await _experienced(stage)
    await stage.open("/account/history")


async def _unverified_overview(stage: Stage) -> None:
    await stage.logged_in(is_verified=False)
    await stage.open("/account")


async def _unverified_address(stage: Stage) -> None:
    await stage.logged_in(is_verified=False)
    await stage.open("/account/email")
    await stage.send("/account/email/resend")


async def _profile_saved(stage: Stage) -> None:
    await _experienced(stage)
    await stage.open("/account/profile")
    await stage.send("/account/profile", display_name="Ada")


async def _profile_refused(stage: Stage) -> None:
    await _experienced(stage)
    await stage.open("/account/profile")
    await stage.send("/account/profile", username="-", display_name="\N{RIGHT-TO-LEFT OVERRIDE}Ada")


async def _wrong_password(stage: Stage) -> None:
    await stage.logged_in()
    await stage.open("/account/password")
    await stage.send("/account/password", current_password="wrong", new_password="Another-Horse-8-Clip")


async def _weak_password(stage: Stage) -> None:
    await stage.logged_in()
    await stage.open("/account/password")
    await stage.send("/account/password", current_password=PASSWORD, new_password="short")


async def _password_changed(stage: Stage) -> None:
    await stage.logged_in()
    await stage.open("/account/password")
    await stage.send("/account/password", current_password=PASSWORD, new_password="Another-Horse-8-Clip")


async def _bad_address(stage: Stage) -> None:
    await stage.logged_in()
    await stage.open("/account/email")
    await stage.send("/account/email", new_email="ada", current_password=PASSWORD)


async def _unproved_address(stage: Stage) -> None:
    await stage.logged_in_without_proof()
    await stage.open("/account/email")


async def _unproved_data(stage: Stage) -> None:
    await stage.logged_in_without_proof()
    await stage.open("/account/data")


async def _wrong_username(stage: Stage) -> None:
    await stage.logged_in()
    await stage.open("/account/data")
    await stage.send("/account/data/delete", confirm="grace", current_password=PASSWORD)


async def _goodbye(stage: Stage) -> None:
    person = await stage.logged_in()
    await stage.open("/account/data")
    await stage.send("/account/data/delete", confirm=person.actor.username, current_password=PASSWORD)


def _scene(name: str, lead: object, *, path: str = "", **more: str) -> Scene:
    place = f"/account{path or ('' if name == 'account' else f'/{name}')}"
    return Scene(f"account/{name}.html", place, lead, **more)  # type: ignore[arg-type]


ACCOUNT_SCENES: Final = (
    _scene("account", _overview),
    _scene("account", _unverified_overview, state="unverified"),
    _scene("profile", inside("/account/profile")),
    _scene("profile", _profile_saved, state="saved"),
    _scene("profile", _profile_refused, error="VALIDATION_ERROR"),
    _scene("password", inside("/account/password")),
    _scene("password", _password_changed, state="changed"),
    _scene("password", _weak_password, error="WEAK_PASSWORD"),
    _scene("password", _wrong_password, error="INVALID_CREDENTIALS"),
    _scene("email", inside("/account/email")),
    _scene("email", _unverified_address, state="unverified"),
    _scene("email", _unproved_address, state="unproved"),
    _scene("email", _bad_address, error="VALIDATION_ERROR"),
    _scene("sessions", _sessions),
    _scene("sessions", _last_part_of_sessions, state="last-part"),
    _scene("sessions", _others_ended, state="ended"),
    _scene("sessions", _unknown_session, path="/sessions/end", error="SESSION_NOT_FOUND"),
    _scene("history", _history),
    _scene("data", inside("/account/data")),
    _scene("data", _unproved_data, state="unproved"),
    _scene("data", _wrong_username, path="/data/delete", error="VALIDATION_ERROR"),
    _scene("goodbye", _goodbye, path="/data/delete"),
)
