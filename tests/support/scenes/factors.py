"""The pages that ask for a second factor, and those on which people manage theirs."""

from typing import Final

from tests.support.actors import PASSWORD
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.scenes.scene import STRICT, Scene, inside
from tests.support.scenes.stage import Person, Stage
from tests.support.virtual_authenticator import add_virtual_authenticator

_LOGIN: Final = "/account/login"
_SECURITY: Final = "/account/security"
_ENROLMENT: Final = "/account/enrol/totp"
_WRONG: Final = "000000"


async def _second_factor(stage: Stage) -> None:
    await stage.second_step(await stage.person_with_app())


async def _recovery_code(stage: Stage) -> None:
    await _second_factor(stage)
    await stage.send("/account/second-factor", button="recovery_code")


async def _wrong_code(stage: Stage) -> None:
    await _second_factor(stage)
    await stage.send("/account/second-factor", code=_WRONG)


async def _no_attempt_left(stage: Stage) -> None:
    await _second_factor(stage)
    for _ in range(5):
        await stage.send("/account/second-factor", code=_WRONG)


async def _first_login(stage: Stage) -> None:
    person = await stage.person()
    await stage.open(_LOGIN)
    await stage.send(_LOGIN, identifier=person.actor.username, password=PASSWORD)


async def _new_app(stage: Stage) -> AuthenticatorApp:
    await _first_login(stage)
    await stage.send(_ENROLMENT)
    return await stage.shown_app()


async def _begin_app(stage: Stage) -> None:
    await _new_app(stage)


async def _wrong_first_code(stage: Stage) -> None:
    await _new_app(stage)
    await stage.send(f"{_ENROLMENT}/confirm", code=_WRONG)


async def _first_codes(stage: Stage) -> None:
    app = await _new_app(stage)
    await stage.send(f"{_ENROLMENT}/confirm", code=app.code())


async def _begin_passkey(stage: Stage) -> None:
    await _first_login(stage)
    await stage.send("/account/enrol/passkey")


async def _with_app(stage: Stage, path: str) -> Person:
    person = await stage.logged_in_with_app()
    await stage.open(path)
    return person


async def _with_passkey(stage: Stage) -> None:
    await add_virtual_authenticator(stage.page)
    await _with_app(stage, f"{_SECURITY}/passkeys")
    await stage.send(f"{_SECURITY}/passkeys", name="A laptop with a rather long name that goes on and on")


async def _replaceable_app(stage: Stage) -> None:
    await _with_app(stage, f"{_SECURITY}/totp")


async def _unproved(stage: Stage) -> None:
    await stage.logged_in_without_proof()
    await stage.open(f"{_SECURITY}/totp")


async def _removable_app(stage: Stage) -> None:
    await _with_app(stage, f"{_SECURITY}/totp/remove")


async def _removable_passkey(stage: Stage) -> None:
    await _with_passkey(stage)
    await stage.page.locator('a[href*="/passkeys/remove?id="]').click()


async def _two_step(stage: Stage) -> None:
    await _with_app(stage, f"{_SECURITY}/two-step")


async def _new_codes(stage: Stage) -> None:
    await _with_app(stage, f"{_SECURITY}/recovery-codes")


async def _codes(stage: Stage) -> None:
    await _new_codes(stage)
    await stage.send(f"{_SECURITY}/recovery-codes")


async def _app_code(stage: Stage) -> None:
    await stage.logged_in()
    await stage.open(f"{_SECURITY}/totp")
    await stage.send(f"{_SECURITY}/totp")


async def _wrong_app_code(stage: Stage) -> None:
    await _app_code(stage)
    await stage.send(f"{_SECURITY}/totp/confirm", code=_WRONG)


async def _removed_meanwhile(stage: Stage) -> None:
    person = await _with_app(stage, f"{_SECURITY}/totp/remove")
    assert (await person.actor.call("DELETE", "/api/user/totp")).status == 204
    await stage.send(f"{_SECURITY}/totp/remove")


async def _not_verified(stage: Stage) -> None:
    await stage.logged_in(is_verified=False)
    await stage.open(f"{_SECURITY}/totp")
    await stage.send(f"{_SECURITY}/totp")


def _sign_in(name: str, lead: object, path: str = _LOGIN, **more: object) -> Scene:
    return Scene(f"sign_in/{name}.html", path, lead, **more)  # type: ignore[arg-type]


def _own(name: str, lead: object, path: str, **more: object) -> Scene:
    return Scene(f"own_factors/{name}.html", _SECURITY + path, lead, **more)  # type: ignore[arg-type]


FACTOR_SCENES: Final = (
    _sign_in("second_factor", _second_factor),
    _sign_in("second_factor", _recovery_code, "/account/second-factor", state="recovery-code"),
    _sign_in("second_factor", _wrong_code, "/account/second-factor", error="FACTOR_INVALID"),
    _sign_in(
        "second_factor", _no_attempt_left, "/account/second-factor", error="FACTOR_INVALID", state="last", errors=5
    ),
    _sign_in("enrol", _first_login, product=STRICT),
    _sign_in("enrol_app", _begin_app, _ENROLMENT, product=STRICT),
    _sign_in("enrol_app", _wrong_first_code, f"{_ENROLMENT}/confirm", error="FACTOR_INVALID", product=STRICT),
    _sign_in("recovery_codes", _first_codes, f"{_ENROLMENT}/confirm", product=STRICT),
    _sign_in("enrol_passkey", _begin_passkey, "/account/enrol/passkey", product=STRICT),
    _own("security", inside(_SECURITY), ""),
    _own("security", _with_passkey, "", state="all-factors"),
    _own("security", _removed_meanwhile, "/totp/remove", error="FACTOR_NOT_FOUND"),
    _own("two_step", _two_step, "/two-step"),
    _own("app", inside(f"{_SECURITY}/totp"), "/totp"),
    _own("app", _replaceable_app, "/totp", state="replace"),
    _own("app", _unproved, "/totp", state="unproved"),
    _own("app_code", _app_code, "/totp"),
    _own("app_code", _wrong_app_code, "/totp/confirm", error="FACTOR_INVALID"),
    _own("remove_app", _removable_app, "/totp/remove"),
    _own("passkey", inside(f"{_SECURITY}/passkeys"), "/passkeys"),
    _own("remove_passkey", _removable_passkey, "/passkeys/remove"),
    _own("new_recovery_codes", _new_codes, "/recovery-codes"),
    _own("codes", _codes, "/recovery-codes"),
    Scene("frame/email_not_verified.html", "/account/security/totp", _not_verified, error="EMAIL_NOT_VERIFIED"),
)
