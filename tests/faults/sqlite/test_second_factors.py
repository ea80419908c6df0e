"""FT33: another process locks the SQLite file between two factors."""

import pytest

from tests.faults.conftest import Testbed
from tests.faults.sqlite.test_database_files import locked, registered
from tests.support.factors import first_step, second_step
from tests.support.passkeys import add_passkey, login_options, new_authenticator, send_login

pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.torture, pytest.mark.slow]

REFUSED = {(503, "DATABASE_UNAVAILABLE"), (503, "SERVER_OVERLOADED")}


async def test_ft33_login_goes_on_when_the_lock_is_released(testbed: Testbed) -> None:
    async with testbed.client() as client:
        ada = await registered(client, f"away{testbed.workers}")
        soft = new_authenticator()
        added = await add_passkey(ada, soft)
        assert (await ada.call("POST", "/api/user/two-step", json={"enabled": True})).status == 200
        token, credential = await first_step(ada), soft.get(await login_options(ada))
        code = added["recovery_codes"][0]
        with locked(testbed):
            refused = [await second_step(ada, token, code, method="recovery_code"), await send_login(ada, credential)]

        assert {response.outcome for response in refused} <= REFUSED
        assert (await second_step(ada, token, code, method="recovery_code")).status == 200
        assert (await send_login(ada, credential)).status == 200
        assert len((await ada.call("GET", "/api/user/sessions"))["items"]) == 3
    testbed.record("FT33", outcome="away between the factors: 503, then the same proof succeeds")
