"""Pages of matters and resolutions, and the acts of deciding."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.conference import domain, queries
from langqiao.apps.conference.forms import BallotForm, MatterForm, ReasonForm, ResolutionForm, VoteForm
from langqiao.apps.conference.listings import TONES, state_badge
from langqiao.apps.conference.models import UNDECIDED, AgendaItem, Ballot, Matter, Resolution
from langqiao.apps.conference.views.parts import reason
from langqiao.kit.acting import Act, actor, add_refusal, back, do, form_page, read
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Invalid, Refused


def readable_matter(request: HttpRequest, pk: int) -> Matter:
    """The matter, or 404."""
    return get_object_or_404(queries.visible_matters(request.user), pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def matter_new(request: HttpRequest) -> HttpResponse:
    """Propose a matter."""
    require(request.user, "conference.propose")
    form = MatterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            matter = domain.propose_matter(actor(request), **form.values())
            return back(request, matter, _("议题已提出，等待联席办安排上会。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("提出议题"),
        lead=_("写明要会议决定什么。联席办将其列入某次会议的议程。"),
        button=_("提出"),
        cancel=reverse("matter_list"),
    )


@login_required
@require_safe
def matter_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A matter: what it is, where it was dealt with, what became of it."""
    matter = readable_matter(request, pk)
    sessions = queries.visible_sessions(request.user)
    items = list(matter.items.select_related("session").filter(session__in=sessions).order_by("pk"))
    may_run = allowed(request.user, "conference.run_matter", matter)
    resolution: Any = getattr(matter, "resolution", None)
    if resolution is not None and not allowed(request.user, "conference.read_resolution", resolution):
        resolution = None
    context = {
        "matter": matter,
        "badge_state": state_badge(matter),
        "items": items,
        "resolution": resolution,
        "may_run": may_run and matter.state in UNDECIDED,
        "is_on_agenda": matter.state == Matter.State.ON_AGENDA,
        "reason_form": ReasonForm(),
        "entries": queries.thread(matter, request.user),
    }
    return render(request, "conference/matter_detail.html", context)


def _postpone(request: HttpRequest, matter: Matter) -> Any:
    domain.postpone_matter(actor(request), matter, why=reason(request))
    return _("议题缓议，退回待上会。")


def _return(request: HttpRequest, matter: Matter) -> Any:
    domain.return_matter(actor(request), matter, why=reason(request))
    return _("议题已退回。")


@login_required
@require_POST
def matter_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Postpone or return a matter."""
    return do(request, {"postpone": _postpone, "return": _return}, act, readable_matter(request, pk))


def _attended_item(request: HttpRequest, pk: int) -> AgendaItem:
    item = get_object_or_404(AgendaItem.objects.select_related("session", "matter"), pk=pk)
    if not allowed(request.user, "conference.attend", item):
        raise Http404
    return item


def _take_off(request: HttpRequest, item: AgendaItem) -> Any:
    domain.take_off_agenda(actor(request), item)
    return _("已移出议程。")


def _open_ballot(request: HttpRequest, item: AgendaItem) -> Any:
    values = read(BallotForm(request.POST))
    consent = values["method"] == Ballot.Method.CONSENT
    domain.open_ballot(
        actor(request), item, method=values["method"], is_secret=values["is_secret"] and not consent
    )
    return _("表决已开始。")


def _recuse(request: HttpRequest, item: AgendaItem) -> Any:
    domain.recuse(actor(request), item, voter=request.POST.get("voter", "")[:60], why=reason(request))
    return _("已登记回避。")


ITEM_ACTS: dict[str, Act] = {"off": _take_off, "ballot": _open_ballot, "recuse": _recuse}


@login_required
@require_POST
def item_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do one act on an agenda item."""
    item = _attended_item(request, pk)
    return do(request, ITEM_ACTS, act, item, where=item.session)


def _vote(request: HttpRequest, ballot: Ballot) -> Any:
    domain.cast_vote(actor(request), ballot, **read(VoteForm(request.POST)))
    return _("已记下您的意见，表决结束前可以更改。")


def _close(request: HttpRequest, ballot: Ballot) -> Any:
    domain.close_ballot(actor(request), ballot)
    return _("表决结束：%(outcome)s。") % {"outcome": ballot.get_state_display()}


@login_required
@require_POST
def ballot_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Vote, or close a ballot."""
    ballot = get_object_or_404(Ballot.objects.select_related("item__session", "item__matter"), pk=pk)
    if not allowed(request.user, "conference.attend", ballot):
        raise Http404
    return do(request, {"vote": _vote, "close": _close}, act, ballot, where=ballot.item.session)


@require_safe
def resolution_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A resolution, to be read and printed."""
    resolution = get_object_or_404(queries.visible_resolutions(request.user), pk=pk)
    user = request.user
    may_publish = allowed(user, "conference.publish_resolution", resolution) and not resolution.is_public
    context: dict[str, Any] = {
        "resolution": resolution,
        "tone": TONES[resolution.outcome],
        "matter": resolution.matter if allowed(user, "conference.read_matter", resolution.matter) else None,
        "session": resolution.session
        if allowed(user, "conference.read_session", resolution.session)
        else None,
        "ballots": [],
        "tasks": list(queries.visible_tasks(user).filter(resolution=resolution)),
        "may_publish": may_publish,
        "may_give": allowed(user, "conference.run_task"),
        "entries": queries.thread(resolution, user),
    }
    if allowed(user, "conference.attend", resolution.session):
        item = resolution.matter.items.filter(session=resolution.session).first()
        context["ballots"] = list(item.ballots.exclude(state=Ballot.State.OPEN)) if item else []
    if may_publish:
        context["form"] = ResolutionForm(resolution=resolution)
    return render(request, "conference/resolution_detail.html", context)


def _word(request: HttpRequest, resolution: Resolution) -> Any:
    values = read(ResolutionForm(request.POST, resolution=resolution))
    domain.word_resolution(actor(request), resolution, **values)
    return _("决议文本已保存。")


def _publish(request: HttpRequest, resolution: Resolution) -> Any:
    if not resolution.text:
        raise Invalid(_("决议还没有正文。"), mend=_("请先填写并保存。"), field="text")
    domain.publish_resolution(actor(request), resolution)
    return _("决议已公开。")


@login_required
@require_POST
def resolution_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Word or publish a resolution."""
    resolution = get_object_or_404(queries.visible_resolutions(request.user), pk=pk)
    return do(request, {"word": _word, "publish": _publish}, act, resolution)
