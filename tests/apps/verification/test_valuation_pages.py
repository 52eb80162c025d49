"""Pages of valuations: who sees what, the form from half filled to complete, the report in full."""

from __future__ import annotations

import re
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from docx import Document
from docx.oxml.ns import qn

from langqiao.apps.accounts.models import Role
from langqiao.apps.registry.sections import sections_for
from langqiao.apps.verification.domain import valuation as verbs
from langqiao.apps.verification.domain.valuation.studies import study_of
from langqiao.apps.verification.forms.valuation_study import StudyForm, fits
from langqiao.apps.verification.forms.valuation_texts import fresh, from_study
from langqiao.apps.verification.models import Valuation
from langqiao.apps.verification.queries.valued import shown
from langqiao.apps.verification.sections_valuation import valued_achievement
from tests.factories import registry
from tests.factories import verification_valuation as make
from tests.factories.accounts import make_member

pytestmark = pytest.mark.django_db

LANGUAGES = {"zh-hans": "zh-hans,zh;q=0.9", "en": "en"}


def page_of(client: Client, name: str, *args: Any, status: int = 200, **values: Any) -> str:
    answer = client.get(reverse(name, args=args), **values)
    assert answer.status_code == status
    return unescape(answer.content.decode())


def basics(valuation: Valuation) -> dict[str, Any]:
    return {
        "title": valuation.title,
        "purpose": valuation.purpose,
        "valuation_date": valuation.valuation_date.isoformat(),
        "achievement": f"#{valuation.achievement_id}" if valuation.achievement_id else "",
        "centre": valuation.centre_id or "",
    }


def typed(valuation: Valuation, **study: Any) -> dict[str, Any]:
    """What a browser sends for a complete form."""
    from langqiao.apps.verification.domain.valuation.studies import read_study

    held = read_study(study.get("study") or make.study(), at=valuation.valuation_date)
    return {**basics(valuation), **from_study(held), "do": "save"}


def test_strangers_meet_nothing(client: Client) -> None:
    sides = make.make_sides()
    final = make.make_final(sides, centre=sides.centre)
    rivals = [
        make_member(registry.make_organisation(kind="enterprise"), Role.ENTERPRISE),
        make_member(registry.make_organisation(), Role.OFFICE),
        make_member(sides.owner, Role.EVALUATOR),
    ]
    pages = ("valuation_detail", "valuation_edit", "valuation_report", "valuation_docx")
    for name in pages:
        assert client.get(reverse(name, args=[final.pk])).status_code == 302
    for rival in rivals:
        client.force_login(rival)
        for name in pages:
            page_of(client, name, final.pk, status=404)
        for name in ("valuation_preview",):
            assert client.post(reverse(name, args=[final.pk])).status_code == 404
        assert client.post(reverse("valuation_act", args=[final.pk, "withdraw"])).status_code == 404
        listed = client.get(reverse("valuation_list"))
        assert make.MARKER not in listed.content.decode()
        assert final.title not in listed.content.decode()
        thread = client.get(reverse("case_detail", args=[final.case]))
        assert final.title not in thread.content.decode()


def test_both_sides_read_everything(client: Client) -> None:
    sides = make.make_sides()
    final = make.make_final(sides, centre=sides.centre)
    for member in (sides.member, sides.appraiser):
        client.force_login(member)
        page = page_of(client, "valuation_detail", final.pk)
        assert make.MARKER in page
        assert final.title in page_of(client, "valuation_list")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_final_page_shows_range_charts_assumptions_and_receipt(client: Client, language: str) -> None:
    sides = make.make_sides()
    final = make.make_final(sides)
    client.force_login(sides.member)
    page = page_of(client, "valuation_detail", final.pk, HTTP_ACCEPT_LANGUAGE=LANGUAGES[language])
    assert page.count('role="img"') == 2 * (1 + 4 + 4)  # ranges, four tornados, four distributions, twice
    assert len(set(re.findall(r'aria-labelledby="(\S+)-title', page))) >= 18
    assert final.receipt["inputs"] in page
    assert final.receipt["result"] in page
    for words in ("布莱克–斯科尔斯（欧式）", "许可费率（占收入）", "研发人员", "案例甲：成熟度"):
        assert words in page or language == "en"
    if language == "en":
        assert "Black–Scholes (European)" in page
        assert "Royalty rate (of revenue)" in page
        assert "CNY" in page
    assert "<script" not in page.split("<main", 1)[1].split("</main>")[0]


