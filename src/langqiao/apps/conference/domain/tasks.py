"""Verbs of tasks (督办任务): give, revise, report, cancel, remind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, BinaryIO, TypedDict, Unpack

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import Notification, User
from langqiao.apps.accounts.queries import members_of
from langqiao.apps.conference.domain.acts import keep_file, liaisons_of
from langqiao.apps.conference.models import OPEN_TASKS, TASK_TRANSITIONS, Progress, Resolution, Task
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.domain.acts import (
    TITLE_AT_MOST,
    assign,
    clean,
    clean_link,
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
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid

BODY_AT_MOST = 10_000
PROGRESS_AT_MOST = 5_000
# Days before the deadline on which owners are told; settings.CONFERENCE_REMIND_DAYS overrides it.
REMIND_DAYS = (7, 3, 1)
DAYS_AT_MOST = 365
State = Task.State


class TaskValues(TypedDict, total=False):
    """What a task says."""

    title: str
    body: str
    organisation: Organisation
    city: City | None
    responsible: str
    deadline: date
    code: str | None
    illustrative: bool


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = dict(source_values(values))
    if "title" in values:
        found["title"] = clean(values["title"], "title", most=TITLE_AT_MOST, lines=False)
    if "body" in values:
        found["body"] = clean(values["body"], "body", most=BODY_AT_MOST, required=False)
    if "responsible" in values:
        found["responsible"] = clean(
            values["responsible"], "responsible", most=80, lines=False, required=False
        )
    for name in ("organisation", "city", "deadline"):
        if name in values:
            found[name] = values[name]
    return found


@transaction.atomic
def give_task(
    actor: User | None, *, resolution: Resolution | None = None, **values: Unpack[TaskValues]
) -> Task:
    """Give a task (交办任务) to an organisation, from a resolution or standing alone.

    The city is the organisation's own unless given.

    Raises:
        NotAllowed: only the office may.
        Invalid: no title, organisation or deadline.
    """
    require(actor, "conference.run_task")
    given = _cleaned(values)
    for name in ("title", "organisation", "deadline"):
        if not given.get(name):
            raise Invalid(_("此项必填。"), mend=_("请填写后重试。"), field=name)
    given.setdefault("city", None)
    given["city"] = given["city"] or given["organisation"].city
    case = resolution.matter.case if resolution is not None else next_case()
    task = Task(resolution=resolution, case=case, created_by=actor)
    assign(task, given)
    task.save()
    entry = _enter(actor, "give_task", task, {"deadline": task.deadline.isoformat()})
    _tell(actor, task, _("新的督办任务“%(title)s”，%(day)s 前完成。"), entry)
    return task


@transaction.atomic
def revise_task(actor: User | None, task: Task, **values: Unpack[TaskValues]) -> Task:
    """Revise an open task (调整任务); its owner is told.

    Raises:
        NotAllowed: only the office may.
        Refused: it is done or cancelled.
        Invalid: a value is missing or wrong.
    """
    require(actor, "conference.run_task", task)
    lock(task)
    must_be_in(task, *[State(state) for state in OPEN_TASKS])
    given = _cleaned(values)
    for name in ("organisation", "deadline"):
        if name in given and not given[name]:
            raise Invalid(_("此项必填。"), mend=_("请填写后重试。"), field=name)
    changed = assign(task, given)
    if changed:
        task.save()
        entry = _enter(
            actor, "revise_task", task, {"changed": changed, "deadline": task.deadline.isoformat()}
        )
        _tell(actor, task, _("督办任务“%(title)s”有调整，%(day)s 前完成。"), entry)
    return task


@transaction.atomic
def report_progress(
    actor: User | None,
    task: Task,
    *,
    percent: int,
    text: str,
    address: str = "",
    file: BinaryIO | None = None,
    name: str = "",
) -> Progress:
    """Report progress (报送进展) in percent and words, with a file or an address as evidence.

    At 100 % the task is done; a lower figure later takes it up again.

    Raises:
        NotAllowed: the actor is not of the owner, nor the city's liaison, nor the office.
        Refused: the task is cancelled.
        Invalid: no text, a percentage out of range, a wrong address, or a file that is not taken.
    """
    require(actor, "conference.report_progress", task)
    lock(task)
    must_be_in(task, State.NOT_STARTED, State.UNDER_WAY, State.DONE)
    if not 0 <= percent <= 100:
        raise Invalid(_("完成比例须为 0 至 100。"), field="percent")
    progress = Progress(
        task=task,
        percent=percent,
        text=clean(text, "text", most=PROGRESS_AT_MOST),
        address=clean_link(address, "address"),
        by=actor,
    )
    state = State.DONE if percent == 100 else State.UNDER_WAY
    if state != task.state:
        move(task, state, TASK_TRANSITIONS)
    task.percent = percent
    task.done_on = timezone.localdate() if state == State.DONE else None
    task.save(update_fields=["state", "percent", "done_on", "updated_at"])
    if file is None:
        progress.save()
    else:
        keep_file(progress, file, name)
    try:
        entry = _enter(
            actor,
            "report_progress",
            task,
            {"progress": progress.pk, "percent": percent, "text_sm3": digest(progress.text)}
            | ({"file_sm3": progress.digest} if progress.file else {}),
        )
    except BaseException:
        if progress.file:
            progress.file.delete(save=False)
        raise
    if state == State.DONE:
        tell(
            {task.created_by} if task.created_by is not None else set(),
            _("督办任务“%(title)s”已完成。"),
            {"title": task.title},
            url=task.get_absolute_url(),
            event=f"ledger:{entry.sequence}",
            but=actor,
        )
    return progress


@transaction.atomic
def cancel_task(actor: User | None, task: Task, *, why: str) -> Task:
    """Cancel an open task (取消任务), with a reason.

    Raises:
        NotAllowed: only the office may.
        Refused: it is done or cancelled already.
        Invalid: no reason.
    """
    require(actor, "conference.run_task", task)
    lock(task)
    move(task, State.CANCELLED, TASK_TRANSITIONS)
    task.why = clean_reason(why)
    task.save(update_fields=["state", "why", "updated_at"])
    entry = _enter(actor, "cancel_task", task, {"why_sm3": digest(task.why)})
    _tell(actor, task, _("督办任务“%(title)s”已取消。"), entry)
    return task


@dataclass(slots=True)
class Reminders:
    """What :func:`remind` did: tasks told about before and after their deadlines, and people told."""

    before: int = 0
    after: int = 0
    people: int = 0


def remind_days() -> tuple[int, ...]:
    """Days before a deadline on which owners are told, the farthest first."""
    days: Sequence[int] = getattr(settings, "CONFERENCE_REMIND_DAYS", REMIND_DAYS)
    return tuple(sorted({int(day) for day in days if 0 < int(day) <= DAYS_AT_MOST}, reverse=True))


@transaction.atomic
def remind(actor: User | None, *, today: date | None = None) -> Reminders:
    """Remind owners of open tasks (任务提醒): 7, 3 and 1 days before the deadline and once after it.

    Run daily. A run that was missed is made up for by the next one, with the nearest reminder due. Each
    person hears each reminder once, however often this runs; a deadline that moves starts anew.

    Raises:
        NotAllowed: neither the office nor the console.
    """
    require(actor, "conference.remind")
    day = today or timezone.localdate()
    steps = remind_days()
    reach = day + timedelta(days=max(steps, default=0))
    done = Reminders()
    tasks = Task.objects.filter(state__in=OPEN_TASKS, deadline__lte=reach).select_related("organisation")
    for task in tasks.order_by("pk"):
        left = (task.deadline - day).days
        due = min((step for step in steps if step >= left), default=None)
        if left < 0:
            event, text = "after", _("督办任务“%(title)s”已逾期，期限为 %(day)s。")
        elif due is not None:
            event, text = f"before-{due}", _("督办任务“%(title)s”须在 %(day)s 前完成。")
        else:
            continue
        told = _remind(actor, task, text, f"conference.task:{task.pk}:{task.deadline}:{event}")
        done.people += told
        done.before += bool(told and left >= 0)
        done.after += bool(told and left < 0)
    return done


def _remind(actor: User | None, task: Task, text: object, event: str) -> int:
    users = owners(task)
    known = set(Notification.objects.filter(event=event, user__in=users).values_list("user_id", flat=True))
    fresh = {user for user in users if user.pk not in known}
    if fresh:
        words = {"title": task.title, "day": task.deadline}
        tell(fresh, text, words, url=task.get_absolute_url(), event=event)
        _enter(actor, "remind_task", task, {"event": event.rpartition(":")[2], "people": len(fresh)})
    return len(fresh)


def owners(task: Task) -> set[User]:
    """Who must see to a task: members of its organisation, and its city's liaisons."""
    return members_of([task.organisation_id]) | (liaisons_of({task.city_id}) if task.city_id else set())


def _tell(actor: User | None, task: Task, text: object, entry: Entry) -> None:
    tell(
        owners(task),
        text,
        {"title": task.title, "day": task.deadline},
        url=task.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )


def _enter(actor: User | None, verb: str, task: Task, data: Mapping[str, Any] | None = None) -> Entry:
    return enter(
        actor, verb, task, case=task.case, city=task.city_id, organisation=task.organisation, data=data
    )
