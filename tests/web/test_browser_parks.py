"""The report on complementarity and the tree of alliances in a real browser, on a desk, a phone and paper."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from langqiao.apps.alliances.domain.alliances.keeping import load_tree
from langqiao.apps.alliances.models import Place
from langqiao.apps.registry.domain import load_corridor
from langqiao.cli.alliances_demo.parks import load_parks

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


@pytest.fixture
def report() -> str:
    load_corridor(None)
    load_tree(None)
    load_parks()
    return f"/parks/{Place.objects.get(code='R-PARK-001').pk}/report/"


def test_the_report_on_the_eye_is_read_and_printed(browse, report):
    page = browse(viewport={"width": 1280, "height": 900})
    page.goto(report)
    expect(page.locator("#complements li")).not_to_have_count(0)
    expect(page.locator("#near li")).not_to_have_count(0)
    page.locator("details.lq-data summary").click()
    expect(page.locator("details.lq-data table")).to_be_visible()
    if os.environ.get("LANGQIAO_SCREENSHOTS") == "1":
        page.screenshot(path=IMAGES / "park-report.png", full_page=True)
    page.emulate_media(media="print")
    expect(page.locator(".lq-basis")).to_be_hidden()
    expect(page.locator("#complements")).to_be_visible()


def test_another_basis_is_chosen_without_a_pointer(browse, report):
    page = browse()
    page.goto("/parks/compare/")
    page.focus("#basis")
    page.select_option("#basis", "presence")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**basis=presence**")
    expect(page.locator("#grid tbody tr")).to_have_count(10)


@pytest.mark.parametrize("path", ["/alliances/", "/parks/", "/parks/compare/", "/parks/cities/songjiang/"])
def test_pages_fit_a_phone(browse, report, path):
    page = browse(viewport={"width": 390, "height": 844})
    for address in (path, report):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
