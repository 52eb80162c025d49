"""The what-if page in a real browser: a moved constraint changes list and address, and the page stays."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import expect

from langqiao.apps.verification.models import ChoiceRun
from tests.apps.verification.choice_scene import EVERY_CITY, make_choice_scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(page: Any, client: Any, user: Any) -> None:
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.goto("/")
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": page.url}])


@pytest.mark.parametrize("width", [1280, 390])
def test_moving_a_constraint_changes_the_list_at_once(browse, client, width):
    scene = make_choice_scene(choice={"rules": [EVERY_CITY], "margin": 0.5})
    page = browse(viewport={"width": width, "height": 900})
    sign_in(page, client, scene.actors["office"])
    page.goto(f"/calls/{scene.call.pk}/choice/")
    page.evaluate("window.stays = true")
    good = page.locator(".is-good tbody th a")
    expect(good).to_have_count(4)
    page.get_by_label("名额").fill("5")
    page.wait_for_url("**places=5**")
    expect(good).to_have_count(5)
    assert page.evaluate("document.activeElement.name") == "places"
    page.get_by_label("指定入选 示例申报7").click()
    page.wait_for_url("**pin=007**")
    expect(good.filter(has_text="示例申报7")).to_have_count(1)
    page.get_by_label("每座城市 至少").fill("4")
    page.wait_for_url("**city_min=4**")
    expect(page.get_by_role("alert").filter(has_text="没有名单能同时满足")).to_be_visible()
    page.get_by_label("每座城市 至少").fill("1")
    page.wait_for_url("**city_min=1**")
    expect(good).to_have_count(5)
    assert page.evaluate("window.stays") is True
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("指定入选 007 的原因").fill("国家级平台")
    page.get_by_role("button", name="保存为方案").click()
    page.wait_for_url("**/choices/*/")
    assert ChoiceRun.objects.get().result["chosen"][-1] in {"007", "008"}
