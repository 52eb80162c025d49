"""The wall in a real browser: it fills the screen, turns by itself, follows the ledger, survives a network gap."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from langqiao.apps.ledger.domain import Act, record_all
from tests.factories.eye_wall import make_motion
from tests.factories.registry import make_organisation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
HALL = {"width": 1920, "height": 1080}
PATIENT = 30_000
ACTS = "[data-live-list] li"


@pytest.fixture
def motion() -> None:
    make_motion()


@pytest.fixture
def hall(chromium, live_server, motion) -> Iterator[Page]:
    """The hall's screen; that requests fail while the network is gone is no fault of the page."""
    context = chromium.new_context(base_url=live_server.url, viewport=HALL, locale="zh-CN")
    context.set_default_navigation_timeout(180_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []


def enter(name: str) -> float:
    """Write an act to the ledger; the moment at which it stood there."""
    firm = make_organisation(name=name, kind="enterprise")
    with transaction.atomic():
        record_all(None, [Act("register_organisation", firm, {}, firm, "suzhou")])
    return time.monotonic()


def title(page: Page) -> str:
    return page.locator(".lq-wall-slide.is-now h2").text_content() or ""


@pytest.mark.parametrize(("width", "height", "size"), [(1920, 1080, "16px"), (3840, 2160, "32px")])
def test_it_fills_the_screen_without_scrolling(browse, motion, width, height, size):
    page = browse(viewport={"width": width, "height": height})
    page.goto("/eye/wall/")
    expect(page.locator(".lq-wall-slide.is-now .lq-wall-figures > div")).to_have_count(3)
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == size
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for one in page.locator(f".lq-wall-slide.is-now dd, {ACTS}, .lq-wall-foot > :visible").all():
        box = one.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height + 1
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 24, 31)"
    if os.environ.get("LANGQIAO_SCREENSHOTS") == "1" and width == HALL["width"]:
        page.screenshot(path=IMAGES / "eye-wall.png")


LINES = """[...document.querySelectorAll('.lq-wall-slide.is-now .lq-wall-value')].map(value => {
    const link = value.querySelector('a'), style = getComputedStyle(link), size = parseFloat(style.fontSize)
    const rule = document.createElement('span')  // stands on the baseline
    rule.style.cssText = 'display:inline-block;width:1px;height:1px;vertical-align:baseline'
    link.prepend(rule)
    const baseline = rule.getBoundingClientRect().bottom
    rule.remove()
    const thick = parseFloat(style.textDecorationThickness) || size / 14
    return [baseline + parseFloat(style.textUnderlineOffset) + thick,
        value.nextElementSibling.getBoundingClientRect().top]
})"""


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160)])
def test_the_line_below_a_figure_keeps_off_its_source(browse, motion, width, height, locale):
    page = browse(viewport={"width": width, "height": height}, locale=locale)
    page.goto("/eye/wall/")
    expect(page.locator(".lq-wall-slide.is-now .lq-wall-value")).to_have_count(3)
    for underline, source in page.evaluate(LINES):
        assert underline + height / 400 < source  # a gap that is seen


def test_a_phone_reads_it_too(browse, motion):
    page = browse(viewport={"width": 390, "height": 844})
    page.goto("/eye/wall/")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    foot, acts = page.locator(".lq-wall-foot").bounding_box(), page.locator(".lq-wall-acts").bounding_box()
    assert foot["y"] >= acts["y"] + acts["height"] - 1


def test_it_turns_by_itself_and_by_keyboard(page, motion):
    page.set_viewport_size(HALL)
    page.goto("/eye/wall/?every=5")
    first = title(page)
    expect(page.locator(".lq-wall-slide.is-now h2")).not_to_have_text(first, timeout=PATIENT)
    page.keyboard.press(" ")
    expect(page.locator("[data-wall-pause]")).to_have_attribute("aria-pressed", "true")
    second = title(page)
    page.keyboard.press("ArrowLeft")
    assert title(page) == first
    page.keyboard.press("ArrowRight")
    assert title(page) == second
    assert page.locator(".lq-wall-slide:not(.is-now)").first.get_attribute("inert") is not None


