"""The API accepts no token of the provider, even if it looks like one of a session (RFC 9068 §4)."""

import jwt
import pytest

from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.settings import Settings
from tests.conftest import UserFactory


@pytest.mark.engine_independent
async def test_api_refuses_tokens_of_the_provider(user_factory: UserFactory, settings: Settings) -> None:
    ada = await user_factory()
    claims = jwt.decode(ada.access_token, options={"verify_signature": False})
    keys = settings.of(OAuthPolicy).keys
    tokens = [keys.sign_access_token(claims), await keys.sign_id_token(claims)]

    assert (await ada.call("GET", "/api/user/profile")).status == 200
    for token in tokens:
        for path in ("/api/user/profile", "/api/user/sessions", "/api/user/export", "/api/admin/users"):
            response = await ada.call("GET", path, token=token)
            assert (response.status, response.json["error_code"]) == (401, "TOKEN_INVALID"), path
