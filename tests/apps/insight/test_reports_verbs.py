"""Verbs of reports: what they leave, their entries in the ledger, what they refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from langqiao.apps.accounts.models import Role
from langqiao.apps.insight.domain import reports as verbs
from langqiao.apps.insight.domain.reports.content import document_digest, figures_digest
from langqiao.apps.insight.models import REPORT_TRANSITIONS, Report, Section, Value
from langqiao.apps.insight.queries.reports import sections_of, visible_reports
from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.queries import verify
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.insight_reports import (
    choice,
    make_figures,
    make_full,
    make_institute,
    make_method,
    make_report,
    make_table,
    make_text,
    make_value,
)
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db
State = Report.State


def entries(report: Report, verb: str = "") -> list[Entry]:
    rows = Entry.objects.filter(object=f"insight.report:{report.pk}").order_by("sequence")
    return [entry for entry in rows if not verb or entry.verb == verb]


def test_a_draft_has_a_case_a_series_and_an_entry_for_its_parties() -> None:
    institute, researcher = make_institute()
    report = verbs.draft_report(
        researcher, organisation=institute, title=" 城市群报告 ", author="张三、李四", summary="一\n二"
    )
    assert (report.title, report.author, report.summary) == ("城市群报告", "张三、李四", "一\n二")
    assert (report.version, report.state, report.created_by) == (1, State.DRAFT, researcher)
    assert report.case.startswith("LQ-")
    (entry,) = entries(report)
    assert (entry.verb, entry.visibility, entry.case) == ("draft_report", "parties", report.case)
    assert json.loads(entry.data) == {"version": 1}


@pytest.mark.parametrize(
    ("values", "field"),
    [({"title": " "}, "title"), ({"author": ""}, "author"), ({"title": "长" * 201}, "title"),
     ({"summary": "长" * 4001}, "summary"), ({"title": "a\0b"}, "title")],
)  # fmt: skip
def test_a_head_that_is_missing_or_too_long_is_refused(values: dict[str, str], field: str) -> None:
    institute, researcher = make_institute()
    with pytest.raises(Invalid) as refused:
        verbs.draft_report(researcher, organisation=institute, **{"title": "甲", "author": "乙", **values})
    assert refused.value.field == field
    assert not Report.objects.exists()
    assert not Entry.objects.filter(app="insight").exists()


def test_only_the_office_and_researchers_of_institutes_write_and_only_for_their_own() -> None:
    institute, researcher = make_institute()
    office = make_office()
    university = make_organisation(kind="university")
    outsiders = [
        make_member(university, Role.RESEARCHER), make_member(make_organisation(), Role.ENTERPRISE),
        make_liaison(make_city()), make_user(), make_institute()[1], office,
        make_member(make_organisation(), Role.SECRETARIAT), make_user(is_superuser=True),
    ]  # fmt: skip
    for other in outsiders:
        with pytest.raises(NotAllowed):
            verbs.draft_report(other, organisation=institute, title="甲", author="乙")
    report = make_report(researcher, institute)
    make_text(report, researcher)
    for other in outsiders:
        assert not allowed(other, "insight.read_report", report)
        assert report not in visible_reports(other)
        for verb in (verbs.publish_report, verbs.discard_report, verbs.refresh_report):
            with pytest.raises(NotAllowed):
                verb(other, report)
        with pytest.raises(NotAllowed):
            make_text(report, other)
        with pytest.raises(NotAllowed):
            verbs.remove_section(other, report.sections.get())
    colleague = make_member(institute, Role.RESEARCHER)
    assert report in visible_reports(colleague)
    verbs.publish_report(colleague, report)
    assert all(report in visible_reports(other) for other in [*outsiders, None])


def test_text_figures_and_method_are_pinned_with_version_and_source() -> None:
    make_value("suzhou", "23958.3", vintage="final", source_name="公报甲", source_url="https://example.org/a")
    make_value("suzhou", "23900", vintage="preliminary")
    make_value("hefei", "12013", source_name="公报乙")
    report = make_report()
    section = make_table(report, choice=choice(scopes=["city:suzhou", "city:hefei", "city:songjiang"]))
    told = [
        (one["scope"], one["value"], one["vintage"], one["source_name"]) for one in section.pinned["figures"]
    ]
    assert told == [
        ("city:suzhou", "23958.3", "final", "公报甲"), ("city:hefei", "12013", "unstated", "公报乙"),
    ]  # fmt: skip
    assert section.pinned["missing"] == [["gdp", "city:songjiang", "2022"]]
    assert section.pinned["scopes"]["city:suzhou"] == {"name": "苏州", "name_en": "Suzhou"}
    assert len(section.pinned_digest) == 64
    early = make_table(report, choice=choice(scopes=["city:suzhou"], vintage="preliminary"))
    assert early.pinned["figures"][0]["value"] == "23900"
    only = make_table(report, choice=choice(scopes=["city:suzhou", "city:hefei"], vintage="final"))
    assert [one["scope"] for one in only.pinned["figures"]] == ["city:suzhou"]


def test_a_table_of_figures_keeps_nothing_that_means_nothing_to_it() -> None:
    make_figures()
    given = choice(parameters={"x": float("inf")}, flows="talent", nation="provinces")
    held = make_table(make_report(), choice=given).choice
    assert (held["parameters"], held["flows"], held["nation"]) == ({}, "", "")


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e308, [1], {"a": 1}, "3", None, True, -1])
def test_hostile_parameters_are_refused(value: Any) -> None:
    make_figures()
    report = make_report()
    with pytest.raises(Invalid):
        make_method(report, "moran", choice=choice("moran", parameters={"neighbours": value}))


def test_a_method_keeps_its_result_in_both_languages_and_says_what_is_left_out() -> None:
    make_figures()
    Value.objects.filter(scope="hefei").delete()
    section = make_method(make_report(), "theil")
    assert section.result["title"] == ["泰尔指数", "Theil index"]
    values = {one["key"]: one["value"] for one in section.result["values"]}
    assert values["total"] == pytest.approx(values["within"] + values["between"])
    assert section.pinned["dropped"] == ["city:hefei"]
    assert section.result["software"]["inequality"]
    assert section.choice["parameters"] == {}


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        ("nonsense", {}, "kind"),
        ("text", {"text": " "}, "text"),
        ("text", {"heading": ""}, "heading"),
        ("figures", {"choice": None}, "indicators"),
        ("figures", {"choice": choice("theil")}, "method"),
        ("figures", {"choice": choice("", "nothing")}, "indicators"),
        ("figures", {"choice": choice(periods=["1999"])}, "periods"),
        ("figures", {"choice": choice(scopes=["nowhere:x"])}, "periods"),
        ("figures", {"choice": choice(vintage="worst")}, "vintage"),
        ("figures", {"choice": {"unknown": 1}}, "method"),
        ("method", {"choice": choice()}, "method"),
        ("method", {"choice": choice("nonsense")}, "method"),
        ("method", {"choice": choice("theil", parameters={"x": 1})}, "method"),
        ("method", {"choice": choice("coupling")}, "method"),
        ("method", {"choice": choice("theil", periods=["2021", "2022"])}, "periods"),
    ],
)  # fmt: skip
def test_sections_that_cannot_be_are_refused_and_nothing_is_left(
    kind: str, values: dict[str, Any], field: str
) -> None:
    make_figures()
    report = make_report()
    with pytest.raises(Invalid) as refused:
        verbs.add_section(None, report, kind=kind, **{"heading": "节", "text": "文", **values})
    assert refused.value.field == field
    assert not Section.objects.exists()
    assert [entry.verb for entry in entries(report)] == ["draft_report"]


def test_sections_move_change_and_go() -> None:
    report = make_full()
    first, second, third = sections_of(report)
    verbs.move_section(None, third, up=True)
    assert [s.pk for s in sections_of(report)] == [first.pk, third.pk, second.pk]
    verbs.move_section(None, first, up=True)  # at the top it stays
    verbs.move_section(None, second, up=False)
    assert [s.pk for s in sections_of(report)] == [first.pk, third.pk, second.pk]
    changed = verbs.revise_section(None, first, heading="新标题", text="新文")
    assert (changed.pk, changed.heading, changed.key) == (first.pk, "新标题", first.key)
    verbs.remove_section(None, third)
    assert [s.heading for s in sections_of(report)] == ["新标题", "指标"]
    acts = [json.loads(entry.data).get("act") for entry in entries(report, "revise_report")]
    assert acts == ["add", "add", "add", "move", "revise", "remove"]


def test_publishing_writes_both_digests_into_the_ledger_and_closes_the_report() -> None:
    institute, researcher = make_institute()
    report = make_full(researcher, institute)
    published = verbs.publish_report(researcher, report)
    assert published.state == State.PUBLISHED
    assert published.organisation_name == institute.name
    fresh = Report.objects.get(pk=report.pk)
    sections = sections_of(fresh)
    assert fresh.figures_digest == figures_digest(sections)
    assert fresh.document_digest == document_digest(fresh, sections)
    (entry,) = entries(report, "publish_report")
    assert entry.visibility == "public"
    assert json.loads(entry.data) == {
        "version": 1, "figures_sm3": fresh.figures_digest, "document_sm3": fresh.document_digest,
        "sections": 3, "figures": 10,
    }  # fmt: skip
    assert verify().fault is None
    for act in (
        lambda: verbs.publish_report(researcher, fresh),
        lambda: verbs.revise_report(researcher, fresh, title="改"),
        lambda: make_text(fresh, researcher),
        lambda: verbs.revise_section(researcher, sections[0], heading="改", text="改"),
        lambda: verbs.move_section(researcher, sections[0], up=False),
        lambda: verbs.remove_section(researcher, sections[0]),
        lambda: verbs.refresh_report(researcher, fresh),
        lambda: verbs.discard_report(researcher, fresh),
    ):
        with pytest.raises(Refused):
            act()
    assert Report.objects.get(pk=report.pk).document_digest == document_digest(fresh, sections_of(fresh))


def test_the_digest_of_a_document_survives_that_its_organisation_is_renamed() -> None:
    institute, researcher = make_institute()
    report = verbs.publish_report(researcher, make_full(researcher, institute))
    institute.name = "改了名的研究院"
    institute.save()
    fresh = Report.objects.select_related("organisation").get(pk=report.pk)
    assert document_digest(fresh, sections_of(fresh)) == report.document_digest


def test_an_empty_report_or_one_whose_figures_were_altered_is_not_published() -> None:
    report = make_report()
    with pytest.raises(Refused, match="还没有内容"):
        verbs.publish_report(None, report)
    make_figures()
    section = make_method(report)
    altered = json.loads(json.dumps(section.result))
    altered["values"][0]["value"] = 0.5
    Section.objects.filter(pk=section.pk).update(result=altered, result_digest="0" * 64)
    with pytest.raises(Refused, match="得不到相同的数字"):
        verbs.publish_report(None, report)
    assert Report.objects.get(pk=report.pk).state == State.DRAFT


def test_a_discarded_draft_stays_to_be_read_and_frees_the_next_version() -> None:
    report = verbs.publish_report(None, make_full())
    draft = verbs.new_version(None, report)
    with pytest.raises(Refused, match="已有草稿"):
        verbs.new_version(None, report)
    verbs.discard_report(None, draft)
    again = verbs.new_version(None, report)
    assert again.version == 3
    with pytest.raises(Refused):
        verbs.new_version(None, draft)


def test_every_state_moves_only_as_the_table_says() -> None:
    allowed_moves = {(a, b) for a, ends in REPORT_TRANSITIONS.items() for b in ends}
    assert allowed_moves == {("draft", "published"), ("draft", "discarded"), ("published", "superseded")}
    assert set(REPORT_TRANSITIONS) == set(State.values)


def test_when_the_ledger_fails_nothing_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    report = make_full()

    def broken(*_args: Any, **_options: Any) -> None:
        raise DatabaseError("no ledger")

    monkeypatch.setattr("langqiao.apps.insight.domain.reports.writing.record", broken)
    with pytest.raises(DatabaseError), transaction.atomic():
        verbs.publish_report(None, report)
    assert Report.objects.get(pk=report.pk).state == State.DRAFT
