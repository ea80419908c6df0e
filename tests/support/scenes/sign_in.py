"""The pages on which people log in, register and log out."""

from typing import Final

from tests.support.actors import PASSWORD
from tests.support.scenes.scene import INVITE, STRICT, Scene, at, inside
from tests.support.scenes.stage import Stage

_LOGIN: Final = "/account/login"
_REGISTER: Final = "/account/register"


async def _wrong_password(stage: Stage) -> None:
    await stage.open(_LOGIN)
    await stage.send(_LOGIN, identifier="ada", password="wrong-Password-1")


async def _empty_login(stage: Stage) -> None:
    await stage.open(_LOGIN)
    await stage.send(_LOGIN)


async def _logged_out(stage: Stage) -> None:
    await stage.logged_in()
    await stage.open("/account/logout")
    await stage.send("/account/logout", button="yes")


async def _log_out_twice(stage: Stage) -> None:
    await stage.open("/account/logout")


async def _disabled_account(stage: Stage) -> None:
    person = await stage.person()
    await stage.change(person.actor.username, "is_active = FALSE")
    await stage.open(_LOGIN)
    await stage.send(_LOGIN, identifier=person.actor.username, password=PASSWORD)


async def _unverified_account(stage: Stage) -> None:
    person = await stage.person(is_verified=False)
    await stage.open(_LOGIN)
    await stage.send(_LOGIN, identifier=person.actor.username, password=PASSWORD)


async def _taken_and_weak(stage: Stage) -> None:
    await stage.open(_REGISTER)
    await stage.send(_REGISTER, email="no address", username="_", password="short")


async def _taken_username(stage: Stage) -> None:
    person = await stage.person()
    await stage.open(_REGISTER)
    username = person.actor.username
    await stage.send(_REGISTER, email=f"another-{username}@example.com", username=username, password=PASSWORD)


async def _registration_with_mail(stage: Stage) -> None:
    person = await stage.person()
    await stage.open(_REGISTER)
    await stage.send(
        _REGISTER, email=f"new-{person.actor.email}", username=f"new-{person.actor.username}", password=PASSWORD
    )


async def _confirmation(stage: Stage) -> None:
    await stage.logged_in_without_proof()
    await stage.open("/account/confirm")


async def _recovery_code(stage: Stage) -> None:
    await _confirmation(stage)
    await stage.send("/account/confirm", button="recovery_code")


async def _wrong_confirmation(stage: Stage) -> None:
    await _confirmation(stage)
    await stage.send("/account/confirm", code="000000")


async def _no_factor(stage: Stage) -> None:
    await stage.logged_in()
    await stage.open("/account/confirm?acr=aal2")


SIGN_IN_SCENES: Final = (
    Scene("sign_in/login.html", _LOGIN, at(_LOGIN)),
    Scene("sign_in/login.html", _LOGIN, _logged_out, state="after-logout"),
    Scene("sign_in/login.html", _LOGIN, _wrong_password, error="INVALID_CREDENTIALS"),
    Scene("sign_in/login.html", _LOGIN, _empty_login, error="VALIDATION_ERROR"),
    Scene("sign_in/continue.html", _LOGIN, inside(_LOGIN)),
    Scene("sign_in/account_disabled.html", _LOGIN, _disabled_account, error="ACCOUNT_DISABLED"),
    Scene("sign_in/email_not_verified.html", _LOGIN, _unverified_account, error="EMAIL_NOT_VERIFIED", product=STRICT),
    Scene("sign_in/register.html", _REGISTER, at(_REGISTER)),
    Scene("sign_in/register.html", _REGISTER, inside(_REGISTER), state="logged-in"),
    Scene("sign_in/register.html", _REGISTER, _taken_and_weak, error="VALIDATION_ERROR"),
    Scene("sign_in/register.html", _REGISTER, _taken_username, error="DUPLICATE_USERNAME"),
    Scene("sign_in/registration_closed.html", _REGISTER, at(_REGISTER), product=INVITE),
    Scene("sign_in/check_mail.html", _REGISTER, _registration_with_mail, state="registered", product=STRICT),
    Scene("sign_in/logout.html", "/account/logout", inside("/account/logout")),
    Scene("sign_in/logout.html", "/account/logout", _log_out_twice, state="logged-out"),
    Scene("sign_in/signed_in.html", "/account/signed-in", at("/account/signed-in")),
    Scene("sign_in/confirm.html", "/account/confirm", _confirmation),
    Scene("sign_in/confirm.html", "/account/confirm", _recovery_code, state="recovery-code"),
    Scene("sign_in/confirm.html", "/account/confirm", _wrong_confirmation, error="FACTOR_INVALID"),
    Scene("sign_in/confirm.html", "/account/confirm", _no_factor, state="no-factor"),
)
