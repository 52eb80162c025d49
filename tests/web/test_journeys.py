"""The main job end to end in a real browser: a problem finds partners, a firm poses it, a team answers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from langqiao.apps.accounts.models import Role
from langqiao.apps.challenges.matching import follow, store
from langqiao.apps.challenges.models import Challenge, State
from langqiao.apps.registry import domain as registry
from tests.factories.challenges import PASSWORD, make_firm, make_published, make_user, next_month
from tests.factories.registry import make_city, make_field, make_organisation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PROBLEM = "八英寸碳化硅晶圆减薄时砂轮损伤层过深，需要低损伤减薄工艺"
THINNING = "碳化硅晶圆等离子体辅助减薄方法"
NARROWED = re.compile(r"cities=hefei")


@pytest.fixture(autouse=True)
def fresh_index(settings, tmp_path):
    settings.INDEX_DIR = tmp_path / "index"
    store.index.cache_clear()
    yield
    store.index.cache_clear()


@pytest.fixture
def corridor():
    """A firm, a university with its researcher, a partner for every panel, and records of other subjects."""
    hefei, suzhou, materials = make_city("hefei"), make_city("suzhou"), make_field("materials")
    university = make_organisation(
        name="庐州大学", name_en="Luzhou University", kind="university", city=hefei
    )
    expert = registry.add_person(
        None, name="林某", organisation=university, city=hefei, expertise=["晶圆减薄"]
    )
    registry.add_achievement(
        None, kind="technology", title=THINNING, trl=6, field=materials, owner=university, city=hefei,
        abstract="等离子体软化表层后磨削，碳化硅晶圆减薄损伤层小于两微米。", people=[expert],
        licence="open", date="2025-03-01", keywords=["减薄", "损伤层"],
    )  # fmt: skip
    grinder = make_organisation(name="砂轮公司", city=suzhou)
    registry.add_product(
        None, organisation=grinder, name="碳化硅晶圆减薄用细粒度砂轮", direction="product", field=materials,
        tier="upstream", description="陶瓷结合剂砂轮，用于碳化硅晶圆低损伤减薄。",
    )  # fmt: skip
    registry.add_finance(
        None, name="半导体中试基金", kind="fund", cities=[suzhou], fields=[materials], stages=["pilot"],
        amount_min=100, amount_max=500, description="支持碳化硅等新材料中试。",
    )  # fmt: skip
    _firm, firm_user = make_firm(name="姑苏晶圆公司", city=suzhou)
    other, other_user = make_firm(name="甬江公司", city=suzhou)
    make_published(other_user, other, title="碳化硅晶圆低损伤减薄工艺", confidentiality="open")
    for subject in ("风电叶片声学监测", "污泥干化热泵", "纺织染色废水回用", "桥梁索力监测", "茶叶杀青机"):
        registry.add_achievement(
            None, kind="patent", title=subject, abstract=f"{subject}的装置与方法。", trl=5
        )
        make_published(
            other_user, other, title=f"{subject}的可靠性", summary=f"提高{subject}的寿命。", details="",
            keywords=[subject], confidentiality="open",
        )  # fmt: skip
    follow.catch_up()
    return {"firm": firm_user, "researcher": make_user(Role.RESEARCHER, university), "university": university}


def sign_in(page: Page, user) -> Page:
    page.goto("/accounts/login/")
    page.fill("[name=login]", user.username)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_selector("[popovertarget=lq-person-menu]")
    return page


def panel(page: Page, slug: str):
    return page.locator(f".lq-panel.is-{slug}")


def test_from_a_typed_problem_to_narrowed_panels_and_evidence(browse, corridor):
    page = browse()
    page.goto("/")
    page.fill("#ask", PROBLEM)
    page.click(".lq-ask button")
    expect(panel(page, "technology")).to_contain_text(THINNING)
    expect(panel(page, "industry")).to_contain_text("砂轮公司")
    expect(panel(page, "finance")).to_contain_text("半导体中试基金")
    expect(panel(page, "talent")).to_contain_text("林某")
    page.evaluate("window.stayed = true")
    page.select_option("[name=cities]", "hefei")
    page.wait_for_url(NARROWED)
    expect(panel(page, "industry")).not_to_contain_text("砂轮公司")
    expect(panel(page, "technology")).to_contain_text(THINNING)
    assert page.evaluate("window.stayed")
    best = panel(page, "technology").locator(".lq-match").first
    expect(best.locator(".lq-evidence > p").first).to_be_hidden()
    best.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(best.locator(".lq-evidence > p").first).to_contain_text("等离子体软化表层")
    page.reload()
    expect(page.locator("[name=cities]")).to_have_value("hefei")
    expect(panel(page, "industry")).not_to_contain_text("砂轮公司")


def test_a_sealed_challenge_is_posed_answered_and_decided(browse, corridor):
    firm = sign_in(browse(), corridor["firm"])
    firm.goto("/challenges/new/")
    firm.fill("#id_title", "碳化硅晶圆低损伤减薄")
    firm.fill("#id_summary", "寻求八英寸碳化硅晶圆减薄的低损伤工艺。")
    firm.fill("#id_details", "目标：损伤层三微米以内。")
    expect(firm.locator("#similar")).to_contain_text("甬江公司")  # before it is posed
    firm.check("[name=confidentiality][value=promise]")
    firm.fill("#id_deadline", str(next_month()))
    firm.click("button[name=publish]")
    expect(firm.locator(".lq-steps [aria-current=step]")).to_have_text("已发布")
    challenge = Challenge.objects.get(title="碳化硅晶圆低损伤减薄")
    follow.catch_up()

    team = sign_in(browse(), corridor["researcher"])
    team.goto(f"{challenge.get_absolute_url()}answers/new/")  # without the promise it leads back to it
    expect(team.locator("#promise")).to_be_visible()
    expect(team.locator("#details")).not_to_contain_text("三微米以内")
    team.check("#promise [name=agree]")
    team.click("#promise button[type=submit]")
    expect(team.locator("#details")).to_contain_text("三微米以内")
    team.click(".lq-actions a:has-text('应答')")
    team.fill("[name=title]", "等离子体辅助减薄方案")
    team.fill("[name=approach]", "先软化表层，再精磨。")
    team.fill("[name=price]", "120")
    team.click("main form button:has-text('存为草稿')")
    team.click("main button:has-text('提交第 1 版')")
    expect(team.locator(".lq-lead")).to_contain_text("已提交")

    firm.goto(challenge.get_absolute_url())
    firm.click(".lq-actions a:has-text('比较答题')")
    expect(firm.locator(".lq-compare")).to_contain_text("先软化表层，再精磨。")
    expect(firm.locator(".lq-compare")).to_contain_text("120 万元")
    firm.click(".lq-compare button:has-text('选定')")
    firm.click("#lq-confirm [value=yes]")
    firm.wait_for_url(f"**{challenge.get_absolute_url()}**")
    expect(firm.locator(".lq-steps [aria-current=step]")).to_have_text("已选定")
    timeline = firm.locator(".lq-timeline")
    for act in ("发布题目", "提交答题", "选定答题"):
        expect(timeline).to_contain_text(act)
    challenge.refresh_from_db()
    assert challenge.state == State.SELECTED

    team.goto("/notifications/")
    expect(team.locator("main")).to_contain_text("碳化硅晶圆低损伤减薄")


def test_search_works_with_the_keyboard_alone(browse, corridor):
    page = browse()
    page.goto("/ledger/")
    page.keyboard.press("/")
    page.keyboard.type("等离子体辅助")
    option = page.locator("#lq-search-list [role=option]").first
    expect(option).to_contain_text(THINNING)
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(THINNING)
    page.keyboard.press("/")
    page.keyboard.type("减薄")
    expect(page.locator("#lq-search-list")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#lq-search-list")).to_be_hidden()


def test_language_and_theme_are_switched_on_the_page_one_reads(browse, corridor):
    page = browse()
    page.goto("/challenges/?city=suzhou")
    page.click(".lq-top-tools button[name=language]")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("h1")).to_have_text("Challenges")
    assert page.url.endswith("/challenges/?city=suzhou")
    page.click("[popovertarget=lq-theme-menu]")
    page.click("[data-theme-set=dark]")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.click(".lq-top-tools button[name=language]")
    expect(page.locator("h1")).to_have_text("企业出题")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_names_are_english_on_english_pages(browse, corridor):
    page = browse(locale="en-GB")
    page.goto(f"/match/?text={PROBLEM}")
    expect(panel(page, "technology")).to_contain_text("Luzhou University")
    expect(panel(page, "technology")).not_to_contain_text("庐州大学")


LINES_OF_CITIES = """() => [...document.querySelectorAll('#listing tbody tr:not(.lq-detail)')].map((row) => {
  const cell = [...row.cells].find((one) => one.textContent.trim() === 'Suzhou');
  const range = document.createRange();
  range.selectNodeContents(cell);
  return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
})"""


@pytest.mark.parametrize("width", [1024, 1280, 1440])
def test_words_are_not_broken_in_a_table(browse, corridor, width):
    page = browse(locale="en-GB", viewport={"width": width, "height": 800})
    page.goto("/challenges/")
    assert set(page.evaluate(LINES_OF_CITIES)) == {1}


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_a_phone_shows_cards_panels_in_order_and_five_at_hand(browse, corridor, language):
    challenge = Challenge.objects.get(title="碳化硅晶圆低损伤减薄工艺")
    page = browse(locale=language, viewport={"width": 390, "height": 844})
    for path in ("/challenges/", challenge.get_absolute_url(), f"/match/?text={PROBLEM}"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.locator(".lq-bottom > *:visible").count() == 5
    page.goto(challenge.get_absolute_url())
    expect(page.locator(".lq-match").first).to_be_visible()
    tops = [page.locator(part).bounding_box()["y"] for part in (".lq-problem", ".lq-matches", ".lq-talk")]
    assert tops == sorted(tops)
    page.goto("/challenges/")
    row = page.locator("#listing tbody tr:not(.lq-detail)").first
    assert row.bounding_box()["width"] <= 390
    row.locator("[data-open-row]").click()
    expect(page.locator("#listing tr.lq-detail").first).to_be_visible()
