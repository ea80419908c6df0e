"""API keys of a test, created without a check of who does it."""

from datetime import timedelta

from auth_api.credentials.api_keys import accounts_repository
from auth_api.credentials.api_keys.api_key import CreatedKey, KeyOwner, NewKey
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services

BY_ADA = RequestContext(client_ip="203.0.113.7", actor="user:7")


async def add_service_account(name: str = "billing") -> KeyOwner:
    """Add a service account."""
    account_id = await accounts_repository.insert(name, "", created_by="cli")
    assert account_id is not None
    return KeyOwner(service_account_id=account_id)


async def add_key(
    services: Services, owner: KeyOwner, *scopes: str, days: float | None = 90, name: str = "key"
) -> CreatedKey:
    """Add a key; a negative number of days adds one that has expired."""
    lifetime = timedelta(days=days) if days is not None else None
    new = NewKey(name=name, scopes=scopes or ("profile:read",), lifetime=lifetime)
    api_keys = services.core.api_keys
    return await services.core.database.transaction(lambda: api_keys.create(owner, new, BY_ADA))
