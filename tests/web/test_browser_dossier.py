"""The dossier in a real browser: on a desk, on a phone, and on paper with the ledger's proof on every sheet."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from langqiao.apps.ledger.queries import head
from tests.factories.accounts import make_office
from tests.factories.eye_wall import make_finished_case
from tests.web.pdf import pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


@pytest.fixture
def case() -> str:
    return make_finished_case().case


def sign_in(page, client, live_server, user) -> None:
    client.force_login(user)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])


def test_every_sheet_bears_its_number_and_the_ledgers_proof(page, client, live_server, case):
    sign_in(page, client, live_server, make_office())
    page.goto(f"/eye/cases/{case}/")
    sheets = pages(page.pdf(prefer_css_page_size=True))
    assert len(sheets) >= 2
    sequence, digest = head()
    for number, text in enumerate(sheets, start=1):
        assert f"{number} / {len(sheets)}" in text
        assert f"{case} · #{sequence} SM3 {digest}" in text
        assert len(text) > 200  # no sheet is empty
    whole = "".join(sheets)
    for hidden in ("登录", "打印卷宗", "下载核对文件"):
        assert hidden not in whole
    assert "摘要相符，前后相连" in whole


def test_from_the_list_to_the_file(browse, case):
    page = browse(accept_downloads=True)
    page.goto("/eye/cases/")
    page.click(f"#listing a:has-text('{case}')")
    page.wait_for_url(f"**/eye/cases/{case}/")
    expect(page.locator("#stage-result")).to_be_visible()
    with page.expect_download() as download:
        page.click("text=下载核对文件")
    told = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert told["case"] == case
    assert len(told["entries"]) == page.locator(".lq-dossier-row").count()
    assert page.locator("aside").inner_text().count("证明成立") == 1
    if os.environ.get("LANGQIAO_SCREENSHOTS") == "1":
        page.screenshot(path=IMAGES / "dossier.png", full_page=True)


def test_a_phone_needs_no_sideways_scroll(browse, case):
    page = browse(viewport={"width": 390, "height": 844})
    for path in ("/eye/cases/", f"/eye/cases/{case}/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
