"""The pages on which people accept invitations."""

from typing import Final

from auth_api.events.audit.actors import user_actor
from auth_api.kit.crypto.tokens import INVITATION_TOKEN, new_token
from tests.support.actors import PASSWORD
from tests.support.scenes.scene import MAIL_ONLY, Scene, at
from tests.support.scenes.stage import Person, Stage

_INVITATION: Final = "/account/invitation"
_ACCEPT: Final = f"{_INVITATION}/accept"

_PAST: Final = "2026-01-01 00:00:00+00:00"
_FUTURE: Final = "2099-01-01 00:00:00+00:00"


async def _invite(stage: Stage, email: str) -> None:
    """Invite a person, and open the link. The script sends the first form."""
    inviter = await stage.make_administrator(await stage.person())
    token = new_token(INVITATION_TOKEN)
    await stage.product.deployment.execute(
        "INSERT INTO invitations (email, roles, invited_by, token_hash, mails, created_at, expires_at) VALUES "  # noqa: S608
        f"('{email}', 'support user-manager', '{user_actor(inviter)}', '{token.digest}', 1, '{_PAST}', '{_FUTURE}')"
    )
    await stage.open(f"{_INVITATION}#token={token.raw}")
    await stage.page.locator("main[data-page=accept-invitation]").wait_for()


async def _new_person(stage: Stage) -> str:
    """Invite a person without an account, and return a free username."""
    name = stage.free_name()
    await _invite(stage, f"{name}@example.com")
    return name


async def _refused_code(stage: Stage) -> None:
    await stage.open(_INVITATION)
    await stage.send(_INVITATION, token="inv_" + 43 * "x")


async def _invited(stage: Stage) -> None:
    await _new_person(stage)


async def _refused_account(stage: Stage) -> None:
    await _new_person(stage)
    await stage.send(_ACCEPT, username="_", password="short")


async def _account_created(stage: Stage) -> None:
    name = await _new_person(stage)
    await stage.send(_ACCEPT, username=name, password=PASSWORD)


async def _owner(stage: Stage) -> Person:
    person = await stage.logged_in()
    await _invite(stage, person.actor.email)
    return person


async def _own(stage: Stage) -> None:
    await _owner(stage)


async def _accepted(stage: Stage) -> None:
    await _owner(stage)
    await stage.send(_ACCEPT)


async def _logged_out(stage: Stage) -> None:
    person = await stage.person()
    await _invite(stage, person.actor.email)


async def _logged_in_as_another(stage: Stage) -> None:
    await stage.logged_in()
    await _new_person(stage)


def _scene(lead: object, *, path: str = _INVITATION, **more: str) -> Scene:
    return Scene("mail_pages/accept_invitation.html", path, lead, **more)  # type: ignore[arg-type]


INVITATION_SCENES: Final = (
    Scene("mail_pages/invitation.html", _INVITATION, at(_INVITATION)),
    Scene("mail_pages/invitation.html", _INVITATION, _refused_code, error="ONE_TIME_TOKEN_INVALID"),
    _scene(_invited),
    _scene(_own, state="own"),
    _scene(_logged_out, state="logged-out"),
    _scene(_logged_in_as_another, state="logged-in"),
    _scene(_refused_account, path=_ACCEPT, error="VALIDATION_ERROR"),
    Scene("account/account.html", "/account", _accepted, state="accepted"),
    Scene("mail_pages/invitation_accepted.html", _ACCEPT, _account_created, product=MAIL_ONLY),
)
