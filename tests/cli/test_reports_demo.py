"""The demo of reports: real shipped figures in two versions, and nothing new when loaded again."""

from __future__ import annotations

import pytest

from langqiao.apps.insight.domain.reports.checking import check_again
from langqiao.apps.insight.domain.reports.comparing import compare
from langqiao.apps.insight.models import Report
from langqiao.apps.insight.queries.reports import sections_of
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.corridor import read_corridor
from langqiao.apps.registry.models import City
from langqiao.cli import reports_demo


@pytest.mark.django_db
def test_the_demo_report_rests_on_the_shipped_figures_and_shows_a_revision() -> None:
    for order, city in enumerate(read_corridor().cities):
        City.objects.get_or_create(
            slug=city.slug,
            defaults={
                "name": city.name, "name_en": city.name_en, "province": city.province, "order": order,
                "division_code": city.division_code, "latitude": city.latitude, "longitude": city.longitude,
            },
        )  # fmt: skip
    report = reports_demo.load()
    assert (report.version, report.state, report.illustrative) == (2, "published", True)
    first = Report.objects.get(version=1)
    assert first.state == "superseded"
    sections = sections_of(report)
    assert all(check.holds for check in check_again([*sections, *sections_of(first)]))
    figures = {(one["scope"], one["period"]): one for one in sections[1].pinned["figures"]}
    assert figures["city:suzhou", "2022"]["value"] == "23958.3"
    assert ["gdp", "city:songjiang", "2022"] in sections[1].pinned["missing"]
    changed = [
        (one.where[1][0], one.before, one.after)
        for one in compare(sections_of(first), sections)[1].differences
    ]
    assert changed == [("金华", "5562.47", "5592.02")]
    entries = Entry.objects.count()
    assert reports_demo.load().pk == report.pk
    assert (Report.objects.count(), Entry.objects.count()) == (2, entries)
