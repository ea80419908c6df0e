"""Copies the documentation bundles and the list of common passwords out of the build requirements."""

import gzip
import re
import shutil
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLES = "auth_api/kit/http/docs_pages/bundles"
COMMON_PASSWORDS = "auth_api/users/common_passwords.txt"

SWAGGER_UI_FILES = ("swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-ui.css", "favicon-32x32.png")
REDOC_FILES = ("redoc.standalone.js",)

# Read from the code itself: what the package says about its content could be out of date.
SWAGGER_UI_VERSION = re.compile(rb'PACKAGE_VERSION:"([\d.]+)"')
REDOC_VERSION = re.compile(rb'ReDoc Version: ","([\d.]+)"')

# Its menu shows the maker's logo, from the maker's host; the link to the maker stays.
REDOC_LOGO = b'"https://cdn.redoc.ly/redoc/logo-mini.svg"'
NO_PICTURE = b"\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E\""

# A whole line only: ReDoc's code holds the same words inside strings.
SOURCE_MAP_LINE = re.compile(rb"^(?://|/\*)# sourceMappingURL=.*\n?", re.MULTILINE)


class CustomBuildHook(BuildHookInterface[BuilderConfig]):
    """Lays the files into the source tree, for a wheel and for an editable install alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Copy everything, unless this is a source distribution: the build made from it copies anew."""
        if self.target_name == "sdist":
            return
        self._copy_bundles()
        self._copy_common_passwords()

    def _copy_bundles(self) -> None:
        sidecar = self._installed("drf-spectacular-sidecar")
        static = Path(str(sidecar.locate_file("drf_spectacular_sidecar/static/drf_spectacular_sidecar")))
        swagger_ui, redoc = static / "swagger-ui-dist", static / "redoc" / "bundles"

        self._require("Swagger UI 5", swagger_ui / "swagger-ui-bundle.js", SWAGGER_UI_VERSION)
        # ReDoc 3 is an ES module, which the page that loads it cannot run.
        self._require("ReDoc 2", redoc / "redoc.standalone.js", REDOC_VERSION)

        bundles = Path(self.root, BUNDLES)
        shutil.rmtree(bundles, ignore_errors=True)
        bundles.mkdir(parents=True)
        for folder, names in ((swagger_ui, SWAGGER_UI_FILES), (redoc, REDOC_FILES)):
            for source in [*(folder / name for name in names), *folder.glob("*.LICENSE.txt")]:
                content = source.read_bytes()
                # The maps are three times the size of the code and stay behind.
                kept = SOURCE_MAP_LINE.sub(b"", content) if source.suffix in {".js", ".css"} else content
                (bundles / source.name).write_bytes(kept.replace(REDOC_LOGO, NO_PICTURE))
        shutil.copyfile(swagger_ui / "LICENSE", bundles / "swagger-ui.LICENSE")
        shutil.copyfile(static / "redoc" / "LICENSE", bundles / "redoc.LICENSE")

    def _copy_common_passwords(self) -> None:
        django = self._installed("django")
        packed = Path(str(django.locate_file("django/contrib/auth/common-passwords.txt.gz")))
        target = Path(self.root, COMMON_PASSWORDS)
        target.write_bytes(gzip.decompress(packed.read_bytes()))
        # The BSD licence asks to go along with what it covers.
        licence = django.read_text("licenses/LICENSE") or sys.exit("Django's licence was not found beside its list.")
        target.with_suffix(".LICENSE").write_text(licence, encoding="utf-8")

    def _installed(self, name: str) -> Distribution:
        try:
            return distribution(name)
        except PackageNotFoundError:
            sys.exit(f"{name} is not installed: install requirements/build.txt, or build with isolation.")

    def _require(self, wanted: str, bundle: Path, pattern: re.Pattern[bytes]) -> None:
        stated = pattern.search(bundle.read_bytes())
        found = stated[1].decode() if stated else "of no known version"
        product, _, major = wanted.rpartition(" ")
        if found.partition(".")[0] != major:
            sys.exit(f"The documentation pages need {wanted}.x, but the {product} found is {found} ({bundle}).")
