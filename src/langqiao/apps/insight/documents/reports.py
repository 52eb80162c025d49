"""A report as a document: DOCX for the office, one HTML file that prints on A4 by itself."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from langqiao.apps.insight.queries.reports_shown import ShownReport, ShownSection
from langqiao.kit.figures import day
from langqiao.kit.words import says_example

DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def as_html(shown: ShownReport) -> str:
    """One HTML file with its own style: no script, nothing fetched."""
    context = {
        "shown": shown,
        "report": shown.report,
        "head": head_of(shown),
        "appendix": [(one, about_section(one)) for one in shown.counted],
        "language": get_language() or "zh-hans",
    }
    return render_to_string("insight/report_document.html", context)


def as_docx(shown: ShownReport) -> bytes:
    """The report as DOCX."""
    from langqiao.kit.paper import Paper

    report = shown.report
    paper = Paper()
    mark = _("（示例）") if shown.is_illustrative and not says_example(report.title) else ""
    paper.heading(f"{report.title}{mark}", 0)
    paper.pairs(head_of(shown))
    if report.summary:
        paper.text(report.summary)
    for number, one in enumerate(shown.sections, start=1):
        paper.heading(f"{number}  {one.section.heading}")
        _section(paper, one)
    _appendix(paper, shown)
    return paper.bytes()


def head_of(shown: ShownReport) -> list[tuple[str, str]]:
    """What stands under the title."""
    report = shown.report
    rows = [
        (_("作者"), report.author),
        (_("机构"), report.organisation_name or report.organisation.name),
        (_("项目编号"), report.case),
        (_("版本"), _("第 %(n)d 版") % {"n": report.version}),
        (_("发布日期"), day(report.published_at) if report.published_at else _("草稿，未发布")),
    ]
    if report.document_digest:
        rows.append((_("全文摘要（SM3）"), report.document_digest))
    return rows


def _section(paper: Any, one: ShownSection) -> None:
    if one.method:
        paper.text(_("方法：%(method)s。%(summary)s") % {"method": one.method, "summary": one.summary})
    for paragraph in one.paragraphs:
        paper.text(paragraph)
    if one.values:
        paper.pairs(one.values)
    for table in one.tables:
        if table.title:
            paper.text(f"{table.title} {table.unit}".strip(), bold=True)
        size = 8.0 if len(table.heads) > 5 else None
        paper.table(["", *table.heads], [[label, *cells] for label, cells in table.rows], size=size)
    for warning in one.warnings:
        paper.text(_("注意：%(text)s") % {"text": warning})


def _appendix(paper: Any, shown: ShownReport) -> None:
    """Methods with parameters and references, every figure with its version and source, the sources."""
    if shown.counted:
        paper.heading(_("附录一  方法、参数与数据版本"))
    for one in shown.counted:
        paper.heading(one.section.heading, 2)
        paper.pairs(about_section(one))
        paper.table(
            [
                _("指标"),
                _("地区范围"),
                _("时期"),
                _("数值"),
                _("单位"),
                _("数据版本"),
                _("来源"),
            ],
            [[u.indicator, u.scope, u.period, u.value, u.unit, u.vintage, f"[{u.source}]"] for u in one.used],
            size=8.0,
        )
    if shown.sources:
        paper.heading(_("附录二  来源"))
    for source in shown.sources:
        told = [source.name, source.url, source.date]
        paper.text(f"[{source.number}] " + "  ".join(text for text in told if text))


def about_section(one: ShownSection) -> list[tuple[str, str]]:
    """How a section was worked out, as pairs."""
    rows = []
    if one.method:
        rows = [(_("方法"), one.method), *one.parameters, (_("文献"), one.reference)]
        if one.software:
            rows.append((_("软件"), one.software))
    rows.append((_("数据摘要（SM3）"), one.section.pinned_digest))
    if one.section.result:
        rows.append((_("结果摘要（SM3）"), one.section.result_digest))
    return rows
