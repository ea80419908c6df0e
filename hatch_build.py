"""Copy the documentation bundles and the list of common passwords from the build requirements, compile translations."""

import gzip
import re
import shutil
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLES = "auth_api/kit/http/docs_pages/bundles"
COMMON_PASSWORDS = "auth_api/users/common_passwords.txt"
MESSAGES = "auth_api/web/frame/messages"

SWAGGER_UI_FILES = ("swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-ui.css", "favicon-32x32.png")
REDOC_FILES = ("redoc.standalone.js",)

# Read from the bundles: the package's own description may be out of date.
SWAGGER_UI_VERSION = re.compile(rb'PACKAGE_VERSION:"([\d.]+)"')
REDOC_VERSION = re.compile(rb'ReDoc Version: ","([\d.]+)"')

# ReDoc's menu loads a logo from its maker's host. Remove the logo, keep the link.
REDOC_LOGO = b'"https://cdn.redoc.ly/redoc/logo-mini.svg"'
NO_PICTURE = b"\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E\""

# Match whole lines only: ReDoc's code contains the same text in strings.
SOURCE_MAP_LINE = re.compile(rb"^(?://|/\*)# sourceMappingURL=.*\n?", re.MULTILINE)


def compile_messages(folder: Path) -> None:
    """Compile the translations of a folder into the form that Python's gettext reads."""
    for source in folder.glob("*.po"):
        with source.open("rb") as texts, source.with_suffix(".mo").open("wb") as compiled:
            write_mo(compiled, read_po(texts, locale=source.stem, abort_invalid=True))


class CustomBuildHook(BuildHookInterface[BuilderConfig]):
    """Create files in the source tree, for a wheel and for an editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Create the files, except for a source distribution: a build from it creates them itself."""
        if self.target_name == "sdist":
            return
        self._copy_bundles()
        self._copy_common_passwords()
        compile_messages(Path(self.root, MESSAGES))

    def _copy_bundles(self) -> None:
        sidecar = self._installed("drf-spectacular-sidecar")
        static = Path(str(sidecar.locate_file("drf_spectacular_sidecar/static/drf_spectacular_sidecar")))
        swagger_ui, redoc = static / "swagger-ui-dist", static / "redoc" / "bundles"

        self._require("Swagger UI 5", swagger_ui / "swagger-ui-bundle.js", SWAGGER_UI_VERSION)
        # ReDoc 3 is an ES module, which Litestar's page cannot load.
        self._require("ReDoc 2", redoc / "redoc.standalone.js", REDOC_VERSION)

        bundles = Path(self.root, BUNDLES)
        shutil.rmtree(bundles, ignore_errors=True)
        bundles.mkdir(parents=True)
        for folder, names in ((swagger_ui, SWAGGER_UI_FILES), (redoc, REDOC_FILES)):
            for source in [*(folder / name for name in names), *folder.glob("*.LICENSE.txt")]:
                content = source.read_bytes()
                # Source maps are three times the size of the code, so they are left out.
                kept = SOURCE_MAP_LINE.sub(b"", content) if source.suffix in {".js", ".css"} else content
                (bundles / source.name).write_bytes(kept.replace(REDOC_LOGO, NO_PICTURE))
        shutil.copyfile(swagger_ui / "LICENSE", bundles / "swagger-ui.LICENSE")
        shutil.copyfile(static / "redoc" / "LICENSE", bundles / "redoc.LICENSE")

    def _copy_common_passwords(self) -> None:
        django = self._installed("django")
        packed = Path(str(django.locate_file("django/contrib/auth/common-passwords.txt.gz")))
        target = Path(self.root, COMMON_PASSWORDS)
        target.write_bytes(gzip.decompress(packed.read_bytes()))
        # The BSD licence must be distributed together with the list.
        licence = django.read_text("licenses/LICENSE") or sys.exit("The licence of Django was not found.")
        target.with_suffix(".LICENSE").write_text(licence, encoding="utf-8")

    def _installed(self, name: str) -> Distribution:
        try:
            return distribution(name)
        except PackageNotFoundError:
            sys.exit(f"{name} is not installed: install requirements/build.txt, or build with isolation.")

    def _require(self, wanted: str, bundle: Path, pattern: re.Pattern[bytes]) -> None:
        stated = pattern.search(bundle.read_bytes())
        found = stated[1].decode() if stated else "of unknown version"
        product, _, major = wanted.rpartition(" ")
        if found.partition(".")[0] != major:
            sys.exit(f"The documentation pages need {wanted}.x, but the {product} found is {found} ({bundle}).")
