"""The chain map in a real browser: by pointer, by keyboard, on a phone, in both languages and themes."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from langqiao.apps.alliances.models import ChainFirm, ChainLink, ChainNode
from langqiao.apps.registry.domain import load_corridor
from langqiao.apps.registry.models import Field
from langqiao.cli import chains_demo
from tests.factories.accounts import make_office

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


@pytest.fixture
def map_url() -> str:
    load_corridor(None)
    chains_demo.load(progress=lambda _report: None)
    return f"/chains/fields/{Field.objects.get(name='新能源汽车').slug}/"


def wide(page: Page) -> bool:
    """Whether the page scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_the_map_is_read_by_pointer(page: Page, map_url: str) -> None:
    page.goto(map_url)
    svg = page.locator("svg.lq-cmap")
    expect(svg).to_be_visible()
    before = svg.bounding_box()
    page.click("[data-zoom=in]")
    after = svg.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] > before["width"]
    page.click("[data-zoom=fit]")
    box = page.locator(".lq-cmap").get_by_role("link", name=re.compile("^动力电池系统"))
    box.click()
    expect(page.locator("#chain-node h2")).to_contain_text("动力电池系统")
    expect(page.locator("#chain-node")).to_contain_text("%")
    assert page.url.endswith(map_url)
    assert box.get_attribute("aria-current") == "true"
    if os.environ.get("LANGQIAO_SCREENSHOTS") == "1":
        page.goto(f"{map_url}?most=30")
        page.click("[data-zoom=fit]")
        box.hover()
        page.screenshot(path=IMAGES / "chain-map.png", full_page=True)


def test_the_map_is_read_without_a_pointer(page: Page, map_url: str) -> None:
    page.goto(map_url)
    page.focus(".lq-cmap-view")
    width = page.locator("svg.lq-cmap").get_attribute("width")
    page.keyboard.press("+")
    assert page.locator("svg.lq-cmap").get_attribute("width") != width
    page.keyboard.press("0")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('svg.lq-cmap') !== null")
    page.keyboard.press("Enter")
    expect(page.locator("#chain-node h2")).to_be_visible()
    page.locator("details summary", has_text="同一内容的表格").press("Enter")
    expect(page.locator("details table tbody tr").first).to_be_visible()


def test_pages_of_chains_fit_a_phone_in_both_languages(browse, map_url: str) -> None:
    pages = [
        "/chains/",
        map_url,
        f"{map_url}gaps/?kind=thin",
        ChainNode.objects.get(name="电解液").get_absolute_url(),
        ChainFirm.objects.get(code="D001").get_absolute_url(),
        ChainLink.objects.order_by("certainty").first().get_absolute_url(),
        "/chains/data/demo-chain/",
    ]
    phone = browse(viewport={"width": 390, "height": 844})
    phone.emulate_media(color_scheme="dark")
    for address in pages:
        phone.goto(address)
        assert not wide(phone), address


def test_a_table_is_checked_without_losing_the_chosen_file(
    page: Page, map_url: str, client, live_server, tmp_path
) -> None:
    client.force_login(make_office())
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    table = tmp_path / "own.csv"
    table.write_text("企业,产品,城市\n湖畔辛电池有限公司,电解液,松江\n", "utf-8")
    page.goto("/chains/own/")
    page.set_input_files("#id_file", table)
    page.fill("#id_name", "自有")
    page.fill("#id_slug", "own")
    page.click("button:has-text('检查')")
    expect(page.locator("#own-report")).to_contain_text("检查通过，可以导入")
    page.click("button[value=load]")
    expect(page.locator("#own-report")).to_contain_text("已导入")