def test_pages_take_few_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    sides = make.make_sides()
    final = make.make_final(sides)
    for _ in range(5):
        make.make_draft(sides)
    client.force_login(sides.member)
    page_of(client, "valuation_detail", final.pk)
    with django_assert_max_num_queries(24):
        page_of(client, "valuation_detail", final.pk)
    with django_assert_max_num_queries(14):
        page_of(client, "valuation_list")


def test_a_valuation_begins_from_an_achievement(client: Client) -> None:
    sides = make.make_sides()
    client.force_login(sides.member)
    answer = client.get(reverse("valuation_new"), {"achievement": sides.achievement.pk})
    assert f"{sides.achievement.title}估值" in answer.content.decode()
    sent = {
        "organisation": sides.owner.pk,
        "title": "示例估值",
        "valuation_date": "2026-11-23",
        "achievement": f"#{sides.achievement.pk}",
        "centre": sides.centre.pk,
        "purpose": "",
        "case": "",
    }
    answer = client.post(reverse("valuation_new"), sent)
    made = Valuation.objects.get()
    assert answer.url == reverse("valuation_edit", args=[made.pk])
    assert (made.organisation, made.centre, made.achievement) == (
        sides.owner,
        sides.centre,
        sides.achievement,
    )
    wrong = client.post(reverse("valuation_new"), {**sent, "title": " "})
    assert wrong.status_code == 422
    assert Valuation.objects.count() == 1


def test_a_new_form_knows_tax_law_and_the_assumed_chance_and_nothing_of_the_matter(client: Client) -> None:
    sides = make.make_sides()
    draft = make.make_draft(sides)
    client.force_login(sides.member)
    page = page_of(client, "valuation_edit", draft.pk)
    assert "企业所得税法第四条" in page
    assert "按技术就绪水平 6 级" in page
    form = StudyForm(fresh(at=make.DAY, trl=6), at=make.DAY)
    filled = {one.key for part in form.parts for one in part.quantities if not one.is_blank}
    assert filled == {"tax", "success"}
    assert "填完下面 8 项后" in re.sub(r"\s+", " ", page)


def test_a_form_is_saved_half_filled_then_complete(client: Client) -> None:
    sides = make.make_sides()
    draft = make.make_draft(sides)
    client.force_login(sides.member)
    where = reverse("valuation_edit", args=[draft.pk])
    complete = typed(draft)
    half = {k: v for k, v in complete.items() if not k.startswith(("royalty-", "discount-"))}
    answer = client.post(where, half)
    assert (answer.status_code, answer.url) == (302, where)
    draft.refresh_from_db()
    assert set(draft.inputs) == {"form"}
    page = page_of(client, "valuation_edit", draft.pk)
    assert 'value="800"' in page
    assert "许可费率（占收入）" in page
    answer = client.post(where, complete)
    assert answer.url == draft.get_absolute_url()
    draft.refresh_from_db()
    assert study_of(draft) == study_of(make.make_computed(sides))
    again = page_of(client, "valuation_edit", draft.pk)
    assert "研发人员" in again


def test_what_cannot_be_read_or_be_is_said_at_its_field(client: Client) -> None:
    sides = make.make_sides()
    draft = make.make_draft(sides)
    client.force_login(sides.member)
    where = reverse("valuation_edit", args=[draft.pk])
    complete = typed(draft)
    answer = client.post(where, {**complete, "discount-base": "百分之十"})
    assert answer.status_code == 422
    assert 'id="id_discount-base-errors"' in answer.content.decode()
    answer = client.post(where, {**complete, "discount-low": "30"})
    assert answer.status_code == 422
    page = unescape(answer.content.decode())
    assert "“折现率”的低、基准、高须从小到大。" in page
    answer = client.post(where, {**complete, "deals-0-price": ""})
    assert "“成交价”没有填写，或填写有误。" in unescape(answer.content.decode())
    answer = client.post(where, {**complete, "adjustments-0-deal": "9"})
    assert "属于第几个案例" in answer.content.decode()
    answer = client.post(where, {**complete, "title": ""})
    assert answer.status_code == 422
    draft.refresh_from_db()
    assert draft.inputs == {}


