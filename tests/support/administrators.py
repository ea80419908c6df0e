"""Users of a test who administer others."""

from typing import Any

from auth_api.roles.built_in import ADMINISTRATOR
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.roles import give_role

USERS = "/api/admin/users"


async def administrator(user_factory: UserFactory, role: str = ADMINISTRATOR) -> Actor:
    """Return a user with a role, who has just logged in."""
    actor = await user_factory(username=f"{role}s.name")
    await give_role(actor.username, role)
    return actor


async def id_of(actor: Actor) -> int:
    """Return the id of a user."""
    (user_id,) = await UserRow.select(UserRow.id).where(UserRow.username == actor.username).output(as_list=True)
    return int(user_id)


async def act_on(actor: Actor, method: str, target: Actor, path: str = "", **body: object) -> ApiResponse:
    """Send a request of an administrator about another user; POST and PATCH have a body."""
    arguments: dict[str, Any] = {"json": body} if method in {"POST", "PATCH"} else {}
    return await actor.call(method, f"{USERS}/{await id_of(target)}{path}", **arguments)
