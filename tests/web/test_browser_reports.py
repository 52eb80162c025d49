"""A report in a real browser: written by keyboard alone, read, compared; it fits a phone and prints."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from langqiao.apps.insight.models import Report
from langqiao.apps.registry.corridor import read_corridor
from langqiao.apps.registry.models import City
from langqiao.cli import reports_demo
from tests.factories.insight_reports import make_figures, make_institute, make_report

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
IMAGES = Path(__file__).resolve().parents[2] / "docs/images"


def make_demo() -> Report:
    for order, city in enumerate(read_corridor().cities):
        City.objects.get_or_create(
            slug=city.slug,
            defaults={
                "name": city.name, "name_en": city.name_en, "province": city.province, "order": order,
                "division_code": city.division_code, "latitude": city.latitude, "longitude": city.longitude,
            },
        )  # fmt: skip
    return reports_demo.load()


def too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_a_report_is_read_compared_and_printed(page: Page) -> None:
    report = make_demo()
    page.goto(report.get_absolute_url())
    expect(page.locator("h1")).to_contain_text("示例报告")
    expect(page.locator(".lq-report")).to_contain_text("23,958.3 [1]")
    expect(page.locator(".lq-report-values dd").first).to_be_visible()
    if os.environ.get("LANGQIAO_SCREENSHOTS") == "1":
        page.set_viewport_size({"width": 1280, "height": 1600})
        page.screenshot(path=IMAGES / "report.png")
    page.click("a:has-text('在固定的数据上重算')")
    expect(page.locator(".alert-success")).to_contain_text("全部数字与报告一致")
    page.go_back()
    page.click("a:has-text('对比')")
    expect(page.locator("table").first).to_contain_text("5,592.02")
    page.goto(report.get_absolute_url())
    page.emulate_media(media="print")
    expect(page.locator(".lq-nav")).to_be_hidden()
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_sections_are_added_and_moved_by_keyboard_alone(page: Page, client: Client, live_server) -> None:
    make_figures("gdp", "a")
    institute, researcher = make_institute()
    report = make_report(researcher, institute)
    client.force_login(researcher)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    page.goto(f"/insight/reports/{report.pk}/edit/")
    page.locator("a", has_text="文字").last.press("Enter")
    page.locator("#id_heading").press_sequentially("背景")
    page.locator("#id_text").press_sequentially("一句。")
    page.locator("button.btn-primary[type=submit]").press("Enter")
    page.locator("#method").select_option("theil")
    page.locator("button", has_text="添加方法").press("Enter")
    page.locator("#id_heading").press_sequentially("差异")
    page.locator("input[name=indicators][value=gdp]").press("Space")
    for box in page.locator("input[name=scopes]").all():
        box.press("Space")
    page.locator("input[name=periods]").first.press("Space")
    page.locator("button.btn-primary[type=submit]").press("Enter")
    expect(page.locator(".lq-report-outline > li")).to_have_count(2)
    page.locator("button[aria-label='上移：差异']").press("Enter")
    expect(page.locator(".lq-report-outline > li").first).to_contain_text("差异")
    page.locator("a", has_text="预览").press("Enter")
    page.locator("button", has_text="发布").press("Enter")
    page.locator("[data-confirm-yes]").press("Enter")
    expect(page.locator(".alert").first).to_contain_text("已发布")
    assert Report.objects.get().state == "published"


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_pages_fit_a_phone(browse: Callable[..., Page], locale: str) -> None:
    report = make_demo()
    phone = browse(viewport={"width": 390, "height": 844}, locale=locale)
    first = Report.objects.get(version=1)
    for address in (
        report.get_absolute_url(), f"/insight/reports/{report.pk}/rerun/",
        f"/insight/reports/{first.pk}/compare/{report.pk}/", "/insight/reports/",
        "/open-data/", "/open-data/organisations/", "/open-data/organisation-graph/",
    ):  # fmt: skip
        phone.goto(address)
        assert not too_wide(phone), address
