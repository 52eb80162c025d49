"""Pages, documents and API of reports."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.test import Client
from docx import Document

from langqiao.apps.accounts.models import User
from langqiao.apps.insight.domain import reports as verbs
from langqiao.apps.insight.models import Report, Section
from langqiao.apps.insight.queries.reports import sections_of
from tests.factories.insight_reports import (
    choice,
    make_figures,
    make_full,
    make_institute,
    make_report,
    make_table,
    make_text,
    make_value,
)

pytestmark = pytest.mark.django_db
LANGUAGES = pytest.mark.parametrize("language", ["zh-hans", "en"])


@pytest.fixture
def writer() -> User:
    return make_institute(name="示例研究院")[1]


def organisation_of(user: User) -> Any:
    return user.memberships.get().organisation


@pytest.fixture
def report(writer: User) -> Report:
    return make_full(writer, organisation_of(writer), title="示例：城市群差异", summary="摘要一句。")


@LANGUAGES
def test_a_published_report_is_read_by_everybody_with_sources_warnings_and_digests(
    client: Client, writer: User, report: Report, language: str
) -> None:
    make_value("suzhou", "24000", vintage="final", source_name="公报甲", source_url="https://example.org/a")
    verbs.refresh_report(writer, report)
    verbs.publish_report(writer, report)
    response = client.get(report.get_absolute_url(), headers={"accept-language": language})
    page = response.content.decode()
    assert response.status_code == 200
    revised = {"zh-hans": "24,000", "en": "2,400"}[language]  # CNY bn
    for text in ("示例：城市群差异", "摘要一句。", "第一段。", revised, "公报甲", "https://example.org/a"):
        assert text in page
    fresh = Report.objects.get(pk=report.pk)
    assert fresh.document_digest in page
    assert sections_of(fresh)[2].pinned_digest in page
    assert ("泰尔指数" if language == "zh-hans" else "Theil index") in page
    assert "/ledger/" in page


def test_strangers_do_not_know_of_drafts(client: Client, report: Report) -> None:
    section = sections_of(report)[0]
    for address in (
        report.get_absolute_url(), f"/insight/reports/{report.pk}/rerun/",
        f"/insight/reports/{report.pk}/report.docx", f"/insight/reports/{report.pk}/compare/{report.pk}/",
        f"/api/v1/reports/{report.pk}", f"/api/v1/reports/{report.pk}/rerun",
    ):  # fmt: skip
        assert client.get(address).status_code == 404, address
    assert report.title not in client.get("/insight/reports/").content.decode()
    assert client.get("/api/v1/reports").json()["total"] == 0
    other = make_institute()[1]
    client.force_login(other)
    for address in (f"/insight/reports/{report.pk}/edit/", f"/insight/reports/sections/{section.pk}/edit/"):
        assert client.get(address).status_code == 404
    for address in (
        f"/insight/reports/{report.pk}/act/publish/",
        f"/insight/reports/sections/{section.pk}/act/remove/",
    ):
        assert client.post(address).status_code == 404
    assert Report.objects.get(pk=report.pk).state == "draft"


@LANGUAGES
def test_the_list_costs_the_same_for_many(
    client: Client, django_assert_max_num_queries: Any, language: str
) -> None:
    for _ in range(6):
        verbs.publish_report(None, make_full())
    with django_assert_max_num_queries(12):
        page = client.get("/insight/reports/", headers={"accept-language": language}).content.decode()
    assert page.count("/insight/reports/") >= 6


def test_a_report_is_written_page_by_page_without_a_pointer(client: Client, writer: User) -> None:
    make_figures("gdp", "a")
    client.force_login(writer)
    assert "起草报告" in client.get("/insight/reports/").content.decode()
    made = client.post(
        "/insight/reports/new/",
        {"organisation": organisation_of(writer).pk, "title": "报告", "author": "作者", "summary": ""},
    )
    report = Report.objects.get()
    assert made["Location"] == f"/insight/reports/{report.pk}/edit/"
    new = f"/insight/reports/{report.pk}/sections/new/"
    assert client.get(new + "?kind=text").status_code == 200
    client.post(new + "?kind=text", {"heading": "背景", "text": "一句。"})
    given = choice("", "gdp", "a")
    del given["method"]
    client.post(new + "?kind=figures", {"heading": "指标", "text": "", "vintage": "best", **given})
    page = client.get(new + "?kind=method&method=coupling").content.decode()
    assert "耦合协调度" in page
    assert 'name="p_weighting"' in page
    bad = client.post(
        new + "?kind=method&method=coupling",
        {
            "heading": "耦合",
            "vintage": "best",
            **given,
            "indicators": ["gdp"],
            "p_form": "plain",
            "p_weighting": "equal",
        },
    )
    assert bad.status_code == 422
    assert "耦合协调度" in bad.content.decode()
    client.post(
        new + "?kind=method&method=coupling",
        {"heading": "耦合", "vintage": "best", **given, "p_form": "modified", "p_weighting": "entropy"},
    )
    text, table, method = sections_of(report)
    assert [s.kind for s in (text, table, method)] == ["text", "figures", "method"]
    assert method.choice["parameters"] == {"form": "modified", "weighting": "entropy", "falling": []}
    client.post(f"/insight/reports/sections/{method.pk}/act/up/")
    assert [s.pk for s in sections_of(report)] == [text.pk, method.pk, table.pk]
    edit = client.get(f"/insight/reports/{report.pk}/edit/").content.decode()
    assert "上移：耦合" in edit
    form = client.get(f"/insight/reports/sections/{method.pk}/edit/").content.decode()
    assert '<option value="modified" selected>' in form
    client.post(f"/insight/reports/sections/{text.pk}/edit/", {"heading": "背景二", "text": "改。"})
    assert Section.objects.get(pk=text.pk).text == "改。"
    client.post(f"/insight/reports/sections/{text.pk}/act/remove/")
    client.post(f"/insight/reports/{report.pk}/head/", {"title": "报告二", "author": "作者", "summary": "摘"})
    client.post(f"/insight/reports/{report.pk}/act/refresh/")
    published = client.post(f"/insight/reports/{report.pk}/act/publish/", follow=True).content.decode()
    assert "已发布" in published
    assert "报告二" in published
    assert client.get(f"/insight/reports/{report.pk}/edit/").status_code == 302
    for address in (new + "?kind=nonsense", new + "?kind=method&method=nonsense", new):
        assert client.get(address).status_code == 404
    assert client.post(f"/insight/reports/{report.pk}/act/nonsense/").status_code == 404


@LANGUAGES
def test_every_methods_form_opens(client: Client, writer: User, language: str) -> None:
    from langqiao.engines.regional.methods import METHODS

    make_figures()
    report = make_report(writer, organisation_of(writer))
    client.force_login(writer)
    for key in METHODS:
        address = f"/insight/reports/{report.pk}/sections/new/?kind=method&method={key}"
        assert client.get(address, headers={"accept-language": language}).status_code == 200


@LANGUAGES
def test_rerun_and_comparison_show_what_holds_and_what_differs(
    client: Client, writer: User, report: Report, language: str
) -> None:
    verbs.publish_report(writer, report)
    page = client.get(
        f"/insight/reports/{report.pk}/rerun/", headers={"accept-language": language}
    ).content.decode()
    assert "lq-tone-danger" not in page
    assert sections_of(report)[2].result_digest in page
    make_value("suzhou", "24653.4", vintage="final")
    client.force_login(writer)
    moved = client.post(f"/insight/reports/{report.pk}/act/version/")
    draft = Report.objects.get(version=2)
    assert moved["Location"] == f"/insight/reports/{report.pk}/compare/{draft.pk}/"
    page = client.get(moved["Location"], headers={"accept-language": language}).content.decode()
    before, after = {"zh-hans": ("23,958 亿元", "24,653.4 亿元"), "en": ("2,395.8 ", "2,465.34 ")}[language]
    assert before in page
    assert after in page
    turned = client.get(f"/insight/reports/{draft.pk}/compare/{report.pk}/")
    assert turned["Location"] == moved["Location"]
    other = make_report(writer, organisation_of(writer))
    assert client.get(f"/insight/reports/{report.pk}/compare/{other.pk}/").status_code == 404


@LANGUAGES
def test_the_docx_holds_head_sections_figures_parameters_and_sources(
    client: Client, writer: User, report: Report, language: str
) -> None:
    verbs.publish_report(writer, report)
    response = client.get(f"/insight/reports/{report.pk}/report.docx", headers={"accept-language": language})
    assert response["Content-Disposition"] == f'attachment; filename="{report.case}-v1.docx"'
    document = Document(io.BytesIO(response.content))
    texts = "\n".join(p.text for p in document.paragraphs)
    cells = "\n".join(cell.text for table in document.tables for row in table.rows for cell in row.cells)
    fresh = Report.objects.get(pk=report.pk)
    assert report.title in texts
    assert "第一段。" in texts
    assert "[1] 示例公报" in texts
    assert fresh.document_digest in cells
    assert {"zh-hans": "23,958", "en": "2,395.8"}[language] in cells
    assert sections_of(fresh)[2].result_digest in cells
    assert ("泰尔指数" if language == "zh-hans" else "Theil index") in texts


@LANGUAGES
def test_the_html_is_one_file_that_prints_by_itself(
    client: Client, writer: User, report: Report, language: str
) -> None:
    verbs.publish_report(writer, report)
    page = client.get(
        f"/insight/reports/{report.pk}/report.html", headers={"accept-language": language}
    ).content.decode()
    assert "@page { size: A4;" in page
    assert "<script" not in page
    assert 'src="' not in page
    assert {"zh-hans": "23,958", "en": "2,395.8"}[language] in page


def test_the_json_is_what_the_digest_covers(client: Client, writer: User, report: Report) -> None:
    from langqiao.apps.insight.domain.reports.pinning import digest

    verbs.publish_report(writer, report)
    held = client.get(f"/insight/reports/{report.pk}/report.json").json()
    assert digest(held) == Report.objects.get(pk=report.pk).document_digest
    assert client.get(f"/insight/reports/{report.pk}/report.pdf").status_code == 404


def test_the_api_writes_publishes_reruns_and_compares(client: Client, writer: User) -> None:
    make_figures()
    client.force_login(writer)
    client.handler.enforce_csrf_checks = False

    def post(address: str, body: Any = None) -> Any:
        return client.post(address, json.dumps(body or {}), content_type="application/json")

    made = post("/api/v1/reports", {"organisation": "示例研究院", "title": "报告", "author": "作者"})
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    added = post(
        f"/api/v1/reports/{pk}/sections", {"kind": "method", "heading": "差异", "choice": choice("theil")}
    )
    assert added.status_code == 201, added.content
    section = added.json()
    assert section["result"]["method"] == "theil"
    wrong = post(
        f"/api/v1/reports/{pk}/sections", {"kind": "method", "heading": "x", "choice": {"method": "x"}}
    )
    assert wrong.status_code == 422
    changed = client.put(
        f"/api/v1/reports/sections/{section['id']}",
        json.dumps({"heading": "差异二", "choice": choice("zipf")}), content_type="application/json",
    )  # fmt: skip
    assert changed.json()["result"]["method"] == "zipf"
    assert (
        client.patch(
            f"/api/v1/reports/{pk}", json.dumps({"title": "新"}), content_type="application/json"
        ).json()["title"]
        == "新"
    )
    published = post(f"/api/v1/reports/{pk}/act/publish").json()
    assert published["state"] == "published"
    held = client.get(f"/api/v1/reports/{pk}").json()
    assert held["document_sm3"] == published["document_digest"]
    assert [check["figures_hold"] for check in client.get(f"/api/v1/reports/{pk}/rerun").json()] == [True]
    make_value("hefei", 12999, vintage="final")
    draft = post(f"/api/v1/reports/{pk}/act/version").json()
    differences = client.get(f"/api/v1/reports/{pk}/compare/{draft['id']}").json()
    assert {one["what"] for one in differences} >= {"data", "value"}
    assert post(f"/api/v1/reports/{pk}/act/nonsense").status_code == 404
    assert post(f"/api/v1/reports/{pk}/act/publish").status_code == 409
    removed = client.delete(f"/api/v1/reports/sections/{section['id']}")
    assert removed.status_code == 409
    listed = client.get("/api/v1/reports?state=published").json()
    assert [one["id"] for one in listed["items"]] == [pk]


def test_a_figures_table_over_years_marks_what_is_missing(client: Client, writer: User) -> None:
    make_figures("gdp")
    make_value("suzhou", 24_000, period="2023")
    report = make_report(writer, organisation_of(writer))
    make_text(report, writer)
    make_table(report, writer, choice=choice(periods=["2022", "2023"]))
    client.force_login(writer)
    page = client.get(report.get_absolute_url()).content.decode()
    assert "24,000 [1]" in page
    assert "—" in page
    assert "缺数据" in page
