"""Run again: the same figures on pinned data, other figures on newer data, and where they differ."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.insight.domain import reports as verbs
from langqiao.apps.insight.domain.reports.checking import check_again
from langqiao.apps.insight.domain.reports.comparing import compare
from langqiao.apps.insight.domain.reports.content import content
from langqiao.apps.insight.domain.reports.pinning import digest
from langqiao.apps.insight.domain.reports.writing import computed
from langqiao.apps.insight.models import Report, Section, Value
from langqiao.apps.insight.queries.reports import sections_of
from langqiao.apps.registry.models import City
from langqiao.engines.regional.methods import METHODS
from tests.factories.insight_reports import (
    choice,
    make_figures,
    make_full,
    make_method,
    make_report,
    make_table,
    make_value,
)

pytestmark = pytest.mark.django_db
# Methods on which a report can be built from the store alone, and the indicators they take.
SEVERAL = ("a", "b", "c", "d")
CHOSEN = {
    key: SEVERAL if method.needs.columns_min > 1 else ("a",)
    for key, method in METHODS.items()
    if not (method.needs.flows or method.needs.nation)
}
PARAMETERS = {"fusion": {"technology": ["a"], "industry": ["b"], "finance": ["c"], "talent": ["d"]}}


@pytest.mark.parametrize("method", sorted(CHOSEN))
def test_every_method_gives_the_same_figures_again_whatever_became_of_the_store(method: str) -> None:
    make_figures(*SEVERAL)
    report = make_report()
    section = make_method(
        report, method, choice=choice(method, *CHOSEN[method], parameters=PARAMETERS.get(method, {}))
    )
    before = json.dumps(Section.objects.get(pk=section.pk).result, sort_keys=True)
    published = verbs.publish_report(None, report)
    Value.objects.update(value=Decimal(1), withdrawn_at=timezone.now())
    City.objects.update(latitude=0.0, longitude=0.0, province="某省", name_en="Nowhere")
    held = Section.objects.get(pk=section.pk)
    (check,) = check_again([held])
    assert check.holds
    assert json.dumps(computed(held), sort_keys=True) == before
    assert published.figures_digest == Report.objects.get(pk=report.pk).figures_digest


def test_relatedness_with_the_provinces_as_the_nation_is_pinned_whole() -> None:
    make_figures(*SEVERAL)
    for number, province in enumerate(("上海", "江苏", "浙江", "安徽"), start=1):
        for place, indicator in enumerate(SEVERAL, start=1):
            make_value(
                province, number * place + (number - place) ** 2, scope_kind="province", indicator=indicator
            )
    report = make_report()
    section = make_method(report, "relatedness", choice=choice("relatedness", *SEVERAL, nation="provinces"))
    assert len(section.pinned["figures"]) == (5 + 4) * 4
    assert section.pinned["data"]["nation"]["rows"] == [
        f"province:{p}" for p in ("上海", "江苏", "浙江", "安徽")
    ]
    Value.objects.all().delete()
    assert check_again([Section.objects.get(pk=section.pk)])[0].holds


def test_who_alters_pinned_data_or_a_result_is_found_out() -> None:
    report = make_full()
    _text, table, method = sections_of(report)
    assert [check.holds for check in check_again([table, method])] == [True, True]
    pinned = json.loads(json.dumps(method.pinned))
    pinned["data"]["values"][0][0] += 1
    Section.objects.filter(pk=method.pk).update(pinned=pinned)
    (check,) = check_again([Section.objects.get(pk=method.pk)])
    assert (check.data_hold, check.figures_hold) == (False, False)
    pinned = json.loads(json.dumps(table.pinned))
    pinned["figures"][0]["value"] = "9"
    Section.objects.filter(pk=table.pk).update(pinned=pinned)
    (check,) = check_again([Section.objects.get(pk=table.pk)])
    assert (check.data_hold, check.holds) == (False, False)


def test_the_exported_document_proves_itself_without_the_site() -> None:
    """Whoever holds the JSON re-computes the digest that stands in the ledger."""
    report = verbs.publish_report(None, make_full())
    fresh = Report.objects.get(pk=report.pk)
    text = json.dumps(content(fresh, sections_of(fresh)), ensure_ascii=False, indent=1)
    assert digest(json.loads(text)) == report.document_digest


def test_newer_data_make_a_new_version_that_shows_each_figure_that_differs() -> None:
    report = verbs.publish_report(None, make_full())
    same = verbs.new_version(None, report)
    assert all(row.is_same for row in compare(sections_of(report), sections_of(same)))
    verbs.discard_report(None, same)
    make_value("suzhou", "24653.4", vintage="final", source_name="最终公报")
    draft = verbs.new_version(None, report)
    assert (draft.version, draft.previous_id, draft.case, draft.series) == (
        3, report.pk, report.case, report.series,
    )  # fmt: skip
    text, table, method = compare(sections_of(report), sections_of(draft))
    assert text.is_same
    (figure,) = table.differences
    assert (figure.what, figure.before, figure.after) == ("data", "23958", "24653.4")
    assert figure.vintages == ("unstated", "final")
    assert [pair[0] for pair in figure.where] == ["示例指标 gdp", "苏州", "2022"]
    kinds = {one.what for one in method.differences}
    assert kinds >= {"data", "value"}
    totals = next(one for one in method.differences if one.what == "value" and one.where[0][0] == "总差异")
    assert totals.before != totals.after
    # The published one is untouched until the draft is published, then it is superseded.
    assert Report.objects.get(pk=report.pk).state == "published"
    verbs.publish_report(None, draft)
    old = Report.objects.get(pk=report.pk)
    assert (old.state, Report.objects.get(pk=draft.pk).state) == ("superseded", "published")
    assert all(check.holds for check in check_again(sections_of(old)))


def test_added_and_removed_sections_and_changed_words_are_told() -> None:
    report = verbs.publish_report(None, make_full())
    draft = verbs.new_version(None, report)
    text, table, _method = sections_of(draft)
    verbs.revise_section(None, text, heading=text.heading, text="改写。")
    verbs.remove_section(None, table)
    added = make_table(draft)
    rows = {row.section.key: row for row in compare(sections_of(report), sections_of(draft))}
    assert rows[text.key].words == ("text",)
    assert rows[added.key].before is None
    assert rows[table.key].after is None
    assert not rows[table.key].is_same


def test_refreshing_a_draft_says_how_many_sections_changed() -> None:
    report = make_full()
    assert verbs.refresh_report(None, report) == 0
    make_value("hefei", 13_000, vintage="final")
    assert verbs.refresh_report(None, report) == 2


def test_figures_that_are_gone_keep_the_new_version_from_being_made() -> None:
    report = verbs.publish_report(None, make_full())
    Value.objects.update(withdrawn_at=timezone.now())
    with pytest.raises(Exception, match="指标"):
        verbs.new_version(None, report)
    assert Report.objects.count() == 1


def test_cells_keep_twelve_digits_so_that_other_arithmetic_gives_the_same() -> None:
    make_figures("a", "b")
    section: Any = make_method(
        make_report(), "location_quotient", choice=choice("location_quotient", "a", "b")
    )
    cells = [cell for row in section.result["tables"][0]["cells"] for cell in row]
    assert cells
    assert all(float(f"{cell:.12g}") == cell for cell in cells)
