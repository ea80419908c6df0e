"""All features of the product. A new feature adds one line to `FEATURES`."""

from typing import Final

from auth_api.authentication import feature as authentication
from auth_api.credentials.api_keys import feature as api_keys
from auth_api.credentials.identities import feature as identities
from auth_api.credentials.passkeys import feature as passkeys
from auth_api.credentials.passwords import feature as passwords
from auth_api.credentials.providers import feature as providers
from auth_api.credentials.recovery_codes import feature as recovery_codes
from auth_api.credentials.totp import feature as totp
from auth_api.error_catalogue import all_errors
from auth_api.events.audit import feature as audit
from auth_api.events.outbox import feature as outbox
from auth_api.flows.access_check import feature as access_check
from auth_api.flows.account import feature as account
from auth_api.flows.administration import feature as administration
from auth_api.flows.email_change import feature as email_change
from auth_api.flows.email_verification import feature as email_verification
from auth_api.flows.federation import feature as federation
from auth_api.flows.invitations import feature as invitations
from auth_api.flows.linking import feature as linking
from auth_api.flows.login import feature as login
from auth_api.flows.own_factors import feature as own_factors
from auth_api.flows.own_keys import feature as own_keys
from auth_api.flows.own_passkeys import feature as own_passkeys
from auth_api.flows.own_permissions import feature as own_permissions
from auth_api.flows.passkey_login import feature as passkey_login
from auth_api.flows.password_recovery import feature as password_recovery
from auth_api.flows.registration import feature as registration
from auth_api.flows.revocation_feed import feature as revocation_feed
from auth_api.flows.role_administration import feature as role_administration
from auth_api.flows.second_factor import feature as second_factor
from auth_api.flows.security_history import feature as security_history
from auth_api.flows.service_accounts import feature as service_accounts
from auth_api.flows.step_up import feature as step_up
from auth_api.manifest import Manifest
from auth_api.oauth.authorize import feature as oauth_authorize
from auth_api.oauth.clients import feature as oauth_clients
from auth_api.oauth.consents import feature as oauth_consents
from auth_api.oauth.device import feature as oauth_device
from auth_api.oauth.grants import feature as oauth_grants
from auth_api.oauth.introspection import feature as oauth_introspection
from auth_api.oauth.keys import feature as oauth_keys
from auth_api.oauth.logout import feature as oauth_logout
from auth_api.oauth.metadata import feature as oauth_metadata
from auth_api.oauth.requests import feature as oauth_requests
from auth_api.oauth.resources import feature as oauth_resources
from auth_api.oauth.token import feature as oauth_token
from auth_api.oauth.userinfo import feature as oauth_userinfo
from auth_api.one_time_tokens import feature as one_time_tokens
from auth_api.operations.health import feature as health
from auth_api.operations.housekeeping import feature as housekeeping
from auth_api.operations.reencryption import feature as reencryption
from auth_api.roles import feature as roles
from auth_api.roles.revoked_subjects import feature as revoked_subjects
from auth_api.sessions import feature as sessions
from auth_api.settings import Settings
from auth_api.sign_in import feature as sign_in
from auth_api.sign_in_flows import feature as sign_in_flows
from auth_api.throttling import feature as throttling
from auth_api.throttling.policy import ClientIpLimit
from auth_api.used_values import feature as used_values
from auth_api.users import feature as users
from auth_api.web.account import feature as account_pages
from auth_api.web.client_logout import feature as client_logout_pages
from auth_api.web.consent import feature as consent_pages
from auth_api.web.dev_provider import feature as dev_provider_page
from auth_api.web.device import feature as device_page
from auth_api.web.errors import feature as error_pages
from auth_api.web.federation import feature as federation_pages
from auth_api.web.frame import feature as page_frame
from auth_api.web.mail_pages import feature as mail_pages
from auth_api.web.mailbox import feature as development_pages
from auth_api.web.own_factors import feature as factor_pages
from auth_api.web.sign_in import feature as sign_in_pages