def test_buttons_add_and_remove_rows_and_lose_nothing(client: Client) -> None:
    sides = make.make_sides()
    draft = make.make_draft(sides)
    client.force_login(sides.member)
    where = reverse("valuation_edit", args=[draft.pk])
    sent = {**typed(draft), "title": "改了一半", "margin-base": "abc"}
    more = client.post(where, {**sent, "do": "add-items"}).content.decode()
    assert 'name="items-count" value="3"' in more
    assert 'value="改了一半"' in more
    less = client.post(where, {**sent, "do": "remove-items-0"}).content.decode()
    assert 'name="items-count" value="1"' in less
    assert 'value="中试"' in less
    assert 'value="研发人员"' not in less
    chance = client.post(where, {**sent, "income-trl": "9", "do": "trl"}).content.decode()
    assert "按技术就绪水平 9 级" in chance
    for wish in ("remove-items-99", "add-", "trl-3", "up-items-0", "x"):
        assert client.post(where, {**sent, "do": wish}).status_code == 200
    draft.refresh_from_db()
    assert draft.inputs == {}


def test_the_preview_answers_at_once_and_writes_nothing(client: Client) -> None:
    sides = make.make_sides()
    draft = make.make_draft(sides)
    client.force_login(sides.member)
    where = reverse("valuation_preview", args=[draft.pk])
    page = client.post(where, typed(draft)).content.decode()
    assert "P10–P90" in page
    assert page.count('role="img"') == 2
    missing = client.post(where, {**typed(draft), "royalty-base": ""}).content.decode()
    assert 'href="#q-royalty"' in missing
    unread = client.post(where, {**typed(draft), "royalty-base": "x"}).content.decode()
    assert "读不懂" in unread
    refused = client.post(where, {**typed(draft), "royalty-low": "90"}).content.decode()
    assert "从小到大" in refused
    assert client.post(where, {"valuation_date": "gestern", "methods": ["nonsense"]}).status_code == 200
    draft.refresh_from_db()
    assert (draft.inputs, draft.result) == ({}, {})


def test_the_form_holds_what_it_can_and_says_what_it_cannot(client: Client) -> None:
    sides = make.make_sides()
    draft = make.make_computed(sides)
    assert fits(study_of(draft), at=make.DAY)
    other = make.royalty()
    other["revenue"]["peak"] = make.quantity(1.0, 2.0, 3.0, "万元/年")
    split = {k: v for k, v in other.items() if k not in ("method", "royalty")}
    split |= {
        "method": "split",
        "profit_margin": make.quantity(0.1, 0.2, 0.3),
        "split": make.quantity(0.2, 0.25, 0.3),
    }
    verbs.revise_valuation(sides.member, draft, study=make.study(make.royalty(), split))
    assert not fits(study_of(draft), at=make.DAY)
    client.force_login(sides.member)
    answer = client.get(reverse("valuation_edit", args=[draft.pk]), follow=True)
    assert "表单装不下" in answer.content.decode()


def test_acts_from_the_page(client: Client) -> None:
    sides = make.make_sides()
    draft = make.make_computed(sides)
    client.force_login(sides.member)
    for act, words in (("rerun", "一致"), ("compute", "已重新计算"), ("finalise", "已定稿")):
        answer = client.post(reverse("valuation_act", args=[draft.pk, act]), follow=True)
        assert words in answer.content.decode()
    assert client.post(reverse("valuation_act", args=[draft.pk, "other"])).status_code == 404
    answer = client.post(reverse("valuation_act", args=[draft.pk, "withdraw"]), {"why": ""}, follow=True)
    assert "原因" in answer.content.decode()
    client.post(reverse("valuation_act", args=[draft.pk, "withdraw"]), {"why": "示例：假设有变"})
    page = page_of(client, "valuation_detail", draft.pk)
    assert "示例：假设有变" in page
    assert client.get(reverse("valuation_edit", args=[draft.pk])).status_code == 302


