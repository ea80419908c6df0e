"""A person who uses a page with the keyboard only."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from playwright.async_api import Locator, Page

_MAX_STOPS: Final = 100
_MAX_ROUNDS: Final = 2
# The element with the focus, and whether it shows that. Between the last element and the first one, the focus is on
# the body or on the browser's own controls.
_FOCUS: Final = """() => {
  const node = document.activeElement;
  if (node === document.body || !document.hasFocus()) return ["", true];
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(node);
  const name = `${node.localName} ${(node.labels?.[0] ?? node).textContent.trim() || node.name}`;
  return [name, (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none"];
}"""


@dataclass(frozen=True)
class KeyboardUser:
    """Reaches elements with Tab, and uses them with Enter and Space.

    Attributes:
        page: an open page.
        unmarked: the elements that had the focus without showing it (WCAG 2.2, 2.4.7).
    """

    page: Page
    unmarked: list[str] = field(default_factory=list)

    async def reach(self, target: Locator) -> None:
        """Press Tab until an element has the focus; not at all if it has it already.

        Raises:
            AssertionError: Tab does not lead to it.
        """
        stops: list[str] = []
        while not await target.evaluate("node => node === document.activeElement && document.hasFocus()"):
            rounds = sum(bool(stop) and not before for before, stop in pairwise(["", *stops]))
            has_more = rounds <= _MAX_ROUNDS and len(stops) < _MAX_STOPS
            assert has_more, f"Tab does not lead to {target}, only to {sorted({*stops} - {''})}"
            await self.page.keyboard.press("Tab")
            stops.append(await self._stop())

    async def type_into(self, label: str, text: str) -> None:
        """Replace the text of the field with this label."""
        await self.reach(self.page.get_by_label(label, exact=True))
        await self.page.keyboard.press("ControlOrMeta+A")
        await self.page.keyboard.type(text)

    async def toggle(self, label: str) -> None:
        """Press Space on the checkbox with this label."""
        await self.reach(self.page.get_by_label(label, exact=True))
        await self.page.keyboard.press("Space")

    async def press(self, name: str) -> None:
        """Press Enter on the button with this name."""
        await self.reach(self.page.get_by_role("button", name=name, exact=True))
        await self.page.keyboard.press("Enter")

    async def follow(self, name: str) -> None:
        """Press Enter on the link with this name."""
        await self.reach(self.page.get_by_role("link", name=name, exact=True))
        await self.page.keyboard.press("Enter")

    async def submit(self) -> None:
        """Press Enter in the field that has the focus."""
        await self.page.keyboard.press("Enter")

    async def _stop(self) -> str:
        name, is_marked = await self.page.evaluate(_FOCUS)
        if not is_marked:
            self.unmarked.append(name)
        return str(name)
