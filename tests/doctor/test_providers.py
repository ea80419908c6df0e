"""`auth-api providers check` and `doctor` find what is wrong with a provider before people do."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from auth_api.cli import commands
from auth_api.credentials.providers.policy import ProviderSettings, ProvidersPolicy
from auth_api.credentials.providers.service import Providers
from auth_api.doctor.findings import Finding
from auth_api.doctor.providers import check_providers
from auth_api.kit.clock import utc_now
from auth_api.kit.outbound.client import Outbound
from auth_api.kit.outbound.policy import OutboundPolicy
from auth_api.roles.built_in import BUILT_IN_ROLES
from auth_api.settings import Settings
from tests.support.identities import FakeProvider
from tests.support.upstream.authority import Authority
from tests.support.upstream.provider import ABSENT, LyingProvider, always
from tests.support.upstream.server import Answer
from tests.support.upstream.shapes import GENERIC, GITHUB, GOOGLE, MICROSOFT

pytestmark = pytest.mark.engine_independent

SECRETS = {"JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"}
DATED = "Mon, 30 Nov 2026 12:00:00 GMT"
NOON = datetime.fromisoformat("2026-11-30T12:00:00Z")


def settings_of(upstream: LyingProvider, **variables: str) -> tuple[ProviderSettings, ...]:
    return Settings.from_env({**SECRETS, **upstream.variables, **variables}).of(ProvidersPolicy).configured


async def findings_of(upstream: LyingProvider, clock: Callable[[], datetime] = utc_now) -> list[Finding]:
    return await check_providers(settings_of(upstream), upstream.outbound, clock)


async def test_each_kind_of_provider_that_works_is_reported_as_such(authority: Authority) -> None:
    for shape in (GENERIC, GOOGLE, MICROSOFT, GITHUB):
        async with LyingProvider(shape).running(authority) as upstream:
            (finding,) = await findings_of(upstream)
            assert (finding.check, finding.verdict) == (f"providers.{shape.id}", "ok"), finding


async def test_what_is_wrong_with_a_provider_is_named_with_its_remedy(authority: Authority) -> None:
    cases: list[tuple[dict[str, Any], str, str, str]] = [
        ({"answers": {"discovery": always(Answer(status=503))}}, "fail", "cannot be reached", "Check the network"),
        ({"answers": {"discovery": always(Answer({}, 404))}}, "fail", "has no discovery document", "STAFF_ISSUER"),
        ({"discovery": {"issuer": f"{GENERIC.issuer}/"}}, "fail", f"itself {GENERIC.issuer}/, not", "STAFF_ISSUER"),
        ({"discovery": {"jwks_uri": "http://evil.example"}}, "fail", "discovery.endpoints", "docs/providers.md"),
        ({"answers": {"keys": always(Answer({"keys": 7}))}}, "fail", "keys.form", "docs/providers.md"),
        ({"published": [{"kty": "oct", "k": "AA"}, {"kty": "RSA", "use": "enc"}]}, "fail", "publishes no key", "RS256"),
        ({"discovery": {"code_challenge_methods_supported": ["plain"]}}, "warn", "PKCE with S256", "Switch PKCE"),
        ({"discovery": {"code_challenge_methods_supported": ABSENT}}, "note", "does not state", ""),
        (
            {"discovery": {"authorization_response_iss_parameter_supported": False}},
            "note",
            "does not name itself",
            "",
        ),
    ]
    for lies, verdict, message, fix in cases:
        async with LyingProvider(**lies).running(authority) as upstream:
            finding = (await findings_of(upstream))[-1]
            assert finding.verdict == verdict, (finding, lies)
            assert message in finding.message
            assert fix in finding.fix


async def test_private_address_is_refused_with_the_setting_that_allows_it(authority: Authority) -> None:
    async with LyingProvider().running(authority) as upstream:
        public_only = Outbound(OutboundPolicy(), resolve=upstream.server.resolve, tls=authority.client_context)
        (finding,) = await check_providers(settings_of(upstream), public_only)

    assert (finding.verdict, "OUTBOUND_ALLOWED_NETWORKS" in finding.fix) == ("fail", True)


async def test_clock_is_compared_with_that_of_the_provider(authority: Authority) -> None:
    for seconds, verdicts in ((5, ["ok"]), (-30, ["ok", "warn"]), (61, ["ok", "fail"])):
        async with LyingProvider(GITHUB).running(authority) as upstream:
            answer = Answer({}, headers={"date": DATED})
            upstream.server.handler = always(answer)
            found = await findings_of(upstream, lambda: NOON + timedelta(seconds=seconds))  # noqa: B023 - awaited here
            assert [finding.verdict for finding in found] == verdicts, seconds


async def test_everybody_at_microsoft_is_a_warning(authority: Authority) -> None:
    async with LyingProvider(MICROSOFT).running(authority) as upstream:
        settings = settings_of(upstream, PROVIDER_MICROSOFT_TENANTS="common")
        found = await check_providers(settings, upstream.outbound)
    assert [finding.verdict for finding in found] == ["ok", "warn"]


async def test_command_checks_the_chosen_provider_and_its_roles(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit status is 1 only for what does not work."""
    roles = [SimpleNamespace(name=name, is_administrative=True) for name in BUILT_IN_ROLES]
    role_map = {"a": ("support", "ghost"), "b": ("support",)}
    staff = ProviderSettings(id="staff", client_id="x", name="Staff", issuer=GENERIC.issuer, role_map=role_map)
    down = ProviderSettings(id="down", client_id="x", name="Down", issuer="https://down.example")

    async def check(*arguments: str) -> tuple[int, Any]:
        async with LyingProvider().running(authority) as upstream:

            async def read_roles() -> list[Any]:
                return roles

            core = SimpleNamespace(
                providers=Providers((FakeProvider(staff), FakeProvider(down))),
                outbound=upstream.outbound,
                roles=SimpleNamespace(all=read_roles),
            )
            loop = asyncio.get_running_loop()

            def run(work: Callable[[Any], Awaitable[Any]]) -> Any:
                return asyncio.run_coroutine_threadsafe(work(SimpleNamespace(core=core)), loop).result()  # type: ignore[arg-type]

            monkeypatch.setattr(import_module("auth_api.cli.providers"), "run", run)
            result = await asyncio.to_thread(CliRunner().invoke, commands, ["providers", "check", *arguments])
            return result.exit_code, result.output

    status, output = await check("staff", "--json")
    found = {finding["message"]: finding["verdict"] for finding in json.loads(output)}
    assert (status, list(found.values())) == (0, ["ok", "warn", "warn"])
    assert "PROVIDER_STAFF_ROLE_MAP names the role ghost, which does not exist." in found
    status, output = await check()
    assert (status, "providers.down" in output, "1 failure" in output) == (1, True, True)
    status, output = await check("other")
    assert (status, "PROVIDERS does not list other." in output) == (1, True)


def test_redirect_uris_are_printed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    variables = {
        **SECRETS,
        "PUBLIC_URL": "https://auth.example.com",
        "PROVIDERS": "staff",
        "PROVIDER_STAFF_ISSUER": GENERIC.issuer,
        "PROVIDER_STAFF_CLIENT_ID": "auth",
    }
    monkeypatch.chdir(tmp_path)
    printed = CliRunner().invoke(commands, ["providers", "--json"], env=variables)
    table = CliRunner().invoke(commands, ["providers"], env=variables)

    (row,) = json.loads(printed.stdout)
    assert row["redirect_uri"] == "https://auth.example.com/api/auth/providers/staff/callback"
    assert table.stdout.splitlines()[1].split()[:3] == ["staff", "staff", row["redirect_uri"]]
