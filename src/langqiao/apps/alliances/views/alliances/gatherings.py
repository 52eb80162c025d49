"""Pages of activities."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.alliances.domain.alliances import gatherings as verbs
from langqiao.apps.alliances.forms.alliances import (
    AttendedForm,
    AttendForm,
    GatheringForm,
    MinutesForm,
    ReasonForm,
)
from langqiao.apps.alliances.listings.alliances import state_badge
from langqiao.apps.alliances.models import Alliance, Attendance, Gathering
from langqiao.apps.alliances.queries.alliances.cases import thread
from langqiao.apps.alliances.queries.alliances.inside import (
    own_members,
    own_organisations,
    visible_gatherings,
)
from langqiao.apps.alliances.rules.alliances import own_ids
from langqiao.apps.alliances.views.alliances.parts import reason, through_form
from langqiao.kit.acting import Act, actor, do, key, read
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import named

State = Gathering.State


def steps_of(gathering: Gathering) -> list[tuple[Any, str]]:
    """The step line of an activity."""
    order = [State.ANNOUNCED, State.HELD, State.MINUTED]
    if gathering.state == State.CANCELLED:
        return [(State.ANNOUNCED.label, "done"), (State.CANCELLED.label, "off")]
    at = order.index(State(gathering.state))
    return [
        (one.label, "done" if i < at or at == len(order) - 1 else "now" if i == at else "next")
        for i, one in enumerate(order)
    ]


def _own(request: HttpRequest, gathering: Gathering) -> Any:
    if gathering.audience == Gathering.Audience.PUBLIC:
        return own_organisations(request.user)
    return own_members(request.user, gathering.alliance)


@require_safe
def gathering_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """An activity, who comes (for its secretariat), the own registrations, and what may be done now."""
    gathering = get_object_or_404(visible_gatherings(request.user), pk=pk)
    user = request.user
    holds = allowed(user, "alliances.hold", gathering)
    rows = gathering.attendances.select_related("organisation__city")
    mine = list(rows.filter(organisation__in=own_ids(user)))
    own = _own(request, gathering)
    is_open = gathering.state == State.ANNOUNCED and gathering.ends_at > timezone.now()
    has_begun = gathering.starts_at <= timezone.now()
    context = {
        "gathering": gathering,
        "badge_state": state_badge(gathering),
        "steps": steps_of(gathering),
        "holds": holds,
        "attendances": [(row, state_badge(row)) for row in rows] if holds else [],
        "mine": [(row, state_badge(row)) for row in mine],
        "may_attend": is_open and own.exists(),
        "attend_form": AttendForm(own=own),
        "may_edit": holds and gathering.state == State.ANNOUNCED,
        "may_close": holds and gathering.state == State.ANNOUNCED and has_begun,
        "attended_form": AttendedForm(gathering=gathering) if holds else None,
        "may_minute": holds and gathering.state == State.HELD,
        "minutes_form": MinutesForm(),
        "reason_form": ReasonForm(),
        "entries": thread(gathering, gathering.alliance, user),
    }
    return render(request, "alliances/alliances/gathering.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def gathering_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Announce an activity of an alliance."""
    alliance = get_object_or_404(Alliance.objects.filter(is_group=False), pk=pk)
    require(request.user, "alliances.hold", alliance)
    return through_form(
        request,
        GatheringForm(request.POST or None),
        lambda values: verbs.announce_gathering(actor(request), alliance, **values),
        title=_("预告活动"),
        lead=named(alliance),
        button=_("预告"),
        cancel=alliance.get_absolute_url(),
        done=_("活动已预告，成员单位会收到通知。"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def gathering_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Revise an announced activity."""
    gathering = get_object_or_404(visible_gatherings(request.user), pk=pk)
    require(request.user, "alliances.hold", gathering)
    return through_form(
        request,
        GatheringForm(request.POST or None, gathering=gathering),
        lambda values: verbs.revise_gathering(actor(request), gathering, **values),
        title=_("修改活动"),
        lead=gathering.title,
        button=_("保存"),
        cancel=gathering.get_absolute_url(),
        done=_("已保存，已报名的单位会收到通知。"),
    )


def _attend(request: HttpRequest, gathering: Gathering) -> Any:
    form = AttendForm(request.POST, own=_own(request, gathering))
    verbs.register_attendance(actor(request), gathering, **read(form))
    return _("已报名。")


def _leave(request: HttpRequest, gathering: Gathering) -> Any:
    rows = gathering.attendances.filter(organisation__in=own_ids(request.user))
    row: Attendance | None = rows.filter(pk=key(request.POST.get("attendance"))).first()
    if row is None:
        raise Invalid(_("没有这项报名。"), mend=_("请刷新页面后重试。"))
    verbs.cancel_attendance(actor(request), row)
    return _("已取消报名。")


def _cancel(request: HttpRequest, gathering: Gathering) -> Any:
    verbs.cancel_gathering(actor(request), gathering, why=reason(request))
    return _("活动已取消，已报名的单位会收到通知。")


def _close(request: HttpRequest, gathering: Gathering) -> Any:
    values = read(AttendedForm(request.POST, gathering=gathering))
    verbs.close_gathering(actor(request), gathering, **values)
    return _("已登记到会情况。")


def _minutes(request: HttpRequest, gathering: Gathering) -> Any:
    verbs.publish_minutes(actor(request), gathering, **read(MinutesForm(request.POST)))
    return _("纪要已发布。")


ACTS: dict[str, Act] = {
    "attend": _attend, "leave": _leave, "cancel": _cancel, "close": _close, "minutes": _minutes
}  # fmt: skip


@login_required
@require_POST
def gathering_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Register, cancel, say who came, publish the minutes."""
    return do(request, ACTS, act, get_object_or_404(visible_gatherings(request.user), pk=pk))
