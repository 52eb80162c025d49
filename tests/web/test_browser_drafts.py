"""Drafts of reviews in a real browser: offline, reloaded, stale, signed out, another person at the same screen."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from playwright.sync_api import Error, expect

from langqiao.apps.verification.domain import reviews
from langqiao.apps.verification.models import ReviewState
from tests.apps.verification.review_scene import make_scene, opinion

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TEXT = "textarea[name=for_applicant]"
STATUS = "[data-draft-status]"
COPIES = "Object.keys(localStorage).filter((key) => key.startsWith('lq-draft:'))"


@pytest.fixture
def scene():
    return make_scene()


@pytest.fixture
def screen(chromium, live_server, client):
    """Opens a browser for a person; no script may fail (a request that fails is what is tested here)."""
    faults, contexts = [], []

    def opened(user, **options):
        options = {"viewport": {"width": 1280, "height": 900}, "locale": "zh-CN", **options}
        context = chromium.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        sign_in(page, user)
        return page

    def sign_in(page, user):
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
        )

    opened.sign_in = sign_in
    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def form_of(scene, name="own"):
    return scene.reviews[name].get_absolute_url()


def stored(scene, name="own"):
    review = scene.reviews[name]
    review.refresh_from_db()
    return review


def test_what_is_typed_offline_survives_a_reload_and_is_saved(scene, screen):
    page = screen(scene.user("own"))
    page.goto(form_of(scene))
    page.fill(TEXT, "第一句。")
    expect(page.locator(STATUS)).to_contain_text("已保存到服务器")
    assert stored(scene).for_applicant == "第一句。"
    assert page.evaluate(COPIES) == []
    page.context.set_offline(True)
    page.fill(TEXT, "第一句。断网时写的第二句。")
    page.fill("input[name=score-technology]", "15.5")
    expect(page.locator(STATUS)).to_contain_text("仅保存在本机：没有连上服务器")
    review = stored(scene)
    assert review.for_applicant == "第一句。"
    assert page.evaluate(COPIES) == [f"lq-draft:{scene.actors['own'].pk}:{review.pk}:{review.revision}"]
    with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED"):
        page.reload()
    page.context.set_offline(False)
    page.goto(form_of(scene))
    expect(page.locator(TEXT)).to_have_value("第一句。断网时写的第二句。")
    expect(page.locator("input[name=score-technology]")).to_have_value("15.5")
    expect(page.locator(STATUS)).to_contain_text("已保存到服务器")
    review = stored(scene)
    assert (review.for_applicant, review.scores) == ("第一句。断网时写的第二句。", {"technology": 15.5})
    assert page.evaluate(COPIES) == []


def test_the_network_comes_back_without_a_reload_and_handing_in_waits_for_it(scene, screen):
    page = screen(scene.user("own"))
    page.goto(form_of(scene))
    page.context.set_offline(True)
    page.fill("input[name=score-technology]", "15")
    page.click("[data-points] >> nth=1 >> [data-step='0.5']")
    page.click(".lq-pick-one:has([value=pass])")
    page.click(".lq-pick-one:has([name=confidence][value='4'])")
    page.fill(TEXT, "建议补充中试数据。")
    page.click("text=提交评审")
    page.click("#lq-confirm [value=yes]")
    expect(page.locator(STATUS)).to_contain_text("仅保存在本机：没有连上服务器")
    assert page.input_value(TEXT) == "建议补充中试数据。"
    page.context.set_offline(False)
    expect(page.locator(STATUS)).to_contain_text("已保存到服务器")
    page.click("text=提交评审")
    page.click("#lq-confirm [value=yes]")
    page.wait_for_selector("text=评审意见已提交")
    review = stored(scene)
    assert (review.state, review.scores) == (ReviewState.SUBMITTED, {"technology": 15, "market": 0.5})
    assert page.evaluate(COPIES) == []


def test_two_windows_lose_nothing(scene, screen):
    page = screen(scene.user("own"))
    page.goto(form_of(scene))
    reviews.save_draft(scene.user("own"), stored(scene), revision=0, for_applicant="另一台电脑上写的。")
    page.fill(TEXT, "这台电脑上写的。")
    both = page.locator("[data-draft-both]")
    expect(both).to_be_visible()
    expect(both).to_contain_text("这台电脑上写的。")
    expect(both).to_contain_text("另一台电脑上写的。")
    assert stored(scene).for_applicant == "另一台电脑上写的。"
    # Not chosen yet, and the page is loaded again: both are still there.
    page.reload()
    expect(both).to_contain_text("这台电脑上写的。")
    expect(both).to_contain_text("另一台电脑上写的。")
    page.click("text=保留本页的内容")
    expect(page.locator(STATUS)).to_contain_text("已保存到服务器")
    assert stored(scene).for_applicant == "这台电脑上写的。"
    reviews.save_draft(
        scene.user("own"), stored(scene), revision=stored(scene).revision, for_applicant="又在别处写。"
    )
    page.fill(TEXT, "再写。")
    expect(both).to_be_visible()
    page.click("text=改用服务器上的内容")
    expect(page.locator(TEXT)).to_have_value("又在别处写。")
    assert page.evaluate(COPIES) == []


def test_an_answer_that_never_arrived_is_no_second_version(scene, screen):
    page = screen(scene.user("own"))
    page.goto(form_of(scene))

    def swallow(route):
        route.fetch()  # the server saves it …
        route.abort()  # … and the browser never hears of it

    page.route("**/draft/", swallow)
    page.fill(TEXT, "写到一半。")
    expect(page.locator(STATUS)).to_contain_text("没有连上服务器")
    assert stored(scene).revision == 1
    page.unroute("**/draft/")
    page.fill(TEXT, "写到一半。写完了。")
    expect(page.locator(STATUS)).to_contain_text("已保存到服务器")
    expect(page.locator("[data-draft-both]")).to_be_hidden()
    assert stored(scene).for_applicant == "写到一半。写完了。"


def test_an_ended_session_keeps_the_words_until_the_same_person_is_back(scene, screen):
    page = screen(scene.user("own"))
    page.goto(form_of(scene))
    Session.objects.all().delete()
    page.fill(TEXT, "登录过期后写的。")
    expect(page.locator(STATUS)).to_contain_text("登录已过期")
    expect(page.locator(f"{STATUS} a")).to_have_text("重新登录")
    page.reload()
    assert "/accounts/login/" in page.url
    assert len(page.evaluate(COPIES)) == 1
    screen.sign_in(page, scene.user("own"))
    page.goto(form_of(scene))
    expect(page.locator(TEXT)).to_have_value("登录过期后写的。")
    expect(page.locator(STATUS)).to_contain_text("已保存到服务器")
    assert stored(scene).for_applicant == "登录过期后写的。"


def test_the_next_person_at_the_same_screen_finds_nothing(scene, screen):
    page = screen(scene.user("own"))
    page.goto(form_of(scene))
    page.context.set_offline(True)
    page.fill(TEXT, "只在本机。")
    expect(page.locator(STATUS)).to_contain_text("仅保存在本机")
    page.goto("about:blank")  # the form is left while the network is still away, so nothing is sent later
    page.context.set_offline(False)
    screen.sign_in(page, scene.user("third"))
    page.goto("/reviews/")
    page.wait_for_function(f"{COPIES}.length === 0")
    assert "只在本机" not in page.evaluate("JSON.stringify(localStorage)")


def test_signing_out_clears_and_asks_first_about_what_the_server_lacks(scene, screen):
    page = screen(scene.user("own"))
    page.goto(form_of(scene))
    page.route("**/draft/", lambda route: route.abort())
    page.fill(TEXT, "还没有保存。")
    expect(page.locator(STATUS)).to_contain_text("没有连上服务器")
    other = page.context.new_page()
    other.goto("/reviews/")
    other.click("[popovertarget=lq-person-menu]")
    other.click("#lq-person-menu >> text=退出")
    expect(other.locator("#lq-confirm")).to_contain_text("未保存到服务器")
    other.click("#lq-confirm [value=no]")
    assert len(other.evaluate(COPIES)) == 1
    other.click("[popovertarget=lq-person-menu]")
    other.click("#lq-person-menu >> text=退出")
    other.click("#lq-confirm [value=yes]")
    other.wait_for_url("**/")
    assert other.evaluate(COPIES) == []
    # The form in the first window is nobody's any more: it keeps no further copies.
    expect(page.locator(STATUS)).to_contain_text("已在其他窗口退出")
    page.fill(TEXT, "还在写。")
    assert other.evaluate(COPIES) == []


def test_without_a_script_the_form_saves_and_shows_both_versions(scene, screen):
    page = screen(scene.user("own"), java_script_enabled=False)
    page.goto(form_of(scene))
    page.fill(TEXT, "没有脚本也能写。")
    page.fill("input[name=score-technology]", "12.5")
    page.click("text=保存草稿")
    assert stored(scene).scores == {"technology": 12.5}
    reviews.save_draft(scene.user("own"), stored(scene), revision=1, for_applicant="别处写的。")
    page.fill(TEXT, "旧页面上写的。")
    page.click("text=保存草稿")
    assert "别处写的。" in page.inner_text("[data-draft-both]")
    assert page.input_value(TEXT) == "旧页面上写的。"
    assert stored(scene).for_applicant == "别处写的。"
    page.click("text=保存草稿")
    assert stored(scene).for_applicant == "旧页面上写的。"


@pytest.mark.parametrize("width", [390, 820])
def test_points_are_given_with_a_finger(scene, screen, width):
    page = screen(scene.user("own"), viewport={"width": width, "height": 1100}, has_touch=True)
    page.goto(form_of(scene))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for box in page.locator(".lq-stepper .btn, .lq-pick-one").all():
        size = box.bounding_box()
        assert size["height"] >= 43
        assert size["width"] >= 43
    page.locator("[data-slide] >> nth=0").fill("14.5")
    assert page.input_value("input[name=score-technology]") == "14.5"
    page.locator("[data-points] >> nth=0 >> [data-step='-0.5']").tap()
    assert page.input_value("input[name=score-technology]") == "14"
    expect(page.locator(STATUS)).to_contain_text("已保存到服务器")
    assert stored(scene).scores == {"technology": 14}


def test_the_page_of_a_submitted_review_leaves_no_copy(scene, screen):
    page = screen(scene.user("own"))
    page.goto(form_of(scene))
    page.context.set_offline(True)
    page.fill(TEXT, "旧的。")
    expect(page.locator(STATUS)).to_contain_text("仅保存在本机")
    reviews.submit_review(scene.user("own"), stored(scene), **opinion())
    page.context.set_offline(False)
    page.goto(form_of(scene))
    assert page.evaluate(COPIES) == []
