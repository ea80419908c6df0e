"""Settings of the providers: their defaults, what is refused, and which names of variables are known."""

from pathlib import Path

import pytest

from auth_api.credentials.providers.policy import ProviderSettings, ProvidersPolicy
from auth_api.settings import Settings
from auth_api.settings.environment import misspelled_names, unknown_names
from auth_api.settings.reader import InvalidSettingsError

pytestmark = pytest.mark.engine_independent

DEVELOPMENT = {"JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"}
PRODUCTION = {
    **DEVELOPMENT,
    "ENVIRONMENT": "production",
    "PUBLIC_URL": "https://auth.your-company.com",
    "DATABASE_URL": "postgres://host/db",
}
TENANT = "8b8f1d2c-5f0e-4f3c-9a57-2f6f3f8f8c11"
ISSUER = "https://login.example.com/realms/staff/"
GOOGLE = {"PROVIDERS": "google", "PROVIDER_GOOGLE_CLIENT_ID": "client"}
GITHUB = {"PROVIDERS": "github", "PROVIDER_GITHUB_CLIENT_ID": "client"}
MICROSOFT = {
    "PROVIDERS": "microsoft",
    "PROVIDER_MICROSOFT_CLIENT_ID": "client",
    "PROVIDER_MICROSOFT_TENANTS": f'["{TENANT}"]',
}
ACME = {"PROVIDERS": "acme-x", "PROVIDER_ACME_X_CLIENT_ID": "client", "PROVIDER_ACME_X_ISSUER": ISSUER}


def configured(environ: dict[str, str]) -> tuple[ProviderSettings, ...]:
    return Settings.from_env({**DEVELOPMENT, **environ}).of(ProvidersPolicy).configured


def test_provider_needs_only_what_its_preset_does_not_know() -> None:
    environ = {**GOOGLE, **GITHUB, **MICROSOFT, **ACME, "PROVIDERS": '["acme-x", "google", "microsoft", "github"]'}

    for environment in (DEVELOPMENT, PRODUCTION):
        found = [(each.id, each.name, each.issuer, each.scopes) for each in configured({**environment, **environ})]
        assert found == [
            ("acme-x", "acme-x", ISSUER, "openid email profile"),
            ("google", "Google", "https://accounts.google.com", "openid email profile"),
            ("microsoft", "Microsoft", f"https://login.microsoftonline.com/{TENANT}/v2.0", "openid email profile"),
            ("github", "GitHub", "https://github.com/login/oauth", "read:user user:email"),
        ]


def test_all_settings_of_a_provider_are_read() -> None:
    (found,) = configured(
        {
            **ACME,
            "PROVIDER_ACME_X_CLIENT_SECRET": "hunter2",
            "PROVIDER_ACME_X_NAME": "Acme",
            "PROVIDER_ACME_X_SCOPES": " openid   groups ",
            "PROVIDER_ACME_X_SIGN_UP": "false",
            "PROVIDER_ACME_X_TRUST_EMAIL": "true",
            "PROVIDER_ACME_X_EMAIL_DOMAINS": "Example.com, bücher.example.com",
            "PROVIDER_ACME_X_ROLE_CLAIM": "realm_access.roles",
            "PROVIDER_ACME_X_ROLE_MAP": '{"a b": ["support", "auditor"]}',
            "PROVIDER_ACME_X_ROLE_MAP_ADMINISTRATIVE": "true",
        }
    )

    assert found == ProviderSettings(
        id="acme-x",
        client_id="client",
        client_secret="hunter2",
        name="Acme",
        issuer=ISSUER,
        scopes="openid groups",
        sign_up=False,
        trust_email=True,
        email_domains=("example.com", "xn--bcher-kva.example.com"),
        role_claim="realm_access.roles",
        role_map={"a b": ("support", "auditor")},
        role_map_administrative=True,
    )
    assert "hunter2" not in repr(found)


def test_authority_of_microsoft_is_the_smallest_that_has_the_tenants() -> None:
    private = "9188040D-6C67-4C5B-B112-36A304B66DAD"
    for tenants, authority in {
        "common": "common",
        "consumers": "consumers",
        TENANT.upper(): TENANT,
        f"{TENANT},{TENANT[::-1][:8]}{TENANT[8:]}": "organizations",
        f"{TENANT},{private}": "common",
    }.items():
        (found,) = configured({**MICROSOFT, "PROVIDER_MICROSOFT_TENANTS": tenants})
        assert found.issuer == f"https://login.microsoftonline.com/{authority}/v2.0"


def test_issuer_without_tls_is_accepted_only_in_development_and_from_this_machine() -> None:
    (found,) = configured({**ACME, "PROVIDER_ACME_X_ISSUER": "http://localhost:8080/realms/a"})

    assert found.issuer == "http://localhost:8080/realms/a"
    for environ in (
        {**PRODUCTION, "PROVIDER_ACME_X_ISSUER": found.issuer},
        {"PROVIDER_ACME_X_ISSUER": "http://a.example"},
    ):
        assert problems({**ACME, **environ}) == ["PROVIDER_ACME_X_ISSUER must be an https URL; in development http is"]


def problems(environ: dict[str, str]) -> list[str]:
    """Return the beginnings of all problems, which name variable and reason."""
    with pytest.raises(InvalidSettingsError) as caught:
        configured(environ)
    assert "hunter2" not in str(caught.value)
    return [" ".join(str(problem).split()[:10]).rstrip(":") for problem in caught.value.problems]


