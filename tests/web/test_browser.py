"""The frame in a real browser: keyboard, filters without a reload, theme, phone, and no script refused by the policy."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from langqiao.apps.accounts.domain import notify
from langqiao.apps.accounts.models import Role
from tests.factories.accounts import make_member
from tests.factories.registry import make_city, make_organisation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LINES = "#listing tbody tr:not(.lq-detail)"


@pytest.fixture
def firms():
    for name, slug in (("甲机器人", "suzhou"), ("乙材料", "hefei"), ("丙芯片", "suzhou")):
        make_organisation(name=name, city=make_city(slug), kind="enterprise")


def rows(page) -> set[str]:
    return {text.strip() for text in page.locator("#listing tbody td.lq-cell-first").all_inner_texts()}


def test_filters_change_the_list_and_the_address_without_a_reload(page, firms):
    page.goto("/organisations/")
    page.evaluate("window.stayed = true")
    page.click("summary:has-text('城市')")
    page.check("input[name=city][value=suzhou]")
    page.wait_for_url("**/organisations/?city=suzhou")
    expect(page.locator(LINES)).to_have_count(2)
    assert rows(page) == {"甲机器人", "丙芯片"}
    page.fill("#f-q", "芯片")
    expect(page.locator(LINES)).to_have_count(1)
    assert "city=suzhou" in page.url
    page.click(".lq-chip:has-text('苏州')")
    page.wait_for_url(lambda url: "city" not in url)
    assert not page.is_checked("input[name=city][value=suzhou]")
    assert page.evaluate("window.stayed")


def test_slash_focuses_the_search_but_not_while_typing(page):
    page.goto("/organisations/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "lq-search"
    page.keyboard.type("a/b")
    assert page.input_value("#lq-search") == "a/b"


def test_the_theme_is_chosen_and_remembered(page):
    page.emulate_media(color_scheme="light")
    page.goto("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(247, 245, 240)"
    page.click("[popovertarget=lq-theme-menu]")
    page.click("[data-theme-set=dark]")
    assert page.evaluate(ground) == "rgb(17, 24, 31)"
    page.goto("/ledger/")
    assert page.evaluate(ground) == "rgb(17, 24, 31)"
    assert page.get_attribute("[data-theme-set=dark]", "aria-pressed") == "true"


def test_the_system_decides_until_somebody_chooses(page):
    page.emulate_media(color_scheme="dark")
    page.goto("/")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_an_act_that_hurts_is_asked_about_first(page, client):
    from django.conf import settings

    from langqiao.apps.accounts.domain import issue_token

    person = make_member(make_organisation(kind="enterprise"), Role.ENTERPRISE)
    token, _secret = issue_token(person, name="对接")
    notify([person], text="新答题", url="/", event="x")
    client.force_login(person)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.goto("/")
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": page.url}])
    page.goto("/me/tokens/")
    page.click("text=吊销")
    assert page.is_visible("#lq-confirm")
    page.click("#lq-confirm [value=no]")
    token.refresh_from_db()
    assert token.revoked_at is None
    page.click("main >> text=吊销")
    page.click("#lq-confirm [value=yes]")
    page.wait_for_selector("text=令牌已吊销")
    token.refresh_from_db()
    assert token.revoked_at is not None


@pytest.mark.parametrize("path", ["/", "/organisations/", "/challenges/", "/ledger/", "/accounts/login/"])
def test_a_phone_needs_no_sideways_scroll_and_has_five_at_hand(page, firms, path):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".lq-bottom > *:visible").count() == 5
    assert not page.is_visible(".lq-nav")
    page.click(".lq-bottom button")
    assert page.is_visible("#lq-more a[href='/organisations/']")


def test_the_skip_link_is_the_first_stop(page):
    page.goto("/organisations/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_api_page_works_under_the_policy(page):
    page.goto("/api/v1/docs")
    page.wait_for_selector(".opblock-summary-path")
