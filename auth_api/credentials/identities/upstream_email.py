"""The e-mail address that a provider states about a person, in the form in which addresses are stored."""

from auth_api.credentials.providers.provider import UpstreamIdentity
from auth_api.kit.errors import ValidationException
from auth_api.users.identifiers import CanonicalEmail, canonical_email


def stated_email(upstream: UpstreamIdentity) -> CanonicalEmail | None:
    """Return the address, proven or not; None if there is none, or none that users may have."""
    if upstream.email is None:
        return None
    try:
        return canonical_email(upstream.email)
    except ValidationException:
        return None


def proven_email(upstream: UpstreamIdentity) -> CanonicalEmail | None:
    """Return the address if the provider has proved that the person reads its mail, and None otherwise."""
    return stated_email(upstream) if upstream.is_email_proven else None
