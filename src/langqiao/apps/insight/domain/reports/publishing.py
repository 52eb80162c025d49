"""Publishing (发布): figures are run again, digests go into the ledger, the version before is superseded."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from langqiao.apps.insight.domain.reports.checking import check_again
from langqiao.apps.insight.domain.reports.content import document_digest, figures_digest
from langqiao.apps.insight.domain.reports.writing import enter, refresh, writable
from langqiao.apps.insight.models.reports import REPORT_TRANSITIONS, Report, Section
from langqiao.apps.ledger.models import Visibility
from langqiao.apps.registry.signals import acted
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Refused


def _move(report: Report, state: str) -> None:
    if state not in REPORT_TRANSITIONS[report.state]:
        raise Refused(
            _("报告的状态是“%(state)s”，不能这样做。") % {"state": report.get_state_display()},
            mend=_("请刷新页面再看。"),
        )
    report.state = state


@transaction.atomic
def publish_report(actor: Any, report: Report) -> Report:
    """Publish a draft (发布研究报告): it can be read by everybody and never changes again.

    Every section is run again on its pinned data first; the digests of figures and document go into the
    ledger. A version that was published before is superseded in the same transaction.

    Raises:
        NotAllowed: the actor may not publish for the organisation.
        Refused: the report is no draft or empty, or a section does not give the same figures again.
    """
    require(actor, "insight.publish_report", report)
    report = writable(actor, report)
    sections = list(report.sections.order_by("order", "pk"))
    if not sections:
        raise Refused(_("报告还没有内容。"), mend=_("请先添加章节。"))
    for check in check_again(sections):
        if not check.holds:
            raise Refused(
                _("“%(section)s”在固定的数据上重算，得不到相同的数字。") % {"section": check.section.heading},
                mend=_("请打开该节重新保存，再发布。"),
            )
    report.published_at = timezone.now()
    report.organisation_name = report.organisation.name
    report.figures_digest = figures_digest(sections)
    report.document_digest = document_digest(report, sections)
    if report.previous_id is not None:
        _supersede(actor, report.previous_id, by=report.version)
    _move(report, Report.State.PUBLISHED)
    report.save()
    told = {
        "version": report.version,
        "figures_sm3": report.figures_digest,
        "document_sm3": report.document_digest,
        "sections": len(sections),
        "figures": sum(len(section.pinned.get("figures", [])) for section in sections),
    }
    enter(actor, report, "publish_report", told, visibility=Visibility.PUBLIC)
    acted.send(Report, actor=actor, verb="publish_report", object=report)
    return report


def _supersede(actor: Any, pk: int, *, by: int) -> None:
    earlier = Report.objects.select_for_update().select_related("organisation").get(pk=pk)
    _move(earlier, Report.State.SUPERSEDED)
    earlier.save(update_fields=["state", "updated_at"])
    told = {"version": earlier.version, "by": by}
    enter(actor, earlier, "supersede_report", told, visibility=Visibility.PUBLIC)


@transaction.atomic
def new_version(actor: Any, report: Report) -> Report:
    """Begin the next version (新建一版) of a published report, its data brought up to date.

    Raises:
        NotAllowed: the actor does not write for its organisation.
        Refused: the report is not the published one, or a draft of the next version is there already.
        Invalid: data that a section uses are no longer there.
    """
    require(actor, "insight.write_report", report)
    report = Report.objects.select_for_update().select_related("organisation").get(pk=report.pk)
    if report.state != Report.State.PUBLISHED:
        raise Refused(_("只能从已发布的最新一版新建。"), mend=_("请打开最新一版再试。"))
    if Report.objects.filter(series=report.series, state=Report.State.DRAFT).exists():
        raise Refused(_("下一版已有草稿。"), mend=_("请在那份草稿上继续。"))
    # A number that a discarded draft bore is not given out again.
    last = Report.objects.filter(series=report.series).order_by("-version").values_list("version", flat=True)
    draft = Report.objects.create(
        series=report.series,
        version=last[0] + 1,
        previous=report,
        case=report.case,
        title=report.title,
        summary=report.summary,
        author=report.author,
        organisation=report.organisation,
        illustrative=report.illustrative,
        created_by=actor if getattr(actor, "is_authenticated", False) else None,
    )
    kept = ("key", "order", "kind", "heading", "text", "choice", "pinned",
            "pinned_digest", "pinned_at", "result", "result_digest")  # fmt: skip
    for section in report.sections.order_by("order", "pk"):
        Section.objects.create(report=draft, **{name: getattr(section, name) for name in kept})
    changed = refresh(draft)
    enter(actor, draft, "draft_report", {"version": draft.version, "changed": changed})
    return draft


@transaction.atomic
def discard_report(actor: Any, report: Report) -> Report:
    """Give a draft up (作废); it stays to be read by its organisation.

    Raises:
        NotAllowed: the actor does not write for its organisation.
        Refused: the report is no draft.
    """
    report = writable(actor, report)
    _move(report, Report.State.DISCARDED)
    report.save(update_fields=["state", "updated_at"])
    enter(actor, report, "discard_report", {"version": report.version})
    return report
