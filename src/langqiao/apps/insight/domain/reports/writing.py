"""Writing a draft: the report's head, its sections, and bringing their data up to date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from langqiao.apps.insight.domain.reports.pinning import digest, pin
from langqiao.apps.insight.domain.reports.running import result_digest, run_method
from langqiao.apps.insight.models.reports import Report, Section
from langqiao.apps.insight.queries.study import Selection
from langqiao.apps.ledger.domain import record
from langqiao.apps.ledger.models import Visibility
from langqiao.apps.registry.domain.acts import assign, clean
from langqiao.apps.registry.domain.cases import next_case
from langqiao.apps.registry.models import Organisation
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

TITLE_AT_MOST, SUMMARY_AT_MOST, TEXT_AT_MOST = 200, 4_000, 20_000
SECTIONS_AT_MOST = 60


@transaction.atomic
def draft_report(
    actor: Any,
    *,
    organisation: Organisation,
    title: str,
    author: str,
    summary: str = "",
    illustrative: bool = False,
) -> Report:
    """Begin a report (起草研究报告) for an organisation.

    Raises:
        NotAllowed: the actor does not write for it.
        Invalid: title or author is missing or too long.
    """
    require(actor, "insight.write_report", organisation)
    report = Report(
        case=next_case(),
        organisation=organisation,
        illustrative=illustrative,
        created_by=actor if getattr(actor, "is_authenticated", False) else None,
        **_head(title=title, author=author, summary=summary),
    )
    report.save()
    enter(actor, report, "draft_report", {"version": report.version})
    return report


@transaction.atomic
def revise_report(actor: Any, report: Report, **values: str) -> Report:
    """Change title, author or summary of a draft.

    Raises:
        NotAllowed, Invalid: as for drafting.
        Refused: the report is no draft.
    """
    report = writable(actor, report)
    held = {name: getattr(report, name) for name in ("title", "author", "summary")}
    changed = assign(report, _head(**{**held, **values}))
    if changed:
        report.save(update_fields=[*changed, "updated_at"])
        enter(actor, report, "revise_report", {"fields": changed})
    return report


def _head(**values: Any) -> dict[str, str]:
    return {
        "title": clean(values["title"], "title", most=TITLE_AT_MOST, lines=False),
        "author": clean(values["author"], "author", most=TITLE_AT_MOST, lines=False),
        "summary": clean(values["summary"], "summary", most=SUMMARY_AT_MOST, required=False),
    }


def writable(actor: Any, report: Report) -> Report:
    """The report, locked, if the actor may write it and it is a draft.

    Raises:
        NotAllowed: the actor does not write for its organisation.
        Refused: it is no draft.
    """
    require(actor, "insight.write_report", report)
    locked = Report.objects.select_for_update().select_related("organisation").get(pk=report.pk)
    if locked.state != Report.State.DRAFT:
        raise Refused(_("已发布的报告不能修改。"), mend=_("请新建一版，在新版中修改。"))
    return locked


def enter(actor: Any, report: Report, verb: str, data: Mapping[str, Any], **values: Any) -> Any:
    """Write an act on a report into the ledger; a draft's are for its organisation and the office."""
    return record(
        actor,
        verb,
        report,
        data=data,
        organisation=report.organisation,
        city=report.organisation.city_id or "",
        case=report.case,
        **{"visibility": Visibility.PARTIES, **values},
    )


# -- sections -----------------------------------------------------------------------------------


@transaction.atomic
def add_section(actor: Any, report: Report, *, kind: str, heading: str, **values: Any) -> Section:
    """Add a section at the end (添加章节); figures and results are pinned at once.

    Args:
        actor: who writes.
        report: the draft.
        kind: ``text``, ``figures`` or ``method``.
        heading: its heading.
        values: ``text``; for figures and methods ``choice``, what :class:`Selection` takes.

    Raises:
        NotAllowed, Refused: as for every change of a draft.
        Invalid: a value is missing or wrong, or the data do not hold what the method needs.
    """
    report = writable(actor, report)
    if kind not in Section.Kind.values:
        raise Invalid(_("请选择章节的类型。"), field="kind")
    if report.sections.count() >= SECTIONS_AT_MOST:
        raise Refused(_("一份报告最多 %(n)d 节。") % {"n": SECTIONS_AT_MOST})
    last = report.sections.aggregate(last=Max("order"))["last"] or 0
    section = Section(report=report, kind=kind, order=last + 1)
    _fill(section, heading=heading, **values)
    section.save()
    enter(actor, report, "revise_report", {"section": str(section.key), "act": "add"})
    return section


