"""Verbs of public notices (张榜公示): draft, publish, object, handle, end, withdraw.

The period is counted in working days, Monday to Friday, first and last day included. Public holidays
are not known here: over a holiday the office chooses a later last day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.accounts.queries import organisation_ids
from langqiao.apps.conference.domain.acts import keep_file, office_users
from langqiao.apps.conference.models import NOTICE_TRANSITIONS, OBJECTION_TRANSITIONS, Notice, Objection
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.domain.acts import (
    TEXT_AT_MOST,
    TITLE_AT_MOST,
    assign,
    clean,
    clean_reason,
    digest,
    enter,
    lock,
    move,
    must_be_in,
    source_values,
)
from langqiao.apps.registry.domain.cases import next_case
from langqiao.apps.registry.models import City, Organisation
from langqiao.apps.registry.signals import notice_ended
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

# Working days a notice stands at least; settings.CONFERENCE_NOTICE_DAYS overrides it.
NOTICE_DAYS = 5
DAYS_AT_MOST = 60
ROWS_AT_MOST = 2_000
COLUMNS_AT_MOST = 12
CELL_AT_MOST = 500
REASON_AT_MOST = 5_000
OBJECTIONS_AT_MOST = 20  # of one person against one notice
State = Notice.State


def notice_days() -> int:
    """Working days a notice stands at least, unless the notice says otherwise."""
    return int(getattr(settings, "CONFERENCE_NOTICE_DAYS", NOTICE_DAYS))


def is_working_day(day: date) -> bool:
    """Monday to Friday."""
    return day.weekday() < 5


def working_days(first: date, last: date) -> int:
    """Working days from ``first`` to ``last``, both included."""
    return sum(is_working_day(first + timedelta(days=n)) for n in range((last - first).days + 1))


def last_working_day(first: date, days: int) -> date:
    """The earliest day on which ``days`` working days have passed, ``first`` included."""
    day, left = first, days
    while True:
        left -= is_working_day(day)
        if left <= 0:
            return day
        day += timedelta(days=1)


def _rows(rows: object) -> list[dict[str, str]]:
    """A table of texts: rows that share their columns.

    Raises:
        Invalid: it is none, or too large.
    """
    if not isinstance(rows, Sequence) or isinstance(rows, str) or len(rows) > ROWS_AT_MOST:
        raise Invalid(_("名单须为不超过 2000 行的表格。"), field="rows")
    found: list[dict[str, str]] = []
    for row in rows:
        if not isinstance(row, Mapping) or not 0 < len(row) <= COLUMNS_AT_MOST:
            raise Invalid(_("名单每行须为 1 至 12 列。"), field="rows")
        found.append(
            {
                clean(name, "rows", most=60, lines=False): clean(
                    value, "rows", most=CELL_AT_MOST, lines=False, required=False
                )
                for name, value in row.items()
            }
        )
    if any(list(row) != list(found[0]) for row in found):
        raise Invalid(_("名单各行的列须一致。"), field="rows")
    return found


def _days(days: int | None) -> int:
    wanted = notice_days() if days is None else days
    if not 1 <= wanted <= DAYS_AT_MOST:
        raise Invalid(_("公示期须为 1 至 60 个工作日。"), field="days")
    return wanted


@transaction.atomic
def draft_notice(
    actor: User | None,
    *,
    title: str,
    body: str,
    rows: object = (),
    days: int | None = None,
    city: City | None = None,
    subject: str = "",
    case: str = "",
    **source: Any,
) -> Notice:
    """Draft a notice (起草公示).

    Args:
        rows: dictionaries of text with the same keys, shown as a table.
        days: working days it stands at least.
        subject: what another app announces; while its notice is public it is the same notice.
        source: ``code``, ``illustrative``, ``source_name``, ``source_url``, ``source_date``.

    Raises:
        NotAllowed: only the office may.
        Invalid: no title or body, a table that is none, a period out of range.
    """
    require(actor, "conference.run_notice")
    if subject:
        standing = (State.DRAFT, State.PUBLISHED)
        known = Notice.objects.select_for_update().filter(subject=subject, state__in=standing).first()
        if known is not None:
            return known
    notice = Notice(
        title=clean(title, "title", most=TITLE_AT_MOST, lines=False),
        body=clean(body, "body", most=TEXT_AT_MOST),
        rows=_rows(rows),
        days=_days(days),
        city=city,
        subject=clean(subject, "subject", most=120, lines=False, required=False),
        case=clean(case, "case", most=40, lines=False, required=False),
        created_by=actor,
    )
    assign(notice, source_values(source))
    notice.case = notice.case or next_case()
    notice.save()
    _enter(actor, "draft_notice", notice, {"body_sm3": digest(notice.body)}, public=False)
    return notice


@transaction.atomic
def revise_notice(
    actor: User | None, notice: Notice, *, title: str, body: str, rows: object, days: int | None = None
) -> Notice:
    """Revise a draft (修改公示稿); what is public is never changed, only withdrawn.

    Raises:
        NotAllowed: only the office may.
        Refused: it is public.
        Invalid: a value is missing or wrong.
    """
    require(actor, "conference.run_notice", notice)
    lock(notice)
    must_be_in(notice, State.DRAFT)
    values = {
        "title": clean(title, "title", most=TITLE_AT_MOST, lines=False),
        "body": clean(body, "body", most=TEXT_AT_MOST),
        "rows": _rows(rows),
        "days": _days(days),
    }
    changed = assign(notice, values)
    if changed:
        notice.save()
        _enter(
            actor,
            "revise_notice",
            notice,
            {"changed": changed, "body_sm3": digest(notice.body)},
            public=False,
        )
    return notice


@transaction.atomic
def publish_notice(actor: User | None, notice: Notice, *, last_day: date | None = None) -> Notice:
    """Publish a notice (张榜公示) from today to its last day.

    Args:
        last_day: the last day, inclusive; by default the earliest that leaves enough working days.

    Raises:
        NotAllowed: only the office may.
        Refused: it is no draft.
        Invalid: the last day leaves too few working days.
    """
    require(actor, "conference.run_notice", notice)
    lock(notice)
    move(notice, State.PUBLISHED, NOTICE_TRANSITIONS)
    notice.starts_on = timezone.localdate()
    earliest = last_working_day(notice.starts_on, notice.days)
    notice.last_day = last_day or earliest
    if notice.last_day < earliest or (notice.last_day - notice.starts_on).days > 366:
        raise Invalid(
            _("公示期不足 %(days)s 个工作日，或超过一年。") % {"days": notice.days},
            mend=_("截止日最早为 %(day)s；遇法定节假日请顺延。") % {"day": earliest},
            field="last_day",
        )
    notice.save()
    _enter(
        actor,
        "publish_notice",
        notice,
        {
            "title": notice.title,
            "body_sm3": digest(notice.body),
            "rows": len(notice.rows),
            "rows_sm3": digest("\n".join("\t".join(row.values()) for row in notice.rows)),
            "from": notice.starts_on.isoformat(),
            "to": notice.last_day.isoformat(),
            "illustrative": notice.illustrative,
        },
    )
    return notice


@transaction.atomic
def object_to_notice(
    actor: User,
    notice: Notice,
    *,
    name: str,
    organisation_name: str,
    reason: str,
    file: BinaryIO | None = None,
    file_name: str = "",
) -> Objection:
    """Object to a notice (提出异议) under one's name, with the reason and, if wanted, evidence.

    Raises:
        NotAllowed: nobody is signed in, or the period is over.
        Refused: the notice is not public any more.
        Invalid: name, organisation or reason is missing, or a file that is not taken.
    """
    require(actor, "conference.object", notice)
    lock(notice)
    must_be_in(notice, State.PUBLISHED)
    if notice.objections.filter(author=actor).count() >= OBJECTIONS_AT_MOST:
        raise Refused(_("您对本公示提出的异议过多。"), mend=_("请等待处理。"))
    organisation_text = clean(organisation_name, "organisation_name", most=200, lines=False)
    own = Organisation.objects.filter(pk__in=organisation_ids(actor), name=organisation_text).first()
    objection = Objection(
        notice=notice,
        author=actor,
        author_name=clean(name, "name", most=80, lines=False),
        organisation=own,
        organisation_name=organisation_text,
        reason=clean(reason, "reason", most=REASON_AT_MOST),
    )
    if file is None:
        objection.save()
    else:
        keep_file(objection, file, file_name)
    try:
        entry = _enter_objection(
            actor,
            "object_to_notice",
            objection,
            {"reason_sm3": digest(objection.reason)}
            | ({"file_sm3": objection.digest} if objection.file else {}),
        )
    except BaseException:
        if objection.file:
            objection.file.delete(save=False)
        raise
    tell(
        office_users(),
        _("公示“%(title)s”收到异议。"),
        {"title": notice.title},
        url=notice.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )
    return objection


@transaction.atomic
def handle_objection(actor: User | None, objection: Objection, *, upheld: bool, answer: str) -> Objection:
    """Handle an objection (处理异议): upheld or not, with an answer that the objector is told of.

    Raises:
        NotAllowed: only the office may.
        Refused: it is handled already, or the notice is over.
        Invalid: no answer.
    """
    require(actor, "conference.handle_objection", objection)
    notice = objection.notice
    lock(notice)
    must_be_in(notice, State.PUBLISHED)
    lock(objection)
    move(
        objection,
        Objection.State.UPHELD if upheld else Objection.State.REJECTED,
        OBJECTION_TRANSITIONS,
    )
    objection.answer = clean(answer, "answer", most=REASON_AT_MOST)
    objection.handled_at = timezone.now()
    objection.save(update_fields=["state", "answer", "handled_at"])
    entry = _enter_objection(
        actor,
        "handle_objection",
        objection,
        {"state": objection.state, "answer_sm3": digest(objection.answer)},
    )
    tell(
        {objection.author},
        _("您对公示“%(title)s”的异议已有答复。"),
        {"title": notice.title},
        url=notice.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )
    return objection


@transaction.atomic
def end_notice(actor: User | None, notice: Notice, *, today: date | None = None) -> Notice:
    """End a notice (公示结束) after its last day, once every objection is handled.

    The app that announced it is told which objections were upheld.

    Args:
        today: for the console and tests; by default the day in Beijing.

    Raises:
        NotAllowed: only the office may.
        Refused: it is not public, its last day is not over, or an objection waits.
    """
    require(actor, "conference.run_notice", notice)
    lock(notice)
    move(notice, State.ENDED, NOTICE_TRANSITIONS)
    day = today or timezone.localdate()
    assert notice.last_day is not None  # published
    if day <= notice.last_day:
        raise Refused(
            _("公示到 %(day)s 截止，当日仍可提出异议。") % {"day": notice.last_day},
            mend=_("请在次日以后结束公示。"),
        )
    waiting = notice.objections.filter(state=Objection.State.RECEIVED).count()
    if waiting:
        raise Refused(_("还有 %(count)s 条异议没有处理。") % {"count": waiting}, mend=_("请先逐条答复。"))
    notice.ended_on = day
    notice.save(update_fields=["state", "ended_on", "updated_at"])
    upheld = list(notice.objections.filter(state=Objection.State.UPHELD).values_list("reason", flat=True))
    _enter(
        actor,
        "end_notice",
        notice,
        {"objections": notice.objections.count(), "upheld": len(upheld)},
    )
    if notice.subject:
        notice_ended.send(
            sender=Notice,
            actor=actor,
            subject=notice.subject,
            upheld=upheld,
            url=notice.get_absolute_url(),
        )
    return notice


@transaction.atomic
def withdraw_notice(actor: User | None, notice: Notice, *, why: str) -> Notice:
    """Withdraw a notice (撤回公示); the reason is public where the notice was.

    Raises:
        NotAllowed: only the office may.
        Refused: it has ended.
        Invalid: no reason.
    """
    require(actor, "conference.run_notice", notice)
    lock(notice)
    move(notice, State.WITHDRAWN, NOTICE_TRANSITIONS)
    notice.why = clean_reason(why)
    notice.save(update_fields=["state", "why", "updated_at"])
    public = notice.starts_on is not None
    entry = _enter(actor, "withdraw_notice", notice, {"why": notice.why} if public else {}, public=public)
    tell(
        {objection.author for objection in notice.objections.select_related("author")},
        _("公示“%(title)s”已撤回。"),
        {"title": notice.title},
        url=notice.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )
    return notice


def _enter(
    actor: User | None, verb: str, notice: Notice, data: Mapping[str, Any], *, public: bool = True
) -> Entry:
    return enter(actor, verb, notice, case=notice.case, city=notice.city_id, data=data, public=public)


def _enter_objection(actor: User | None, verb: str, objection: Objection, data: Mapping[str, Any]) -> Entry:
    # For the office and the objector; the organisation would name the objector to others in the case.
    return enter(actor, verb, objection, case=objection.notice.case, data=data)
