"""A real browser against the live server: what it may do, and what it must never say or ask for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

# How soon something is seen depends on the machine; that it is seen is what the tests say.
expect.set_options(timeout=60_000)
DIST = Path(__file__).resolve().parents[2] / "src/langqiao/web/static/dist/app.js"


@pytest.fixture(scope="module")
def chromium() -> Iterator:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    if not DIST.exists():
        pytest.skip("the site's script is not built (npm run build)")
    # Playwright's loop runs in this thread; Django would otherwise refuse the tests' own queries.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")


@pytest.fixture
def browse(chromium, live_server) -> Iterator[Callable[..., Page]]:
    """Opens a page for one more person; at the end no script may have failed and no other host been asked."""
    faults: list[str] = []
    contexts: list[BrowserContext] = []

    def opened(**options) -> Page:
        options = {"viewport": {"width": 1280, "height": 800}, "locale": "zh-CN", **options}
        context = chromium.new_context(base_url=live_server.url, **options)
        # The first page that needs an engine waits until its kernels are compiled.
        context.set_default_navigation_timeout(180_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((live_server.url, "data:", "blob:"))
                else faults.append(f"asked another host: {request.url}")
            ),
        )
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def page(browse) -> Page:
    return browse()