def all_words(valuation: Valuation) -> list[str]:
    """Every number, term and source that a report must hold."""
    valued = shown(study_of(valuation), valuation.result)
    words = [valued.between, valued.middle, valuation.receipt["inputs"], valuation.receipt["result"]]
    for method in valued.methods:
        words += [method.label, method.reason, method.low, method.middle, method.high]
        for one in method.assumptions:
            words += [one.label, one.base, one.basis, one.source]
            words += [] if one.certain else [one.low, one.high]
        words += [text for pair in method.options for text in pair]
        words += [text for pair in method.figures for text in pair]
        words += [cell for _label, cells in method.working.rows for cell in cells]
        words += method.cautions
    return words


def test_the_report_holds_every_assumption_and_its_proof(client: Client) -> None:
    sides = make.make_sides()
    final = make.make_final(sides)
    client.force_login(sides.member)
    page = page_of(client, "valuation_report", final.pk)
    for word in all_words(final):
        assert word in page
    assert "与定稿时写入台账的摘要一致" in page
    assert "不是资产评估机构依法出具的资产评估报告" in page
    final.title = "改了名"
    final.save(update_fields=["title"])
    assert "请勿采信" in page_of(client, "valuation_report", final.pk)


def test_the_document_holds_the_same(client: Client) -> None:
    sides = make.make_sides()
    odd = make.study(make.royalty(royalty=make.quantity(0.03, 0.05, 0.08, why="控制符\x0b在此")), make.cost())
    final = make.make_final(sides, study=odd)
    client.force_login(sides.member)
    answer = client.get(reverse("valuation_docx", args=[final.pk]))
    assert answer["Content-Disposition"] == f'attachment; filename="{final.case}-{final.pk}.docx"'
    document = Document(BytesIO(answer.content))
    texts = [paragraph.text for paragraph in document.paragraphs]
    texts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    whole = "\n".join(texts)
    for word in all_words(final):
        assert word.replace("\x0b", "") in whole
    shades = {shade.get(qn("w:fill")) for shade in document.element.iter(qn("w:shd"))}
    assert {"E3B04F", "0E6E78", "C8452C"} <= shades
    assert "与定稿时写入台账的摘要一致" in whole


def test_a_draft_has_no_report_until_it_is_complete(client: Client) -> None:
    sides = make.make_sides()
    draft = make.make_draft(sides)
    client.force_login(sides.member)
    page_of(client, "valuation_report", draft.pk, status=404)
    assert "参数还没有填完" in page_of(client, "valuation_detail", draft.pk)
    verbs.revise_valuation(sides.member, draft, study=make.study())
    assert "草稿，仅供工作使用" in page_of(client, "valuation_report", draft.pk)


def test_lists_go_out_as_csv_and_xlsx(client: Client) -> None:
    sides = make.make_sides()
    final = make.make_final(sides)
    make.make_draft(sides)
    client.force_login(sides.member)
    answer = client.get(reverse("valuation_list"), {"export": "csv"})
    text = b"".join(answer.streaming_content).decode()
    assert final.case in text
    assert "许可费节省法、成本法、市场法、实物期权法" in text
    sheet = client.get(reverse("valuation_list"), {"export": "xlsx"})
    assert sheet.status_code == 200
    sheet.close()


def test_the_achievements_page_shows_final_valuations_to_both_sides() -> None:
    sides = make.make_sides()
    final = make.make_final(sides, centre=sides.centre)
    make.make_computed(sides)
    for member in (sides.member, sides.appraiser):
        section = valued_achievement(sides.achievement, member)
        assert section is not None
        assert [row.pk for row, _range, _methods in section.context["rows"]] == [final.pk]
    assert valued_achievement(sides.achievement, sides.member).context["new_url"]
    assert not valued_achievement(sides.achievement, sides.appraiser).context["new_url"]
    rival = make_member(registry.make_organisation(kind="enterprise"), Role.ENTERPRISE)
    assert valued_achievement(sides.achievement, rival) is None
    from langqiao.apps.verification.sections_valuation import register

    register()
    assert any(str(s.title) == "估值" for s in sections_for(sides.achievement, sides.member))


def test_the_section_is_drawn(client: Client) -> None:
    from langqiao.apps.verification.sections_valuation import register

    register()
    sides = make.make_sides()
    final = make.make_final(sides)
    client.force_login(sides.member)
    page = page_of(client, "achievement_detail", sides.achievement.pk)
    assert final.title in page
    assert reverse("valuation_new") in page
