"""What can be measured of how well a page can be used: by axe, by its sizes, by its movement."""

import re
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}
NARROW = {"width": 320, "height": 640}
PICTURES_WITHIN_MS = 3000

_AXE = Axe().axe_script
_VIOLATIONS = """async (options) => {
  const found = await axe.run(document, { resultTypes: ["violations"], ...options });
  return found.violations;
}"""
_OF_COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}

_seen: set[str] = set()
"""The kinds of pages that any test has looked at."""

_WIDER_THAN_THE_SCREEN = """() => {
  const wide = document.scrollingElement.clientWidth;
  if (document.scrollingElement.scrollWidth <= wide) return [];
  const over = [...document.querySelectorAll("body *")]
    .filter((e) => e.checkVisibility() && !e.closest(".scroll *, .skip"))
    .filter((e) => e.getBoundingClientRect().right > wide + 0.5);
  return over.slice(-3).map((e) => e.outerHTML.slice(0, 120));
}"""

_TOO_SMALL_TO_TAP = """() => {
  const small = (e) => {
    const box = (e.type === "checkbox" ? e.closest("label") ?? e : e).getBoundingClientRect();
    return box.width < 43.5 || box.height < 43.5;
  };
  return [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
    .filter((e) => e.checkVisibility() && e.type !== "hidden" && !e.matches(".skip, .unseen"))
    .filter((e) => getComputedStyle(e).display !== "inline")  // links in running text
    .filter(small)
    .map((e) => `${e.outerHTML.slice(0, 120)} ${JSON.stringify(e.getBoundingClientRect())}`);
}"""

_CUT_OFF = """() => [...document.querySelectorAll("main *, header *")]
  .filter((e) => e.checkVisibility() && !e.matches(".scroll, .unseen"))
  .filter((e) => ["hidden", "clip"].includes(getComputedStyle(e).overflowX))
  .filter((e) => e.scrollWidth > e.clientWidth + 1 && e.innerText)
  .map((e) => e.outerHTML.slice(0, 120))"""


class Inspector:
    """Looks at one page after the other and keeps what it finds."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def inspect(self, page: Page, name: str) -> None:
        """Look at the page as it is now, in both themes and several sizes.

        What stands around its content is the same in each of its states: it is looked at on a
        desktop, in dark colours and by all rules, when the page is new; then dark colours are
        looked at on a phone.
        """
        if page.evaluate("!('axe' in window)"):  # it stays until the next page is loaded
            page.evaluate(_AXE)
        new = _kind(page.url) not in _seen
        _seen.add(_kind(page.url))
        page.set_viewport_size(PHONE)  # pyright: ignore[reportArgumentType]
        self._axe(page, f"{name}, 390 px, light", "light", {})
        if not new:
            self._axe(page, f"{name}, 390 px, dark", "dark", _OF_COLOURS)
        page.set_viewport_size(DESKTOP)  # pyright: ignore[reportArgumentType]
        if new:
            self._axe(page, f"{name}, 1440 px, dark", "dark", {})
        self._measure(page, f"{name}, 1440 px", _TOO_SMALL_TO_TAP)
        page.set_viewport_size(NARROW)  # pyright: ignore[reportArgumentType]
        self._measure(page, f"{name}, 320 px, too wide", _WIDER_THAN_THE_SCREEN)
        self._measure(page, f"{name}, 320 px, too small", _TOO_SMALL_TO_TAP)
        page.set_viewport_size(PHONE)  # pyright: ignore[reportArgumentType]
        self._measure(page, f"{name}, 390 px, cut off", _CUT_OFF)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        self._measure(page, f"{name}, text at 200 %, too wide", _WIDER_THAN_THE_SCREEN)
        self._measure(page, f"{name}, text at 200 %, cut off", _CUT_OFF)
        page.evaluate("document.documentElement.style.fontSize = ''")

    def _axe(self, page: Page, where: str, colours: str, options: dict) -> None:
        page.emulate_media(color_scheme=colours)  # pyright: ignore[reportArgumentType]
        for violation in page.evaluate(_VIOLATIONS, options):
            for node in violation["nodes"]:
                what = f"{violation['id']} at {node['target']}: {node['failureSummary']}"
                self.found.append(f"{where}: {' '.join(what.split())}")

    def _measure(self, page: Page, where: str, script: str) -> None:
        found = page.evaluate(script)
        for _ in range(PICTURES_WITHIN_MS // 100):
            if not found:
                return
            page.wait_for_timeout(100)  # pictures take on a new size a while after the rest
            found = page.evaluate(script)
        self.found += [f"{where}: {what}" for what in found]


def _kind(url: str) -> str:
    """What page it is, whatever it is about."""
    return re.sub(r"/(\d+|q/\w+|invite/\w+)(?=/|$)", "/…", urlsplit(url).path)
