"""The Eye's portal in a real browser: choices without a reload, the way to the evidence, a picture for the docs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.factories.eye_portal import play_many

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


@pytest.fixture
def scene() -> object:
    return play_many(60)


def test_a_choice_draws_map_and_table_again(scene: object, page: Page) -> None:
    page.goto("/eye/")
    table = page.locator(".lq-eye-table tbody tr")
    expect(page.locator(".lq-eye-map .lq-flow-technology").first).to_be_visible()
    page.get_by_role("radio", name="密钥").check(force=True)
    expect(page.locator(".lq-eye-map .lq-flow-technology")).to_have_count(0)
    assert "kind=keys" in page.url
    assert {row.split()[0] for row in table.all_inner_texts()} == {"密钥"}
    page.get_by_label("城市").select_option("hefei")
    expect(table.filter(has_not_text="合肥")).to_have_count(0)
    assert "city=hefei" in page.url


def test_the_kinds_are_walked_through_by_keyboard(scene: object, page: Page) -> None:
    page.goto("/eye/")
    page.locator("#eye-kind-all").focus()
    for kind in ("technology", "talent"):
        page.keyboard.press("ArrowRight")
        expect(page.locator(f"#eye-kind-{kind}")).to_be_checked()
        page.wait_for_url(f"**kind={kind}**")
        expect(page.locator(f"#eye-kind-{kind}")).to_be_focused()


def test_from_a_number_to_the_proof_by_keyboard(scene: object, page: Page) -> None:
    page.goto("/eye/")
    page.locator(".lq-eye-totals a").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="数字的依据")).to_be_visible()
    page.locator("td.lq-cell-number a").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("摘要相符")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("address", ["/eye/", "/eye/cities/hefei/", "/eye/evidence/"])
def test_pages_fit_their_screen(scene: object, browse: Callable[..., Page], width: int, address: str) -> None:
    page = browse(viewport={"width": width, "height": 844})
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_moves_for_those_who_ask_for_stillness(scene: object, browse: Callable[..., Page]) -> None:
    name = "getComputedStyle(document.querySelector('.lq-flow-run')).animationName"
    moving, still = browse(reduced_motion="no-preference"), browse(reduced_motion="reduce")
    for page, expected in ((moving, "lq-eye-run"), (still, "none")):
        page.goto("/eye/")
        assert page.evaluate(name) == expected


@pytest.mark.skipif(
    not os.environ.get("LANGQIAO_SCREENSHOTS"), reason="LANGQIAO_SCREENSHOTS=1 takes pictures"
)
def test_a_picture_for_the_documentation(scene: object, browse: Callable[..., Page]) -> None:
    page = browse(reduced_motion="reduce", viewport={"width": 1280, "height": 1180})
    page.goto("/eye/")
    page.wait_for_load_state("networkidle")
    IMAGES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=IMAGES / "eye-portal.png")