def test_two_clicks_by_keyboard_lead_from_a_number_to_its_entry(page, motion):
    page.set_viewport_size(HALL)
    page.goto("/eye/wall/?every=3600")
    page.keyboard.press("ArrowRight")
    number = page.locator(".lq-wall-slide.is-now .lq-wall-value a").nth(1)
    number.focus()
    expect(number).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/eye/evidence/**")
    entry = page.locator("#listing tbody a[href^='/ledger/']").first
    entry.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/ledger/*/")
    expect(page.locator("main")).to_contain_text("摘要相符")


def test_a_number_takes_the_focus_as_soon_as_its_slide_is_turned_to(page, motion):
    page.set_viewport_size(HALL)
    page.goto("/eye/wall/?every=3600")
    turn_and_focus = """() => {
      document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
      const number = document.querySelector(".lq-wall-slide.is-now .lq-wall-value a");
      number.focus();
      return document.activeElement === number;
    }"""
    assert page.evaluate(turn_and_focus)


def test_nothing_moves_for_who_wants_no_motion(browse, motion):
    page = browse(viewport=HALL, reduced_motion="reduce")
    page.goto("/eye/wall/")
    moving = (
        "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).animationName !== 'none').length"
    )
    assert page.evaluate(moving) == 0
    page = browse(viewport=HALL, reduced_motion="no-preference")
    page.goto("/eye/wall/")
    assert page.evaluate(moving) > 0
    quickest = """Math.min(...[...document.querySelectorAll('*')].flatMap(e => getComputedStyle(e).animationName === 'none'
        ? [] : [parseFloat(getComputedStyle(e).animationDuration)]))"""
    assert page.evaluate(quickest) >= 8  # nothing blinks


def test_an_act_reaches_the_wall(hall, record_property):
    hall.goto("/eye/wall/")
    expect(hall.locator(ACTS)).to_have_count(6)
    waits = []
    for number in range(3):
        since = enter(f"新来的第{number}家（示例）")
        expect(hall.locator(ACTS).first).to_contain_text(f"新来的第{number}家", timeout=PATIENT)
        waits.append(time.monotonic() - since)
    record_property("seconds_to_the_wall", waits)
    print(f"seconds from the entry to the wall: {', '.join(f'{wait:.2f}' for wait in waits)}")
    expect(hall.locator("[data-live-head]")).to_contain_text("#")
    from langqiao.apps.ledger.queries import head

    assert head()[1] in hall.locator("[data-live-head]").inner_text()


def test_a_network_gap_leaves_the_last_state_and_ends_by_itself(hall):
    hall.goto("/eye/wall/?every=5")
    before = hall.locator(ACTS).all_inner_texts()
    note = hall.locator("#lq-live-note")
    expect(note).to_be_hidden()
    hall.context.set_offline(True)
    expect(note).to_contain_text("没有连上服务器", timeout=PATIENT)
    assert hall.locator(ACTS).all_inner_texts() == before
    shown = title(hall)
    expect(hall.locator(".lq-wall-slide.is-now h2")).not_to_have_text(
        shown, timeout=PATIENT
    )  # it goes on turning
    enter("断网时登记的公司（示例）")
    hall.context.set_offline(False)
    expect(hall.locator("[data-live-list]")).to_contain_text("断网时登记的公司", timeout=PATIENT)
    expect(note).to_be_hidden()


def test_a_server_that_fails_is_borne_like_a_gap(hall):
    hall.goto("/eye/wall/")
    before = hall.locator(ACTS).all_inner_texts()
    hall.route("**/eye/live/", lambda route: route.fulfill(status=503, body="down"))
    expect(hall.locator("#lq-live-note")).to_contain_text("没有连上服务器", timeout=PATIENT)
    assert hall.locator(ACTS).all_inner_texts() == before
    hall.unroute("**/eye/live/")
    expect(hall.locator("#lq-live-note")).to_be_hidden(timeout=PATIENT)


def test_its_slides_follow_the_ledger_too(hall):
    hall.goto("/eye/wall/?every=3600")
    number = hall.locator(".lq-wall-slide.is-now .lq-wall-value a").first
    before = number.inner_text()
    with transaction.atomic():
        acts = [Act("sign_contract", "challenges.challenge:0", {"from": {"hefei": []}}, "", "suzhou")] * 40
        record_all(None, acts)
    expect(number).not_to_have_text(before, timeout=PATIENT)
    assert "44" in hall.locator(".lq-wall-slide.is-now .lq-wall-figures").inner_text()
