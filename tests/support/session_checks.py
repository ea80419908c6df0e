"""Checks an access token and its session, as every authenticated request does."""

from auth_api.services import Services
from tests.support.actors import Actor


async def check(services: Services, actor: Actor) -> str:
    """Return the username that the actor's access token belongs to."""
    claims = services.core.sessions.access_tokens.verify(actor.access_token)
    return (await services.core.sessions.principal(claims)).user.username
