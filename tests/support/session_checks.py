"""Asks who is behind an access token, as every request does."""

from auth_api.services import Services
from tests.support.actors import Actor


async def check(services: Services, person: Actor) -> str:
    """Return the name of who is behind the person's access token."""
    claims = services.sessions.access_tokens.verify(person.access_token)
    return (await services.sessions.principal(claims)).user.username
