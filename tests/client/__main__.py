"""Generate a TypeScript client in build/client, compile `session.ts` with it, and run it: `python -m tests.client`."""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.deployment import Deployment

HERE = Path(__file__).parent
DOCUMENT = HERE.parent / "contract" / "openapi.json"
FOLDER = HERE.parent.parent / "build" / "client"

STEPS = (
    ("npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"),
    ("npx", "--no-install", "openapi-typescript", str(DOCUMENT), "--default-non-nullable=false", "--output", "api.ts"),
    ("npx", "--no-install", "tsc"),
)


def main() -> int:
    """Run all steps, and return the exit status of the first one that fails."""
    missing = [name for name in ("node", "npm", "npx") if shutil.which(name) is None]
    if missing:
        sys.stderr.write(f"Not found: {', '.join(missing)}. The client needs Node.js 20 or newer, with npm.\n")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "tsconfig.json", "session.ts"):
        shutil.copy(HERE / name, FOLDER)
    for step in STEPS:
        if status := subprocess.run(step, cwd=FOLDER, check=False).returncode:
            return status
    with (
        TemporaryDirectory(prefix="auth-api-client-") as folder,
        Deployment(Path(folder), f"sqlite:///{folder}/auth.db").server() as server,
    ):
        run = ("node", "out/session.js", server.url)
        return subprocess.run(run, cwd=FOLDER, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