def test_all_problems_of_all_providers_are_reported_at_once() -> None:
    found = problems(
        {
            "PROVIDERS": "google,microsoft,github,acme",
            "PROVIDER_GOOGLE_ISSUER": ISSUER,
            "PROVIDER_MICROSOFT_CLIENT_ID": "hunter2\u00e9",
            "PROVIDER_GITHUB_CLIENT_ID": "client",
            "PROVIDER_GITHUB_ROLE_CLAIM": "groups",
            "PROVIDER_ACME_ROLE_MAP": '{"hunter2": ["support"]}',
            "PROVIDER_ACME_SCOPES": "email",
        }
    )

    assert [problem.split()[0] for problem in found] == [
        "PROVIDER_GOOGLE_ISSUER",
        "PROVIDER_GOOGLE_CLIENT_ID",
        "PROVIDER_MICROSOFT_CLIENT_ID",
        "PROVIDER_MICROSOFT_TENANTS",
        "PROVIDER_GITHUB_ROLE_CLAIM",
        "PROVIDER_ACME_CLIENT_ID",
        "PROVIDER_ACME_ISSUER",
        "PROVIDER_ACME_SCOPES",
        "PROVIDER_ACME_ROLE_CLAIM",
    ]


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({"PROVIDERS": "Google"}, "PROVIDERS"),
        ({"PROVIDERS": "-a"}, "PROVIDERS"),
        ({"PROVIDERS": "a_b"}, "PROVIDERS"),
        ({**GOOGLE, "PROVIDERS": "google,google"}, "PROVIDERS"),
        ({"PROVIDERS": "dev", "ENVIRONMENT": "testing"}, "PROVIDERS"),
        ({**PRODUCTION, "PROVIDERS": "dev"}, "PROVIDERS"),
        ({"PROVIDERS": "dev", "PROVIDER_DEV_CLIENT_ID": "client"}, "PROVIDER_DEV_CLIENT_ID"),
        ({**GOOGLE, "PROVIDER_GOOGLE_TRUST_EMAIL": "true"}, "PROVIDER_GOOGLE_TRUST_EMAIL"),
        ({**GOOGLE, "PROVIDER_GOOGLE_EMAIL_DOMAINS": "*.example.com"}, "PROVIDER_GOOGLE_EMAIL_DOMAINS"),
        ({**GOOGLE, "PROVIDER_GOOGLE_ROLE_CLAIM": "hd"}, "PROVIDER_GOOGLE_ROLE_MAP"),
        ({**GITHUB, "PROVIDER_GITHUB_SCOPES": 'a"b'}, "PROVIDER_GITHUB_SCOPES"),
        ({**MICROSOFT, "PROVIDER_MICROSOFT_TENANTS": "contoso.com"}, "PROVIDER_MICROSOFT_TENANTS"),
        ({**MICROSOFT, "PROVIDER_MICROSOFT_TENANTS": f"common,{TENANT}"}, "PROVIDER_MICROSOFT_TENANTS"),
        ({**ACME, "PROVIDER_ACME_X_ISSUER": "https://a.example/?b"}, "PROVIDER_ACME_X_ISSUER"),
        ({**ACME, "PROVIDER_ACME_X_ISSUER": f"https://a.example/{'b' * 255}"}, "PROVIDER_ACME_X_ISSUER"),
        ({**ACME, "PROVIDER_ACME_X_ROLE_MAP": '{"a": "support"}'}, "PROVIDER_ACME_X_ROLE_MAP"),
        ({**ACME, "PROVIDER_ACME_X_ROLE_MAP": '{"a": ["Support"]}'}, "PROVIDER_ACME_X_ROLE_MAP"),
        ({**ACME, "PROVIDER_ACME_X_ROLE_MAP": '{"a": ["administrator"]}'}, "PROVIDER_ACME_X_ROLE_MAP"),
        ({**ACME, "PROVIDER_ACME_X_CLIENT_SECRET": '"quoted"'}, "PROVIDER_ACME_X_CLIENT_SECRET"),
    ],
    ids=str,
)
def test_setting_that_cannot_work_stops_startup(environ: dict[str, str], variable: str) -> None:
    assert [problem.split()[0] for problem in problems(environ)] == [variable]


def test_variables_are_known_only_for_listed_providers(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "PROVIDER_ACME_X_CLIENT_ID=a\nPROVIDER_ACME_X_CLIENT_SECRET_FILE=b\nPROVIDER_ACME_X_CLIENT=c\n"
        "PROVIDER_GOOGLE_CLIENT_ID=d\n"
    )
    environ = {"PROVIDERS": "acme-x", "PROVIDER_ACME_X_CLIENTID": "a", "PROVIDER_ACME_X_ISSUER": "b"}

    assert [sentence.split(", which")[0] for sentence in unknown_names(environ, tmp_path)] == [
        "line 3 of .env sets PROVIDER_ACME_X_CLIENT",
        "line 4 of .env sets PROVIDER_GOOGLE_CLIENT_ID",
    ]
    assert misspelled_names(environ, tmp_path) == [
        "the environment sets PROVIDER_ACME_X_CLIENTID, which is not a setting. Did you mean PROVIDER_ACME_X_CLIENT_ID?"
    ]