@transaction.atomic
def revise_section(actor: Any, section: Section, *, heading: str, **values: Any) -> Section:
    """Change a section; its figures are pinned anew.

    Raises:
        NotAllowed, Refused, Invalid: as for adding one.
    """
    report = writable(actor, section.report)
    section = report.sections.get(pk=section.pk)
    _fill(section, heading=heading, **values)
    section.save()
    enter(actor, report, "revise_report", {"section": str(section.key), "act": "revise"})
    return section


def _fill(section: Section, *, heading: str, text: str = "", choice: Mapping[str, Any] | None = None) -> None:
    section.heading = clean(heading, "heading", most=TITLE_AT_MOST, lines=False)
    section.text = clean(text, "text", most=TEXT_AT_MOST, required=section.kind == Section.Kind.TEXT)
    if section.kind == Section.Kind.TEXT:
        return
    selection = Selection.from_json(choice or {})
    if bool(selection.method) != (section.kind == Section.Kind.METHOD):
        raise Invalid(_("请选择方法。"), field="method")
    if not selection.method:  # nothing else says anything about a table of figures
        selection = replace(selection, parameters={}, flows="", nation="")
    section.choice = selection.to_json()
    pin_section(section)


def pin_section(section: Section) -> None:
    """Pin the section's data as they stand now, and run its method on them.

    Raises:
        Invalid: there are no figures, or not what the method needs.
    """
    section.pinned = pin(Selection.from_json(section.choice))
    section.pinned_digest = digest(section.pinned)
    section.pinned_at = timezone.now()
    section.result = computed(section)
    section.result_digest = result_digest(section.result)


def computed(section: Section) -> dict[str, Any]:
    """What the section's method gives on the data pinned in it; empty for a table of figures.

    Raises:
        Invalid: the pinned data do not hold what the method needs.
    """
    if section.kind != Section.Kind.METHOD:
        return {}
    return run_method(Selection.from_json(section.choice), section.pinned)


@transaction.atomic
def move_section(actor: Any, section: Section, *, up: bool) -> Section:
    """Move a section one place up or down; at the end it stays.

    Raises:
        NotAllowed, Refused: as for every change of a draft.
    """
    report = writable(actor, section.report)
    rows = list(report.sections.order_by("order", "pk"))
    at = next(place for place, row in enumerate(rows) if row.pk == section.pk)
    to = at - 1 if up else at + 1
    if 0 <= to < len(rows):
        rows[at], rows[to] = rows[to], rows[at]
        for order, row in enumerate(rows, start=1):
            if row.order != order:
                row.order = order
                row.save(update_fields=["order", "updated_at"])
        enter(actor, report, "revise_report", {"section": str(section.key), "act": "move"})
    return next(row for row in rows if row.pk == section.pk)


@transaction.atomic
def remove_section(actor: Any, section: Section) -> None:
    """Take a section out of a draft.

    Raises:
        NotAllowed, Refused: as for every change of a draft.
    """
    report = writable(actor, section.report)
    key = str(section.key)
    report.sections.filter(pk=section.pk).delete()
    enter(actor, report, "revise_report", {"section": key, "act": "remove"})


@transaction.atomic
def refresh_report(actor: Any, report: Report) -> int:
    """Pin every section of a draft to the newest data (更新数据); returns how many changed.

    Raises:
        NotAllowed, Refused: as for every change of a draft.
        Invalid: a section's data are no longer there; the message names it.
    """
    report = writable(actor, report)
    changed = refresh(report)
    enter(actor, report, "revise_report", {"act": "refresh", "changed": changed})
    return changed


def refresh(report: Report) -> int:
    """Pin all sections anew, whoever asks.

    Raises:
        Invalid: a section's data are no longer there; the message names it.
    """
    changed = 0
    for section in report.sections.exclude(kind=Section.Kind.TEXT):
        before = (section.pinned_digest, section.result_digest)
        try:
            pin_section(section)
        except Invalid as problem:
            why = _("“%(section)s”：%(why)s") % {"section": section.heading, "why": problem.why}
            raise Invalid(why, mend=problem.mend, field=problem.field) from problem
        section.save()
        changed += (section.pinned_digest, section.result_digest) != before
    return changed
