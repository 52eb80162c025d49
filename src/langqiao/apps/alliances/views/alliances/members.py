"""The page of one membership."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from langqiao.apps.alliances.domain.alliances import members as verbs
from langqiao.apps.alliances.forms.alliances import ReasonForm, RemarkForm
from langqiao.apps.alliances.listings.alliances import state_badge
from langqiao.apps.alliances.models import MEMBER_TRANSITIONS, Member
from langqiao.apps.alliances.queries.alliances.cases import thread
from langqiao.apps.alliances.queries.alliances.inside import visible_members
from langqiao.apps.alliances.views.alliances.parts import reason
from langqiao.kit.acting import Act, actor, do, read
from langqiao.kit.permissions import allowed

State = Member.State


def steps_of(member: Member) -> list[tuple[Any, str]]:
    """The step line of a membership."""
    state = State(member.state)
    if state == State.APPLIED:
        return [(state.label, "now"), (State.ACTIVE.label, "next")]
    if state in {State.REFUSED, State.WITHDRAWN}:
        return [(State.APPLIED.label, "done"), (state.label, "off")]
    if state == State.ACTIVE:
        return [(State.APPLIED.label, "done"), (state.label, "now")]
    return [(State.APPLIED.label, "done"), (State.ACTIVE.label, "done"), (state.label, "off")]


@require_safe
def member_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A membership with what may be done now; the statement only for the parties."""
    member = get_object_or_404(visible_members(request.user), pk=pk)
    user, can = request.user, MEMBER_TRANSITIONS[member.state]
    decides = allowed(user, "alliances.decide", member)
    own = allowed(user, "alliances.apply", member)
    context = {
        "member": member,
        "badge_state": state_badge(member),
        "steps": steps_of(member),
        "is_party": decides or own,
        "may_decide": decides and State.ACTIVE in can,
        "may_remove": decides and State.REMOVED in can,
        "may_withdraw": own and State.WITHDRAWN in can,
        "may_leave": own and State.LEFT in can,
        "reason_form": ReasonForm(),
        "remark_form": RemarkForm(),
        "entries": thread(member, member.alliance, user),
    }
    return render(request, "alliances/alliances/member.html", context)


def _approve(request: HttpRequest, member: Member) -> Any:
    verbs.approve_member(actor(request), member)
    return _("已通过，申请单位会收到通知。")


def _refuse(request: HttpRequest, member: Member) -> Any:
    verbs.refuse_member(actor(request), member, why=reason(request))
    return _("未通过，已通知申请单位。")


def _withdraw(request: HttpRequest, member: Member) -> Any:
    verbs.withdraw_membership(actor(request), member)
    return _("申请已撤回。")


def _leave(request: HttpRequest, member: Member) -> Any:
    verbs.leave_alliance(actor(request), member, **read(RemarkForm(request.POST)))
    return _("已退出联盟。")


def _remove(request: HttpRequest, member: Member) -> Any:
    verbs.remove_member(actor(request), member, why=reason(request))
    return _("已移出联盟，已通知该单位。")


ACTS: dict[str, Act] = {
    "approve": _approve, "refuse": _refuse, "withdraw": _withdraw, "leave": _leave, "remove": _remove
}  # fmt: skip


@require_POST
def member_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Approve, refuse, withdraw, leave or remove."""
    return do(request, ACTS, act, get_object_or_404(visible_members(request.user), pk=pk))
