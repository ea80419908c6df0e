"""Create users in the database of the environment, without HTTP: `python -m benchmarks.seeding COUNT PASSWORD`.

Prints `[[email, access token, refresh token], …]` as JSON. All users share one hash, which costs as much to verify as
any other.
"""

import asyncio
import json
import os
import sys

from auth_api.composition import create_services
from auth_api.kit.db import migrations
from auth_api.kit.db.database import create_migrating_engine
from auth_api.kit.request_context import RequestContext
from auth_api.piccolo_app import APP_NAME, bind
from auth_api.services import Services
from auth_api.settings import Settings
from auth_api.sign_in.proof import AMR_PASSWORD, Proof
from auth_api.users.identifiers import canonical_email, canonical_username

REQUEST_CONTEXT = RequestContext(client_ip="127.0.0.1")


async def seed(settings: Settings, count: int, password: str) -> list[tuple[str, str, str]]:
    """Migrate the database, and create users with one session each."""
    engine = create_migrating_engine(settings.database)
    bind(engine)
    await migrations.migrate(engine, APP_NAME)
    services = create_services(settings)
    async with services.running():
        hashed_password = await services.core.hasher.hash(password)
        return [await _register(services, f"person{number}", hashed_password) for number in range(count)]


async def _register(services: Services, name: str, hashed_password: str) -> tuple[str, str, str]:
    email = canonical_email(f"{name}@example.org")
    users = services.core.users

    async def work() -> tuple[str, str, str]:
        user = await users.create(email=email, username=canonical_username(name), hashed_password=hashed_password)
        proof = Proof(user=user, methods=(AMR_PASSWORD,), has_administrative_role=False, auth_time=user.created_at)
        signed_in = await services.core.sign_in.complete(proof, REQUEST_CONTEXT)
        tokens = services.core.sessions.token_pair(signed_in.session)
        return email, tokens.access_token, tokens.refresh_token

    return await services.core.database.transaction(work)


if __name__ == "__main__":
    people = asyncio.run(seed(Settings.from_env(os.environ), int(sys.argv[1]), sys.argv[2]))
    sys.stdout.write(json.dumps(people))
