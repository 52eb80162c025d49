"""A walk over the site's pages with axe-core, in both languages and both themes.

From a few addresses it follows every link of the site and stops at one page for each name in the table of
addresses, so that it comes by every kind of page that somebody can reach.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, BrowserContext, Page
from playwright.sync_api import Error as BrowserError

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
LANGUAGES = ("zh-CN", "en-US")
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
NOT_OURS = ("admin:", "api-")
RUN = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations
    .filter((rule) => ["serious", "critical"].includes(rule.impact))
    .flatMap((rule) => rule.nodes.map((node) => [rule.id, node.target.join(" "), node.html.slice(0, 200),
      (node.failureSummary || "").split("\\n").slice(1, 2).join("").trim().slice(0, 200)]));
}"""
LINKS = """[...document.querySelectorAll("a[href]")]
  .map((link) => new URL(link.getAttribute("href"), location.href).href)"""


@dataclass(frozen=True)
class Fault:
    """A serious fault: where, in which language and theme, which rule, what breaks it."""

    page: str
    address: str
    language: str
    theme: str
    rule: str
    target: str
    html: str
    why: str

    def __str__(self) -> str:
        return (
            f"{self.rule} {self.address} ({self.page}, {self.language}, {self.theme}): "
            f"{self.target} {self.html} {self.why}"
        )


def page_name(address: str) -> str | None:
    """The name of an address in the table of addresses; None for what is no page of ours."""
    try:
        found = resolve(urlsplit(address).path)
    except Resolver404:
        return None
    name = found.view_name
    return None if not name or name.startswith(NOT_OURS) else name


class Walk:
    """Goes over the site as one person, in a language.

    Args:
        browser: a started Chromium.
        base: the site's address.
        session: the value of the session cookie; empty for a guest.
        language: of :data:`LANGUAGES`.
    """

    def __init__(self, browser: Browser, base: str, session: str, language: str) -> None:
        self._base, self._language = base, language
        self._context: BrowserContext = browser.new_context(
            base_url=base, locale=language, viewport={"width": 1280, "height": 900},
            reduced_motion="reduce", color_scheme=THEMES[0],
        )  # fmt: skip
        if session:
            self._context.add_cookies([{"name": "sessionid", "value": session, "url": base}])
        self._context.set_default_navigation_timeout(120_000)
        self._context.add_init_script(path=AXE)
        self._page: Page = self._context.new_page()

    def close(self) -> None:
        """Close the browser's window."""
        self._context.close()

    def visit(self, address: str) -> list[str] | None:
        """Open a page and return the site's addresses it links to; None where it is no page."""
        try:
            answer = self._page.goto(address)
        except BrowserError as error:
            if "Download is starting" in str(error) or "ERR_ABORTED" in str(error):
                return None
            raise
        kind = answer.headers.get("content-type", "") if answer else ""
        if not kind.startswith("text/html"):
            return None
        self._page.wait_for_load_state("networkidle")
        links: list[str] = self._page.evaluate(LINKS)
        return [urlsplit(link).path for link in links if link.startswith(self._base)]

    def faults(self, name: str, address: str) -> Iterator[Fault]:
        """Examine the page that is open, in both themes."""
        for theme in THEMES:
            if theme != THEMES[0]:
                self._page.emulate_media(color_scheme=theme)
                self._page.reload()
                self._page.wait_for_load_state("networkidle")
            for rule, target, html, why in self._page.evaluate(RUN):
                yield Fault(name, address, self._language, theme, rule, target, html, why)
        self._page.emulate_media(color_scheme=THEMES[0])

    def everywhere(self, starts: Iterable[str], examined: dict[str, str]) -> Iterator[Fault]:
        """Walk from the starts to one page of each name and examine it unless it was ``examined`` already.

        Names and addresses of what is examined are noted there.
        """
        visited: set[str] = set()
        waiting = deque(starts)
        while waiting:
            address = waiting.popleft()
            name = page_name(address)
            if name is None or name in visited:
                continue
            visited.add(name)
            links = self.visit(address)
            if links is None:
                continue
            waiting.extend(links)
            if name not in examined:
                examined[name] = address
                yield from self.faults(name, address)
