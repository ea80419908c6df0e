"""The pages on which people manage the API keys of their account."""

from typing import Final

from tests.support.scenes.scene import Lead, Scene, inside
from tests.support.scenes.stage import Stage

_KEYS: Final = "/account/keys"
_NEW: Final = f"{_KEYS}/new"
_REVOKE: Final = f"{_KEYS}/revoke"

_STATES: Final = (
    "last_used_at = created_at, last_used_ip_address = '2001:db8:85a3::8a2e:370:7334'",
    "expires_at = created_at",
    "revoked_at = created_at",
)


async def _owner(stage: Stage) -> None:
    """Log in a person with a key that was used, one that has expired and one that was revoked."""
    person = await stage.logged_in()
    for name, state in zip(("Backup", "A program with a rather long name <b>&amp;</b>", "Old"), _STATES, strict=True):
        body = {"name": name, "scopes": ["profile:read"]}
        response = await person.actor.call("POST", "/api/user/keys", json=body)
        assert response.status == 201, response.json
        await stage.product.deployment.execute(
            f"UPDATE api_keys SET {state} WHERE id = {response.json['id']}"  # noqa: S608 - of a test
        )
    await stage.open(_KEYS)


async def _revoked(stage: Stage) -> None:
    await _owner(stage)
    await stage.send(_REVOKE)


async def _unknown(stage: Stage) -> None:
    await _owner(stage)
    await stage.page.locator("form[action$='/revoke'] input[name=id]").evaluate("node => node.value = '4096'")
    await stage.send(_REVOKE)


async def _administrator(stage: Stage) -> None:
    person = await stage.logged_in()
    await stage.make_administrator(person)
    await stage.open(_NEW)


def _sent(**typed: str) -> Lead:
    """Return the way to what follows the form of a new key."""

    async def lead(stage: Stage) -> None:
        await stage.logged_in()
        await stage.open(_NEW)
        await stage.page.locator("[name=scopes]").set_checked(bool(typed))
        await stage.send(_NEW, **typed)

    return lead


async def _unproved(stage: Stage) -> None:
    await stage.logged_in_without_proof()
    await stage.open(_NEW)


KEY_SCENES: Final = (
    Scene("account/keys.html", _KEYS, _owner),
    Scene("account/keys.html", _KEYS, inside(_KEYS), state="none"),
    Scene("account/keys.html", _KEYS, _revoked, state="revoked"),
    Scene("account/keys.html", _REVOKE, _unknown, error="KEY_NOT_FOUND"),
    Scene("account/new_key.html", _NEW, inside(_NEW)),
    Scene("account/new_key.html", _NEW, _administrator, state="administrator"),
    Scene("account/new_key.html", _NEW, _unproved, state="unproved"),
    Scene("account/new_key.html", _NEW, _sent(), error="VALIDATION_ERROR"),
    Scene("account/key_created.html", _NEW, _sent(name="Backup script")),
)
