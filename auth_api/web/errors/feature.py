"""Manifest of the error catalogue."""

from typing import Final

from auth_api.error_catalogue import all_errors
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.web.errors.controllers import ErrorController
from auth_api.web.errors.error_catalogue import ErrorCatalogue
from auth_api.web.frame.base_path import base_path
from auth_api.web.frame.brand import Brand


def build(core: Core, settings: Settings) -> Feature:
    """Build the catalogue of the errors of all features."""
    base = base_path(settings.http.public_url)
    catalogue = ErrorCatalogue(
        all_errors(core.manifests),
        brand=Brand.of(settings.pages, product=settings.mail.product, base=base),
        base=base,
    )
    return Feature(controllers=(ErrorController,), dependencies={"error_catalogue": catalogue})


MANIFEST: Final = Manifest(build=build)
