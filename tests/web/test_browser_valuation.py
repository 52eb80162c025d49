"""A valuation in a real browser: parts appear with their method, the range follows what is typed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from langqiao.apps.verification.models import Valuation
from tests.factories import verification_valuation as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def signed_in(page, client, live_server):
    sides = make.make_sides()
    client.force_login(sides.member)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    return sides


def fill(page, key: str, low: str, base: str, high: str) -> None:
    for name, value in (("low", low), ("base", base), ("high", high), ("source", "示例假设")):
        page.fill(f"#id_{key}-{name}", value)


def test_a_cost_valuation_by_hand(page, signed_in):
    draft = make.make_draft(signed_in)
    page.goto(f"{draft.get_absolute_url()}edit/")
    expect(page.locator("#part-dcf")).to_be_visible()
    expect(page.locator("#part-cost")).to_be_hidden()
    page.uncheck("input[name=methods][value=dcf]")
    page.check("input[name=methods][value=cost]")
    expect(page.locator("#part-dcf")).to_be_hidden()
    expect(page.locator("#part-income")).to_be_hidden()
    page.fill("#id_weight_cost-weight", "1")
    page.fill("#id_weight_cost-reason", "示例：离市场还远")
    fill(page, "remaining", "6", "8", "10")
    page.click("button:has-text('添加成本项目')")
    expect(page.locator("#items-row-0")).to_be_visible()
    page.fill("#id_items-0-name", "研发人员")
    fill(page, "items-0", "100", "120", "150")
    expect(page.locator("#valuation-preview")).to_contain_text("P10–P90")
    first = page.locator("#valuation-preview .lq-range-line strong").inner_text()
    page.fill("#id_items-0-high", "400")
    expect(page.locator("#valuation-preview .lq-range-line strong")).not_to_have_text(first)
    page.click("button.btn-primary:has-text('保存')")
    expect(page.locator(".alert")).to_contain_text("已保存并算出区间")
    draft.refresh_from_db()
    assert [one["method"] for one in draft.result["estimates"]] == ["cost"]
    page.click("button:has-text('定稿')")
    page.click("[data-confirm-yes]")
    expect(page.locator(".alert")).to_contain_text("估值已定稿")
    assert Valuation.objects.get().state == "final"


def test_the_pages_fit_a_phone(browse, client, live_server):
    sides = make.make_sides()
    final, draft = make.make_final(sides), make.make_computed(sides)
    client.force_login(sides.member)
    page = browse(viewport={"width": 390, "height": 844})
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    for path in (
        "/valuations/",
        final.get_absolute_url(),
        f"{final.get_absolute_url()}report/",
        f"{draft.get_absolute_url()}edit/",
    ):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        for svg in page.locator("svg.lq-chart:visible").all():
            assert svg.evaluate("e => e.getBoundingClientRect().width / e.viewBox.baseVal.width") > 0.75
