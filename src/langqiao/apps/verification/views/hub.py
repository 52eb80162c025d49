"""What the page of a call says to the office: where it stands, what to do next, where the parts are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from langqiao.apps.verification.domain import layout, steps
from langqiao.apps.verification.domain.asking import ASKED, UPHELD, current
from langqiao.apps.verification.domain.calls import publish_fault
from langqiao.apps.verification.domain.results import adopted_choice
from langqiao.apps.verification.domain.screening import checks_late
from langqiao.apps.verification.models import (
    LIVE_REVIEWS,
    Application,
    ApplicationState,
    Call,
    CallState,
    Reviewer,
    ReviewState,
    RoundState,
    StepKind,
)
from langqiao.apps.verification.queries.calls import steps as chain_of
from langqiao.apps.verification.views.parts import Primary, address

# Pages of the set-up that mend columns of another name.
PART_OF = {
    "title": "basics", "guide": "basics", "closes_at": "basics", "opens_at": "basics", "places": "basics",
    "budget": "basics", "wanted_files": "files", "panel": "reviewing",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the line: ``done``, ``now``, ``next`` or ``off``; when it was done, or is planned."""

    label: Any
    state: str
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Now:
    """What the office does now; ``hindrance`` says what stands in the way of the next step."""

    title: Any
    text: Any = ""
    hindrance: Any = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A part of the call with a page of its own."""

    label: Any
    icon: str
    url: str
    note: Any = ""


def line(call: Call) -> list[Step]:
    """The call's own chain as a line, from the intake (征集) to its end."""
    published = call.published_at is not None
    intake = {CallState.DRAFT: "next", CallState.OPEN: "now"}.get(CallState(call.state), "done")
    if call.state == CallState.CANCELLED and not published:
        intake = "off"
    found = [Step(pgettext_lazy("step of a call", "征集"), intake, _day(call.closes_at))]
    for step in chain_of(call):
        done_at = step.record.done_at if step.record is not None else None
        day = _day(done_at) if step.stage == "done" else parse_date(step.due)
        found.append(Step(step.name, step.stage, day if step.stage != "off" else None))
    return found


def _day(moment: datetime | None) -> date | None:
    return timezone.localtime(moment).date() if moment else None


def awaits_screening(call: Call, application: Application) -> bool:
    """Whether the office has an application to check (``screenings`` prefetched)."""
    step = call.current_step
    checking = step is not None and step["kind"] == StepKind.DOCUMENTS
    if not any(one["kind"] == StepKind.DOCUMENTS for one in call.chain):
        return False
    if checks_late(call):
        return (
            checking and application.state == ApplicationState.ACCEPTED and not application.screenings.all()
        )
    if application.state == ApplicationState.RETURNED:
        late = application.correct_by is not None and application.correct_by < timezone.now()
        return checking and late
    return application.state == ApplicationState.SUBMITTED and (checking or call.state == CallState.OPEN)


def next_label(call: Call) -> Any:
    """The words of the button that leaves the present step."""
    following = (call.step or 0) + 1
    if following >= len(call.chain):
        return _("结束征集")
    return _("进入“%(step)s”") % {"step": layout.step_name(call.chain[following])}


def office_now(call: Call, applications: Sequence[Application]) -> tuple[Now | None, list[Primary]]:
    """What the office does now, and the buttons for it, the primary one first."""
    if call.state == CallState.DRAFT:
        publish = Primary(
            _("发布"), icon="send", act="publish",
            confirm=_("发布后所有人可以看到并申报，申报表、标准与流程不再更改。确认发布？"),
        )  # fmt: skip
        fault = publish_fault(call)
        if fault is None:
            return Now(_("草稿"), _("设置齐全，可以发布。")), [publish]
        url = address("call_edit", call.pk, PART_OF.get(fault.field, fault.field))
        return Now(_("草稿"), hindrance=fault), [Primary(_("继续设置"), icon="pencil", url=url)]
    if call.state == CallState.OPEN:
        return _open_now(call)
    step = call.current_step
    if step is None:
        return None, []
    return _step_now(call, step, applications)


