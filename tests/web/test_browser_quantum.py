"""The quantum network in a real browser: the map, a what-if, a delivery; on a desk in Chinese, on a phone in English."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.quantum.models import Delivery, Endpoint, Link
from langqiao.apps.registry.domain import load_corridor
from langqiao.apps.registry.models import Organisation
from langqiao.cli import quantum_demo
from tests.apps.quantum.test_deliveries import receipt_of
from tests.factories import quantum as make
from tests.factories.accounts import make_member
from tests.web.accessible import faults_of, is_wide

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
PHONE = {"viewport": {"width": 390, "height": 844}, "locale": "en-GB"}
Enter = Callable[..., Page]


@pytest.fixture
def network(tmp_path, settings) -> None:
    settings.DATA_DIR = tmp_path
    load_corridor(None)
    quantum_demo.load(progress=lambda _report: None)


@pytest.fixture
def enter(browse, live_server, network) -> Enter:
    """A page of somebody who is signed in."""

    def entered(user: User, **options: object) -> Page:
        client = Client()
        client.force_login(user)
        page = browse(**options)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": live_server.url}]
        )
        return page

    return entered


def operator() -> User:
    return User.objects.get(username="demo-quantum")


def photograph(page: Page, name: str) -> None:
    if os.environ.get("LANGQIAO_SCREENSHOTS") == "1":
        page.screenshot(path=IMAGES / f"quantum-{name}.png", full_page=False)


def weakest() -> Link:
    return Link.objects.select_related("a", "b").get(a__slug="songjiang", b__slug="jiaxing")


def test_the_map_leads_to_a_link_and_its_rates(enter: Enter) -> None:
    page = enter(operator(), viewport={"width": 1280, "height": 1000})
    page.goto("/quantum/")
    expect(page.locator(".lq-qmap a line")).to_have_count(10)
    expect(page.locator(".lq-qmap line.is-low")).to_have_count(1)
    expect(page.locator("#alarms")).to_contain_text("密钥池偏低")
    assert faults_of(page) == []
    photograph(page, "map")
    line = page.locator(f".lq-qmap a[href='{weakest().get_absolute_url()}']")
    line.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/quantum/links/*/")
    expect(page.locator("#rates tbody tr").first).to_contain_text("规划采用")
    expect(page.locator("svg.lq-qseries")).to_have_count(4)
    assert faults_of(page) == []


def test_a_what_if_answers_without_a_reload(enter: Enter) -> None:
    page = enter(operator(), viewport={"width": 1280, "height": 1400})
    page.goto("/quantum/plan/")
    page.evaluate("window.stayed = true")
    expect(page.locator("#demands")).to_contain_text("满足")
    page.focus("#id_cut")
    page.select_option("#id_cut", "|".join(weakest().key))
    expect(page.locator("#plan")).to_contain_text("不变动时", timeout=30_000)
    # one end alone is answered by a request for the other, which would race with the second choice here
    page.evaluate("document.querySelector('#id_start').value = 'jinhua'")
    page.select_option("#id_end", "xuancheng")
    expect(page.locator("#plan")).to_contain_text("的分方法成码率", timeout=30_000)
    assert "cut=" in page.url
    assert page.evaluate("window.stayed")
    assert faults_of(page) == []
    photograph(page, "plan")


def test_readings_are_tried_then_brought_in(enter: Enter, tmp_path: Path) -> None:
    link = weakest()
    table = tmp_path / "readings.csv"
    table.write_text(
        f"at,link,site,stored_bits,capacity_bits\n2026-05-01 08:00,{'|'.join(link.key)},songjiang,8,9\n"
    )
    page = enter(operator())
    page.goto("/quantum/readings/")
    page.click("a:has-text('导入读数')")
    page.set_input_files("#id_file", table)
    page.click("button:has-text('检查')")
    expect(page.locator(".alert-success")).to_contain_text("将新增 1 条")
    assert faults_of(page) == []
    page.set_input_files("#id_file", table)
    page.click("button[name=write]")
    page.wait_for_url("**/quantum/readings/")
    expect(page.locator("main")).to_contain_text("新增 1 条")


def test_a_delivery_is_sent_from_a_desk_and_signed_for_on_a_phone(enter: Enter) -> None:
    delivery = Delivery.objects.get(code="Q-DLV-002")
    Endpoint.objects.filter(pk=delivery.recipient_id).update(public_key=make.KEY.public.hex())
    page = enter(User.objects.get(username="demo-studio"))
    page.goto(delivery.get_absolute_url())
    assert faults_of(page) == []
    page.click("button:has-text('登记已发出')")
    expect(page.locator("main")).to_contain_text("已发出")
    recipient = make_member(Organisation.objects.get(code="Q-ORG-003"), Role.ENTERPRISE)
    phone = enter(recipient, **PHONE)
    phone.goto("/work/")
    phone.click(f"a[href='{delivery.get_absolute_url()}']")
    assert not is_wide(phone)
    assert faults_of(phone) == []
    phone.click("button:has-text('Sign for it')")
    delivery.refresh_from_db()
    phone.fill("#receive-dialog textarea", receipt_of(delivery))
    phone.click("#receive-dialog button[type=submit]")
    expect(phone.locator("main")).to_contain_text("Signed for")
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.RECEIVED


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_in_english(enter: Enter, scheme: str) -> None:
    phone = enter(operator(), **PHONE)
    phone.emulate_media(color_scheme=scheme)
    endpoint = Endpoint.objects.order_by("pk").first()
    assert endpoint is not None
    cut = "%7C".join(weakest().key)
    for address in (
        "/quantum/", f"/quantum/plan/?cut={cut}", weakest().get_absolute_url(), "/quantum/health/",
        "/quantum/readings/import/", f"/quantum/endpoints/{endpoint.pk}/edit/",
    ):  # fmt: skip
        phone.goto(address)
        assert phone.get_attribute("html", "lang") == "en"
        assert not is_wide(phone), address
        assert faults_of(phone) == [], address


def test_the_rules_find_what_is_wrong(page: Page) -> None:
    page.set_content(
        "<main><h1>a</h1><h3 id='x'>b</h3><p id='x' style='color:#bbb;background:#fff'>pale</p><input><button></button>"
        "<svg role='img'></svg><table><tr><td>c</td></tr></table></main>"
    )
    found = " ".join(faults_of(page))
    for words in (
        "no language",
        "before h3",
        "id twice",
        "contrast",
        "<input",
        "<button",
        "<svg",
        "headings: <table",
    ):
        assert words in found
