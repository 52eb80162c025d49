"""REST API of reports: the same reads, verbs and rules as the pages.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from datetime import datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from ninja import PatchDict, Query, Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field as Bound

from langqiao.apps.insight.domain import reports as verbs
from langqiao.apps.insight.domain.reports.checking import check_again
from langqiao.apps.insight.domain.reports.comparing import compare
from langqiao.apps.insight.domain.reports.content import content
from langqiao.apps.insight.domain.reports.writing import SUMMARY_AT_MOST, TEXT_AT_MOST, TITLE_AT_MOST
from langqiao.apps.insight.models.reports import Report, Section
from langqiao.apps.insight.queries.reports import sections_of, visible_reports
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import Organisation
from langqiao.kit.api import Paged
from langqiao.kit.refusals import Invalid
from langqiao.kit.throttle import throttle

router = Router(tags=["reports"])
Title = Annotated[str, Bound(min_length=1, max_length=TITLE_AT_MOST)]
Summary = Annotated[str, Bound(max_length=SUMMARY_AT_MOST)]
Text = Annotated[str, Bound(max_length=TEXT_AT_MOST)]
Key = Annotated[int, Bound(ge=1, lt=2**63)]


class ReportNarrow(Schema):
    """Filters of the list."""

    q: Annotated[str, Bound(max_length=200)] = ""
    state: Report.State | None = None


class ReportIn(Schema):
    """A new report; the organisation by code or full name."""

    organisation: Annotated[str, Bound(min_length=1, max_length=200)]
    title: Title
    author: Title
    summary: Summary = ""


class ReportPatch(Schema):
    """What of the head may change."""

    title: Title
    author: Title
    summary: Summary


class ReportOut(Schema):
    """A report of the list."""

    id: int
    url: str
    case: str
    series: str
    version: int
    title: str
    author: str
    organisation: str
    state: Report.State
    published_at: datetime | None = None
    figures_digest: str
    document_digest: str
    illustrative: bool

    @staticmethod
    def resolve_url(report: Report) -> str:
        """Address of the page."""
        return report.get_absolute_url()

    @staticmethod
    def resolve_series(report: Report) -> str:
        """What ties the versions together."""
        return str(report.series)

    @staticmethod
    def resolve_organisation(report: Report) -> str:
        """Name of the organisation that wrote it."""
        return report.organisation_name or report.organisation.name


class ReportSectionIn(Schema):
    """A section; ``choice`` as for running a method: method, indicators, scopes, periods, parameters."""

    kind: Section.Kind
    heading: Title
    text: Text = ""
    choice: dict[str, Any] | None = None


class ReportSectionPatch(Schema):
    """A section as it is to be."""

    heading: Title
    text: Text = ""
    choice: dict[str, Any] | None = None


class ReportSectionOut(Schema):
    """A section with its pinned data and result."""

    id: int
    key: str
    kind: Section.Kind
    heading: str
    text: str
    choice: dict[str, Any]
    pinned: dict[str, Any]
    pinned_digest: str
    result: dict[str, Any]
    result_digest: str

    @staticmethod
    def resolve_key(section: Section) -> str:
        """The same in every version."""
        return str(section.key)


class ReportCheckOut(Schema):
    """A section run again on its pinned data."""

    section: str
    data_hold: bool
    figures_hold: bool
    data_sm3: str
    figures_sm3: str


class ReportDifferenceOut(Schema):
    """A figure that differs between two versions; ``where`` as pairs of Chinese and English."""

    section: str
    what: str
    where: list[list[str]]
    before: Any = None
    after: Any = None


def _actor(request: HttpRequest) -> Any:
    """Who acts, for a verb; the rule refuses a stranger."""
    return request.user


def _report(request: HttpRequest, pk: int) -> Report:
    """A report the caller may read; who may not need not know that it exists."""
    return get_object_or_404(visible_reports(request.user), pk=pk)


def _section(request: HttpRequest, pk: int) -> Section:
    section = get_object_or_404(Section.objects.select_related("report__organisation"), pk=pk)
    _report(request, section.report_id)
    return section


def _organisation(text: str) -> Organisation:
    found = Lookups().organisation(text.replace("\0", ""))
    if found is None:
        raise Invalid(_("没有这个机构。"), mend=_("请填写机构的编号或全称。"), field="organisation")
    return found


@router.get("/reports", response=list[ReportOut], operation_id="list_reports")
@paginate(Paged)
def list_reports(request: HttpRequest, narrow: Query[ReportNarrow]) -> QuerySet[Report]:
    """Reports the caller may read, newest first."""
    rows = visible_reports(request.user)
    for word in narrow.q.replace("\0", "").split()[:8]:
        rows = rows.filter(title__icontains=word) | rows.filter(summary__icontains=word)
    if narrow.state is not None:
        rows = rows.filter(state=narrow.state)
    return rows.order_by("-published_at", "-pk")


@router.post("/reports", response={201: ReportOut}, operation_id="draft_report")
def draft_report(request: HttpRequest, values: ReportIn) -> Any:
    """Begin a report."""
    given = values.dict()
    organisation = _organisation(given.pop("organisation"))
    return Status(201, verbs.draft_report(_actor(request), organisation=organisation, **given))


@router.get("/reports/{int:pk}", response=dict[str, Any], operation_id="get_report")
def get_report(request: HttpRequest, pk: Key) -> Any:
    """One report with all sections, their data and results, as its digests cover it."""
    report = _report(request, pk)
    digests = {"figures_sm3": report.figures_digest, "document_sm3": report.document_digest}
    return {"id": report.pk, "state": report.state, **digests, **content(report, sections_of(report))}


@router.patch("/reports/{int:pk}", response=ReportOut, operation_id="revise_report")
def revise_report(request: HttpRequest, pk: Key, values: PatchDict[ReportPatch]) -> Any:
    """Change the head of a draft."""
    return verbs.revise_report(_actor(request), _report(request, pk), **dict(values))


@router.post(
    "/reports/{int:pk}/sections", response={201: ReportSectionOut}, operation_id="add_report_section"
)
def add_report_section(request: HttpRequest, pk: Key, values: ReportSectionIn) -> Any:
    """Add a section to a draft; its data are pinned and its method run."""
    throttle(request, "match")
    return Status(201, verbs.add_section(_actor(request), _report(request, pk), **values.dict()))


@router.put("/reports/sections/{int:pk}", response=ReportSectionOut, operation_id="revise_report_section")
def revise_report_section(request: HttpRequest, pk: Key, values: ReportSectionPatch) -> Any:
    """Change a section of a draft."""
    throttle(request, "match")
    return verbs.revise_section(_actor(request), _section(request, pk), **values.dict())


@router.delete("/reports/sections/{int:pk}", response={204: None}, operation_id="remove_report_section")
def remove_report_section(request: HttpRequest, pk: Key) -> Any:
    """Take a section out of a draft."""
    verbs.remove_section(_actor(request), _section(request, pk))
    return Status(204, None)


@router.post("/reports/{int:pk}/act/{act}", response=ReportOut, operation_id="step_report")
def step_report(request: HttpRequest, pk: Key, act: Annotated[str, Bound(max_length=20)]) -> Any:
    """``publish``, ``refresh`` or ``discard`` a draft, or begin the next ``version``, which is returned."""
    report = _report(request, pk)
    throttle(request, "match")
    if act == "publish":
        return verbs.publish_report(_actor(request), report)
    if act == "discard":
        return verbs.discard_report(_actor(request), report)
    if act == "version":
        return verbs.new_version(_actor(request), report)
    if act == "refresh":
        verbs.refresh_report(_actor(request), report)
        return _report(request, pk)
    raise Http404


@router.get("/reports/{int:pk}/rerun", response=list[ReportCheckOut], operation_id="rerun_report")
def rerun_report(request: HttpRequest, pk: Key) -> Any:
    """Run every section again on its pinned data: whether data and figures are those of the report."""
    throttle(request, "match")
    return [
        {
            "section": str(check.section.key),
            "data_hold": check.data_hold,
            "figures_hold": check.figures_hold,
            "data_sm3": check.data_sm3,
            "figures_sm3": check.figures_sm3,
        }
        for check in check_again(sections_of(_report(request, pk)))
    ]


@router.get(
    "/reports/{int:pk}/compare/{int:other}",
    response=list[ReportDifferenceOut],
    operation_id="compare_reports",
)
def compare_reports(request: HttpRequest, pk: Key, other: Key) -> Any:
    """Figures that differ between two versions of a report."""
    before, after = _report(request, pk), _report(request, other)
    if before.series != after.series:
        raise Http404
    return [
        {
            "section": str(row.section.key),
            "what": one.what,
            "where": [list(pair) for pair in one.where],
            "before": one.before,
            "after": one.after,
        }
        for row in compare(sections_of(before), sections_of(after))
        for one in row.differences
    ]