FEATURES: Final[tuple[Manifest, ...]] = (
    users.MANIFEST,
    authentication.MANIFEST,
    roles.MANIFEST,
    registration.MANIFEST,
    invitations.MANIFEST,
    login.MANIFEST,
    passkey_login.MANIFEST,
    federation.MANIFEST,
    second_factor.MANIFEST,
    step_up.MANIFEST,
    sign_in.MANIFEST,
    account.MANIFEST,
    own_permissions.MANIFEST,
    own_factors.MANIFEST,
    own_passkeys.MANIFEST,
    linking.MANIFEST,
    own_keys.MANIFEST,
    email_change.MANIFEST,
    sessions.MANIFEST,
    password_recovery.MANIFEST,
    email_verification.MANIFEST,
    administration.MANIFEST,
    service_accounts.MANIFEST,
    revocation_feed.MANIFEST,
    access_check.MANIFEST,
    role_administration.MANIFEST,
    security_history.MANIFEST,
    passwords.MANIFEST,
    totp.MANIFEST,
    recovery_codes.MANIFEST,
    passkeys.MANIFEST,
    api_keys.MANIFEST,
    identities.MANIFEST,
    providers.MANIFEST,
    oauth_keys.MANIFEST,
    oauth_resources.MANIFEST,
    oauth_clients.MANIFEST,
    oauth_metadata.MANIFEST,
    oauth_requests.MANIFEST,
    oauth_grants.MANIFEST,
    oauth_consents.MANIFEST,
    oauth_device.MANIFEST,
    oauth_logout.MANIFEST,
    oauth_token.MANIFEST,
    oauth_userinfo.MANIFEST,
    oauth_introspection.MANIFEST,
    oauth_authorize.MANIFEST,
    one_time_tokens.MANIFEST,
    sign_in_flows.MANIFEST,
    throttling.MANIFEST,
    used_values.MANIFEST,
    revoked_subjects.MANIFEST,
    outbox.MANIFEST,
    audit.MANIFEST,
    health.MANIFEST,
    housekeeping.MANIFEST,
    reencryption.MANIFEST,
    page_frame.MANIFEST,
    sign_in_pages.MANIFEST,
    client_logout_pages.MANIFEST,
    device_page.MANIFEST,
    federation_pages.MANIFEST,
    account_pages.MANIFEST,
    consent_pages.MANIFEST,
    factor_pages.MANIFEST,
    mail_pages.MANIFEST,
    error_pages.MANIFEST,
    development_pages.MANIFEST,
    dev_provider_page.MANIFEST,
)
"""In the order of their tables, their paths in the OpenAPI document, and the removal of their expired rows."""

TABLES: Final = tuple(table for manifest in FEATURES for table in manifest.tables)

EVENTS: Final = tuple(event for manifest in FEATURES for event in manifest.events)

MAIL_KINDS: Final = tuple(kind for manifest in FEATURES for kind in manifest.mails)

TAGS: Final = {name: description for manifest in FEATURES for name, description in manifest.tags.items()}
"""The groups of operations in the OpenAPI document, with their descriptions."""

PATHS: Final = tuple(path for manifest in FEATURES for path in manifest.paths)

COMMANDS: Final = tuple(dict.fromkeys(command for manifest in FEATURES for command in manifest.commands))
"""Each once, though several features can add commands to the same group."""

POLICIES: Final = {
    section: tuple(policy for manifest in FEATURES for policy in manifest.policies.get(section, ()))
    for section in dict.fromkeys(section for manifest in FEATURES for section in manifest.policies)
}
"""The settings of features, by the section of docs/configuration.md."""

ERRORS: Final = all_errors(FEATURES)


def client_ip_limits(settings: Settings) -> list[ClientIpLimit]:
    """Return the limits per client IP address of all features, before RATE_LIMIT_FACTOR is applied."""
    return [limit for manifest in FEATURES for limit in manifest.limits(settings)]
