"""Follow docs/tutorial.md word by word, from an empty folder to a page that shows one's own notes."""

import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.support.clean_copy import copy_repository
from tests.support.installed_browsers import chromium_or_skip, find_chromium
from tests.support.installing import require, skipped_if_not_installed
from tests.support.processes import clean_environment, free_port
from tests.support.programs import running_program
from tests.support.terminal import Terminal, opened_terminal
from tests.support.virtual_authenticator import add_virtual_authenticator
from tests.support.waiting import TIMEOUT_SECONDS, wait_until
from tests.support.walkthrough import Block, all_blocks, commands_of, comparable

pytestmark = [pytest.mark.slow, pytest.mark.engine_independent]

REPOSITORY: Final = Path(__file__).parents[3]
TUTORIAL: Final = (REPOSITORY / "docs" / "tutorial.md").read_text(encoding="utf-8")
MAX_SECONDS: Final = 600
"""The tutorial promises about ten minutes, installation included."""

MAX_START_SECONDS: Final = 60
PASSWORD: Final = "Tr0ub4dor&3-horse"


class Reader:
    """A person who follows the tutorial, on other ports than those that it names.

    Args:
        folder: the empty folder.
        stack: ends the servers.
    """

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.ports = {8000: free_port(), 9000: free_port(), 5173: free_port()}
        self._stack = stack
        self._servers = 0
        page = f"http://localhost:{self.ports[5173]}"
        self._environ = {
            "PORT": str(self.ports[8000]),
            **dict.fromkeys(("CORS_ORIGINS", "COOKIE_ORIGINS"), f'["{page}"]'),
            "RETURN_URLS": f'["{page}/"]',
            "AUTH_URL": f"http://localhost:{self.ports[8000]}",
        }
        path = f"{Path(sys.executable).parent}:{clean_environment({})['PATH']}"
        self._terminal: Terminal = stack.enter_context(opened_terminal(folder, clean_environment({"PATH": path})))
        self._terminal.run("set -o errexit")

    def ported(self, text: str) -> str:
        """Return a text of the tutorial with the ports of this test."""
        for named, port in self.ports.items():
            text = text.replace(str(named), str(port))
        return text

    def follow(self, block: Block) -> None:
        """Do what a block says."""
        if block.info.startswith("file:"):
            (self.folder / block.info.removeprefix("file:")).write_text(block.text, encoding="utf-8")
        elif block.info == "server":
            self._serve(self.ported(block.text))
        else:
            for command, output in commands_of(block):
                printed = comparable(self._terminal.run(self.ported(command)))
                assert block.kind == "sh" or printed == comparable(self.ported(output)), command

    def _serve(self, command: str) -> None:
        """Run a command in a terminal of its own, until the end of the test."""
        port = list(self.ports.values())[self._servers]
        self._servers += 1
        environ: Mapping[str, str] = clean_environment(self._environ)
        log = self.folder / f"server-{self._servers}.log"
        process = self._stack.enter_context(running_program(["bash", "-c", command], self.folder, environ, log))

        def responds() -> bool:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            # A connection is not enough: Vite first listens for a moment to find out whether the port is free.
            with suppress(httpx.TransportError):
                httpx.get(f"http://localhost:{port}/", trust_env=False, timeout=TIMEOUT_SECONDS)
                return True
            return False

        wait_until(responds, within=MAX_START_SECONDS)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with skipped_if_not_installed():
        require("node", "npm", "make", "curl")
    if find_chromium() is None:
        pytest.skip("Chromium is not installed, and CHROMIUM is not set")
    copied = copy_repository(tmp_path / "auth_api")
    with ExitStack() as stack:
        reader = Reader(tmp_path, stack)
        for name in ("vite.config.js", "src/auth.ts"):
            file = copied / "examples" / "spa-react" / name
            file.write_text(reader.ported(file.read_text(encoding="utf-8")), encoding="utf-8")
        yield reader


async def use_the_page(reader: Reader, app: Page) -> None:
    """Do what step 4 says."""
    await app.goto(reader.ported("http://localhost:5173/"))
    await app.get_by_label("Username").fill("grace")
    await app.get_by_label("Password").fill(PASSWORD)
    await app.get_by_role("button", name="Log in", exact=True).click()
    await expect(app.get_by_role("heading", level=1)).to_have_text("Notes of grace")
    await expect(app.get_by_role("main")).to_contain_text("Buy milk")
    await app.get_by_label("New note").fill("Call Ada")
    await app.get_by_role("button", name="Add", exact=True).click()
    await expect(app.get_by_role("main")).to_contain_text("Call Ada")
    await app.reload()
    await expect(app.get_by_role("main")).to_contain_text("Call Ada")
    stored = await app.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    assert "eyJ" not in stored, "a token is in storage, where scripts can read it"
    assert "rt_" not in stored


async def use_a_passkey(reader: Reader, app: Page) -> None:
    """Do what step 6 says."""
    mailbox = await app.context.new_page()
    await mailbox.goto(reader.ported("http://localhost:8000/dev/mailbox"))
    await mailbox.locator("a[href*='/account/verify-email#']").first.click()
    await mailbox.get_by_label("Password", exact=True).fill(PASSWORD)
    await mailbox.get_by_role("button", name="Verify", exact=True).click()
    await expect(mailbox.get_by_role("main")).to_contain_text("verified")
    await app.bring_to_front()  # a page without the focus gets no passkey
    await add_virtual_authenticator(app)
    await app.get_by_role("button", name="Add a passkey").click()
    await expect(app.get_by_role("status")).to_have_text("The passkey was added.")
    await app.get_by_role("button", name="Log out", exact=True).first.click()
    await app.get_by_role("button", name="Log in with a passkey").click()
    await expect(app.get_by_role("main")).to_contain_text("Call Ada")


async def test_reader_gets_from_an_empty_folder_to_their_own_notes(reader: Reader) -> None:
    began = time.monotonic()
    parts = TUTORIAL.split("\n## ")[1:]
    seconds: dict[str, float] = {}

    async with chromium_or_skip() as browser:
        app = await (await browser.new_context()).new_page()
        for part in parts:
            start = time.monotonic()
            for block in all_blocks(part):
                reader.follow(block)
            title = part.partition("\n")[0]
            if title.startswith("4."):
                await use_the_page(reader, app)
            if title.startswith("6."):
                await use_a_passkey(reader, app)
            seconds[title] = round(time.monotonic() - start, 1)

    logging.getLogger(__name__).info("seconds of each step: %s", seconds)  # shown with --log-cli-level=INFO
    assert time.monotonic() - began < MAX_SECONDS, seconds


def test_code_of_the_tutorial_is_that_of_the_example() -> None:
    shown = {block.info.removeprefix("file:notes-api/"): block.text for block in all_blocks(TUTORIAL) if block.info}

    for name in ("notes.py", "test_notes.py"):
        assert shown[name] == (REPOSITORY / "examples" / "notes-api" / name).read_text(encoding="utf-8")
