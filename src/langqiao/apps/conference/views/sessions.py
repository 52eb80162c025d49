"""Pages of sessions: the page with agenda, table and papers, and the acts on them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.conference import domain, queries
from langqiao.apps.conference.forms import (
    BallotForm,
    MinutesForm,
    PaperForm,
    ReasonForm,
    SeatForm,
    SessionForm,
)
from langqiao.apps.conference.listings import state_badge
from langqiao.apps.conference.models import SESSION_TRANSITIONS, Matter, Paper, Seat, Session
from langqiao.apps.conference.rules import recused, voters, votes_of
from langqiao.apps.conference.views.parts import download, reason, upload
from langqiao.kit.acting import Act, actor, add_refusal, back, do, form_page, key, read
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Refused

State = Session.State
LINE = (State.PLANNED, State.CALLED, State.OPEN, State.CLOSED)


def readable_session(request: HttpRequest, pk: int) -> Session:
    """The session, or 404: who may not read it need not know that it exists."""
    return get_object_or_404(queries.visible_sessions(request.user), pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def session_new(request: HttpRequest) -> HttpResponse:
    """Plan a session."""
    require(request.user, "conference.run_session")
    form = SessionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            session = domain.plan_session(actor(request), **form.values())
            return back(request, session, _("会议已登记，各市已列为参会单位。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("筹备会议"),
        lead=_("名称、序号与文号接续同类会议；表决规则按会议设定。"),
        button=_("登记"),
        cancel=reverse("session_list"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def session_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Revise a session."""
    session = readable_session(request, pk)
    require(request.user, "conference.run_session", session)
    form = SessionForm(request.POST or None, session=session)
    if request.method == "POST" and form.is_valid():
        try:
            domain.revise_session(actor(request), session, **form.values())
            return back(request, session, _("已保存。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("修改会议"),
        lead=session.title,
        button=_("保存"),
        cancel=session.get_absolute_url(),
    )


@require_safe
def session_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A session: facts for all who may know of it, agenda and papers for those at the table."""
    session = queries.with_seats(readable_session(request, pk))
    user = request.user
    attends = allowed(user, "conference.attend", session)
    context: dict[str, Any] = {
        "session": session,
        "badge_state": state_badge(session),
        "attends": attends,
        "steps": _steps(session),
        "may_run": allowed(user, "conference.run_session", session),
        "papers": queries.visible_papers(session, user),
        "resolutions": list(queries.visible_resolutions(user).filter(session=session)),
        "entries": queries.thread(session, user),
    }
    if attends:
        context |= {"items": _agenda(session, user), "seats": list(session.seats.all())}
    if context["may_run"]:
        context |= _run(session, context)
    return render(request, "conference/session_detail.html", context)


def _steps(session: Session) -> list[tuple[str, str]]:
    """The line of states for the page."""
    if session.state == State.CANCELLED:
        return [(str(State.PLANNED.label), "done"), (str(State.CANCELLED.label), "off")]
    at = LINE.index(State(session.state))
    kinds = ["done" if place < at else "now" if place == at else "next" for place in range(len(LINE))]
    return [(str(state.label), kind) for state, kind in zip(LINE, kinds, strict=True)]


def _agenda(session: Session, user: Any) -> list[Any]:
    """Agenda items with their ballots as the viewer may see them."""
    names = queries.voter_names(session)
    rows: list[Any] = queries.agenda(session)
    for item in rows:
        item.mine = votes_of(user, item)
        item.mine_named = [(voter, names.get(voter, voter)) for voter in item.mine]
        out = recused(item)
        item.out = [names.get(voter, voter) for voter in sorted(out)]
        item.others = [(voter, names.get(voter, voter)) for voter in voters(session) if voter not in out]
        item.views = []
        for ballot in item.ballots.all():
            ballot.item = item
            item.views.append(queries.ballot_view(ballot, user, mine=item.mine, names=names))
        item.is_voting = any(view.is_open for view in item.views)
    return rows


def _run(session: Session, context: dict[str, Any]) -> dict[str, Any]:
    """What the office may do now: the forms for it, and the next step of the table."""
    preparing = session.state in (State.PLANNED, State.CALLED)
    items = context.get("items", [])
    return {
        "preparing": preparing,
        "can": {str(to) for to in SESSION_TRANSITIONS[session.state]},
        "takes_matters": preparing or session.state == State.OPEN,
        "waiting": list(queries.waiting_matters()[:100]) if session.state != State.CLOSED else [],
        "seat_form": SeatForm(),
        "paper_form": PaperForm(matters=[(item.matter_id, item.matter.title) for item in items]),
        "minutes_form": MinutesForm(initial={"text": session.minutes}),
        "reason_form": ReasonForm(),
        "ballot_form": BallotForm(initial={"is_secret": session.is_secret}),
        "attendances": Seat.Attendance.choices,
        "marks_attendance": session.state in (State.CALLED, State.OPEN),
    }


def _call(request: HttpRequest, session: Session) -> Any:
    domain.call_session(actor(request), session)
    return _("会议通知已发出。")


def _open(request: HttpRequest, session: Session) -> Any:
    domain.open_session(actor(request), session)
    return _("会议已开始。")


def _close(request: HttpRequest, session: Session) -> Any:
    domain.close_session(actor(request), session)
    return _("会议已闭会。")


def _cancel(request: HttpRequest, session: Session) -> Any:
    domain.cancel_session(actor(request), session, why=reason(request))
    return _("会议已取消，议题退回待上会。")


def _publish(request: HttpRequest, session: Session) -> Any:
    domain.publish_session(actor(request), session)
    return _("会议已公开：时间、地点、公开的决议与材料。")


def _seat(request: HttpRequest, session: Session) -> Any:
    form = SeatForm(request.POST)
    read(form)
    seat = domain.add_seat(actor(request), session, **form.values())
    return _("已增加参会单位“%(name)s”。") % {"name": seat}


def _attendance(request: HttpRequest, session: Session) -> Any:
    marks = {
        key(name.removeprefix("seat-")): str(value)
        for name, value in request.POST.items()
        if name.startswith("seat-")
    }
    domain.mark_attendance(actor(request), session, attendance=marks)
    return _("出席情况已登记。")


def _matter(request: HttpRequest, session: Session) -> Any:
    matter = get_object_or_404(Matter, pk=key(request.POST.get("matter")))
    domain.put_on_agenda(actor(request), session, matter)
    return _("已列入议程。")


def _up(request: HttpRequest, session: Session) -> Any:
    """Move one item before the one above it."""
    order = list(session.agenda.values_list("pk", flat=True))
    wanted = key(request.POST.get("item"))
    if wanted not in order:
        raise Http404
    place = order.index(wanted)
    if place:
        order[place - 1], order[place] = order[place], order[place - 1]
    domain.order_agenda(actor(request), session, items=order)
    return _("议程次序已调整。")


def _paper(request: HttpRequest, session: Session) -> Any:
    choices = [(item.matter_id, item.matter_id) for item in session.agenda.all()]
    values = read(PaperForm(request.POST, matters=choices))
    file = upload(request, required=True)
    matter = Matter.objects.filter(pk=key(values["matter"])).first()
    domain.add_paper(
        actor(request), session, file=file, name=file.name or "", title=values["title"], matter=matter
    )
    return _("材料已上传。")


def _minutes(request: HttpRequest, session: Session) -> Any:
    domain.write_minutes(actor(request), session, text=read(MinutesForm(request.POST))["text"])
    return _("会议纪要已保存。")


ACTS: dict[str, Act] = {
    "call": _call,
    "open": _open,
    "close": _close,
    "cancel": _cancel,
    "publish": _publish,
    "seat": _seat,
    "attendance": _attendance,
    "matter": _matter,
    "up": _up,
    "paper": _paper,
    "minutes": _minutes,
}


@login_required
@require_POST
def session_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do one act on a session."""
    return do(request, ACTS, act, readable_session(request, pk))


@login_required
@require_POST
def seat_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a seat away."""
    seat = get_object_or_404(Seat.objects.select_related("session"), pk=pk)
    session = readable_session(request, seat.session_id)

    def remove(_request: HttpRequest, _session: Session) -> Any:
        domain.remove_seat(actor(request), seat)
        return _("已减少参会单位。")

    return do(request, {"remove": remove}, "remove", session)


def _readable_paper(request: HttpRequest, pk: int) -> Paper:
    paper = get_object_or_404(Paper.objects.select_related("session"), pk=pk)
    if not allowed(request.user, "conference.read_paper", paper):
        raise Http404
    return paper


@require_safe
def paper_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A paper's file."""
    return download(_readable_paper(request, pk))


def _release(request: HttpRequest, paper: Paper) -> Any:
    domain.release_paper(actor(request), paper)
    return _("材料已公开。")


def _remove(request: HttpRequest, paper: Paper) -> Any:
    domain.remove_paper(actor(request), paper)
    return _("材料已删除。")


@login_required
@require_POST
def paper_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Release or remove a paper."""
    paper = _readable_paper(request, pk)
    if not allowed(request.user, "conference.read_session", paper.session):
        raise Http404  # a released paper of a session that is not public
    return do(request, {"release": _release, "remove": _remove}, act, paper, where=paper.session)