def _open_now(call: Call) -> tuple[Now, list[Primary]]:
    handed_in = call.applications.exclude(submitted_at=None).exclude(state=ApplicationState.WITHDRAWN).count()
    text = ngettext("已收到 %(n)d 份申报。", "已收到 %(n)d 份申报。", handed_in) % {"n": handed_in}
    hindrance = steps.hindrance(call)
    if hindrance:
        return Now(_("征集中"), hindrance=f"{text}{hindrance}"), []
    start = Primary(
        _("截止并开始评选"), icon="player-play", act="start",
        confirm=_("开始后不再接受申报，草稿不进入评选。确认开始？"),
    )  # fmt: skip
    return Now(_("征集已到期"), text), [start]


def _step_now(
    call: Call, step: dict[str, Any], applications: Sequence[Application]
) -> tuple[Now, list[Primary]]:
    kind, name = step["kind"], layout.step_name(step)
    if kind == StepKind.ISSUE:
        issue = Primary(_("发文"), icon="rubber-stamp", dialog="issue-dialog")
        return Now(name, _("填写文号后发文，名单随即公开。")), [issue]
    hindrance = steps.hindrance(call)
    go_on = Primary(next_label(call), icon="arrow-right", dialog="advance-dialog")
    again = Primary(
        _("重新公示") if kind == StepKind.NOTICE else _("重新提交会议"), icon="refresh", act="again",
        confirm=_("将按当前采用的遴选方案重新提交。确认？"),
    )  # fmt: skip
    buttons: list[Primary] = []
    if not hindrance:
        buttons = [go_on]
        record = current(call)
        if kind in ASKED and record is not None and record.answer == UPHELD:
            # Going on despite an objection that was found right is possible, but not what is meant.
            return Now(name, hindrance=_("公示期间有异议成立：可调整遴选方案后重新公示，或写明理由继续。")), [
                again,
                go_on,
            ]
        return Now(name, _("本环节已完成，可以进入下一环节。")), buttons
    if kind in ASKED and steps.may_put_again(call):
        buttons.append(again)
    elif kind == StepKind.DOCUMENTS:
        waiting = [one for one in applications if awaits_screening(call, one)]
        if waiting:
            url = address("screening_detail", waiting[0].pk)
            buttons.append(Primary(_("继续审查"), icon="clipboard-check", url=url))
    elif kind in layout.SCORED:
        buttons += _round_buttons(call)
    return Now(name, hindrance=hindrance), buttons


def _round_buttons(call: Call) -> list[Primary]:
    """The round while it runs; once it is closed, the choice."""
    found = call.rounds.filter(step=call.step or 0).first()
    if found is not None and found.state == RoundState.CLOSED:
        url, label, icon = address("call_choice", call.pk), _("遴选"), "adjustments"
    elif found is not None:
        url, label, icon = address("round_detail", found.pk), _("办理评审"), "clipboard-list"
    else:
        return []
    return [Primary(label, icon=icon, url=url)] if url else []


def cards(call: Call) -> list[Card]:
    """The parts of the call's work that are there."""
    found: list[Card] = []

    def add(label: Any, icon: str, url: str, note: Any = "") -> None:
        if url:
            found.append(Card(label, icon, url, note))

    if call.state == CallState.DRAFT:
        return found
    accepted = Count("pk", filter=Q(state=Reviewer.State.ACCEPTED))
    pool = (
        call.reviewers.exclude(state=Reviewer.State.REMOVED)
        .order_by()
        .aggregate(all=Count("pk"), in_=accepted)
    )
    note: Any = _("%(accepted)d / %(all)d 位已接受邀请") % {"accepted": pool["in_"], "all": pool["all"]}
    add(_("专家库"), "users", address("call_pool", call.pk), note if pool["all"] else _("尚未组建"))
    live = Count("reviews", filter=Q(reviews__state__in=LIVE_REVIEWS))
    done = Count("reviews", filter=Q(reviews__state=ReviewState.SUBMITTED))
    for row in call.rounds.annotate(live=live, done=done).order_by("step"):
        progress = (
            f"{row.get_state_display()} · {row.done} / {row.live}" if row.live else row.get_state_display()
        )
        label = layout.step_name(call.chain[row.step])
        add(label, "clipboard-list", address("round_detail", row.pk), progress)
    if found and call.rounds.exists():
        add(_("评分校准"), "chart-dots", address("calibration_detail", call.pk))
        run = adopted_choice(call)
        note = _("已采用方案 %(number)d") % {"number": run.number} if run else _("尚未采用方案")
        add(_("遴选"), "adjustments", address("call_choice", call.pk), note)
    return found
