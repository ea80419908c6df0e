"""The pages that links in mails lead to."""

from typing import Final

from tests.support.actors import PASSWORD
from tests.support.mail_flows import NEW_PASSWORD, change_email, change_password, confirm, forgot
from tests.support.scenes.scene import Lead, Scene, at
from tests.support.scenes.stage import Person, Stage

_VERIFY: Final = "/account/verify-email"
_RESET: Final = "/account/reset-password"
_FORGOT: Final = "/account/forgot-password"
_RESEND: Final = "/account/resend-email"
_CONFIRM: Final = "/account/confirm-email"
_UNDO: Final = "/account/undo-email"
_REPORT: Final = "/account/report"


def _refused(path: str, **typed: str) -> Lead:
    """Return the way to a page whose code is wrong."""

    async def lead(stage: Stage) -> None:
        await stage.open(path)
        await stage.send(path, token="ot_" + 43 * "x", **typed)

    return lead


def _asked(path: str, email: str) -> Lead:
    """Return the way to what follows a request for a mail."""

    async def lead(stage: Stage) -> None:
        await stage.open(path)
        await stage.send(path, email=email)

    return lead


async def _open_link(stage: Stage, recipient: str, path: str) -> None:
    await stage.page.goto(await stage.product.mailed_link(recipient, path))


async def _verification(stage: Stage) -> None:
    person = await stage.person(is_verified=False)
    await _open_link(stage, person.actor.email, _VERIFY)


async def _own_verification(stage: Stage) -> None:
    person = await stage.logged_in(is_verified=False)
    await _open_link(stage, person.actor.email, _VERIFY)


async def _verified(stage: Stage) -> None:
    await _verification(stage)
    await stage.send(_VERIFY, password=PASSWORD)


async def _wrong_password(stage: Stage) -> None:
    await _verification(stage)
    await stage.send(_VERIFY, password="wrong-Password-1")


async def _verified_without_password(stage: Stage) -> None:
    await _verification(stage)
    await stage.send(_VERIFY, button="on")


async def _reset(stage: Stage) -> None:
    person = await stage.person()
    await forgot(person.actor, person.actor.email)
    link = await stage.product.mailed_link(person.actor.email, _RESET)
    await stage.page.goto(link)
    await stage.page.locator("[name=new_password]").wait_for()  # the script sends the first form


async def _weak_password(stage: Stage) -> None:
    await _reset(stage)
    await stage.send(_RESET, new_password="short")


async def _password_set(stage: Stage) -> None:
    await _reset(stage)
    await stage.send(_RESET, new_password=NEW_PASSWORD)


async def _change(stage: Stage) -> tuple[Person, str]:
    person = await stage.person()
    new_email = f"new-{person.actor.email}"
    assert (await change_email(person.actor, new_email)).status == 202
    return person, await stage.product.mailed_link(new_email, _CONFIRM)


async def _email_changed(stage: Stage) -> None:
    _, link = await _change(stage)
    await stage.page.goto(link)
    await stage.send(_CONFIRM)


async def _undo(stage: Stage) -> Person:
    person, link = await _change(stage)
    assert (await confirm(person.actor, link.partition("token=")[2])).status == 200
    await _open_link(stage, person.actor.email, _UNDO)
    return person


async def _email_restored(stage: Stage) -> None:
    await _undo(stage)
    await stage.send(_UNDO)


async def _email_taken(stage: Stage) -> None:
    person = await _undo(stage)
    name = f"{person.actor.username}b"
    assert (await person.actor.register(username=name)).status == 201
    await stage.change(name, "email_verified_at = created_at")
    await stage.send(_UNDO)


async def _account_secured(stage: Stage) -> None:
    person = await stage.person()
    assert (await change_password(person.actor, NEW_PASSWORD)).status == 200  # sends a notice
    await _open_link(stage, person.actor.email, _REPORT)
    await stage.send(_REPORT)


def _scene(name: str, path: str, lead: Lead, **more: str) -> Scene:
    return Scene(f"mail_pages/{name}.html", path, lead, **more)  # type: ignore[arg-type]


_INVALID: Final = "ONE_TIME_TOKEN_INVALID"

MAIL_SCENES: Final = (
    _scene("verify_email", _VERIFY, at(_VERIFY)),
    _scene("verify_email", _VERIFY, _own_verification, state="logged-in"),
    _scene("verify_email", _VERIFY, _wrong_password, error="INVALID_CREDENTIALS"),
    _scene("verify_email", _VERIFY, _refused(_VERIFY, password=PASSWORD), error=_INVALID),
    _scene("email_verified", _VERIFY, _verified),
    _scene("resend_email", _RESEND, at(_RESEND)),
    _scene("resend_email", _RESEND, _asked(_RESEND, "ada"), error="VALIDATION_ERROR"),
    _scene("reset_password", _RESET, at(_RESET)),
    _scene("reset_password", _RESET, _refused(_RESET), error=_INVALID),
    _scene("choose_password", _RESET, _reset),
    _scene("choose_password", _VERIFY, _verified_without_password, state="verified"),
    _scene("choose_password", _RESET, _weak_password, error="WEAK_PASSWORD"),
    _scene("password_set", _RESET, _password_set),
    _scene("forgot_password", _FORGOT, at(_FORGOT)),
    _scene("forgot_password", _FORGOT, _asked(_FORGOT, "ada"), error="VALIDATION_ERROR"),
    Scene("sign_in/check_mail.html", _FORGOT, _asked(_FORGOT, "a-rather-long-address.of.a-person@example.com")),
    _scene("confirm_email", _CONFIRM, at(_CONFIRM)),
    _scene("confirm_email", _CONFIRM, _refused(_CONFIRM), error=_INVALID),
    _scene("email_changed", _CONFIRM, _email_changed),
    _scene("undo_email", _UNDO, at(_UNDO)),
    _scene("undo_email", _UNDO, _refused(_UNDO), error=_INVALID),
    _scene("email_restored", _UNDO, _email_restored),
    _scene("email_taken", _UNDO, _email_taken, error="DUPLICATE_EMAIL"),
    _scene("report", _REPORT, at(_REPORT)),
    _scene("report", _REPORT, _refused(_REPORT), error=_INVALID),
    _scene("account_secured", _REPORT, _account_secured),
)
