"""Pages of servers: one server with its GPUs, its states, the import."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.computing.domain import servers as verbs
from langqiao.apps.computing.exchange import COLUMNS_SHOWN, read_servers
from langqiao.apps.computing.forms.campus import ServersForm
from langqiao.apps.computing.forms.parts import ReasonForm
from langqiao.apps.computing.listings.campus import state_badge
from langqiao.apps.computing.models import SERVER_TRANSITIONS, Campus, Server
from langqiao.apps.computing.queries.campus import standing, visible_servers
from langqiao.kit.acting import Act, actor, add_refusal, back, do, read
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Refused

State = Server.State
# Acts by the state that they lead to: name in the address, its button, whether it is a grave one.
ACTS_TO: dict[str, tuple[str, Any, bool]] = {
    State.READY: ("restore", _("恢复在用"), False),
    State.DRAINING: ("drain", _("腾空"), False),
    State.MAINTENANCE: ("maintain", _("开始维护"), False),
    State.FAILED: ("fail", _("登记故障"), True),
    State.RETIRED: ("retire", _("退役"), True),
}
WARNINGS: dict[str, Any] = {
    State.READY: _("恢复后即可接收作业。"),
    State.DRAINING: _("不再接收新作业，正在运行的作业继续。"),
    State.MAINTENANCE: _("仍在运行的作业将回到队列。"),
    State.FAILED: _("运行中的作业将回到队列。"),
    State.RETIRED: _("退役后不能恢复。"),
}


def readable_server(request: HttpRequest, pk: int) -> Server:
    """The server, or 404."""
    return get_object_or_404(visible_servers(request.user), pk=pk)


@login_required
@require_safe
def server_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A server: where it stands, how each GPU is used, by which jobs, and what can be done."""
    server = readable_server(request, pk)
    slots = list(server.slots.select_related("job__grant__tenant__organisation").order_by("gpu", "job_id"))
    held: dict[int, int] = dict(server.slots.values_list("gpu").annotate(Sum("milli")).order_by("gpu"))
    may_run = allowed(request.user, "computing.run_servers", server)
    context = {
        "server": server,
        "badge_state": state_badge(server),
        "standing": standing(server, held),
        "slots": slots,
        "acts": [(*ACTS_TO[to], WARNINGS[to]) for to in SERVER_TRANSITIONS[server.state]] if may_run else [],
        "reason_form": ReasonForm(),
    }
    return render(request, "computing/campus/server_detail.html", context)


def _why(request: HttpRequest) -> str:
    return str(read(ReasonForm(request.POST))["why"])


def _drain(request: HttpRequest, server: Server) -> Any:
    verbs.drain_server(actor(request), server, why=_why(request))
    return _("服务器正在腾空。")


def _maintain(request: HttpRequest, server: Server) -> Any:
    verbs.start_maintenance(actor(request), server, why=_why(request))
    return _("服务器已进入维护。")


def _fail(request: HttpRequest, server: Server) -> Any:
    verbs.fail_server(actor(request), server, why=_why(request))
    return _("故障已登记，受影响的作业已回到队列。")


def _restore(request: HttpRequest, server: Server) -> Any:
    verbs.restore_server(actor(request), server, why=_why(request))
    return _("服务器已恢复在用。")


def _retire(request: HttpRequest, server: Server) -> Any:
    verbs.retire_server(actor(request), server, why=_why(request))
    return _("服务器已退役。")


ACTS: dict[str, Act] = {
    "drain": _drain, "maintain": _maintain, "fail": _fail, "restore": _restore, "retire": _retire
}  # fmt: skip


@login_required
@require_POST
def server_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Drain, maintain, fail, restore or retire a server."""
    return do(request, ACTS, act, readable_server(request, pk))


@login_required
@require_http_methods(["GET", "POST"])
def server_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Import a table of servers: tried first, written when asked and when no row is refused."""
    campus = Campus.objects.filter(pk=pk).first()
    if campus is None:
        raise Http404
    require(request.user, "computing.run_campus", campus)
    form = ServersForm(request.POST or None, request.FILES or None)
    summary = None
    if request.method == "POST" and form.is_valid():
        try:
            rows = read_servers(form.cleaned_data["file"])
            summary = verbs.import_servers(actor(request), campus, rows, dry_run="write" not in request.POST)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            if summary.written:
                done = _("已导入：新增 %(created)s，更新 %(changed)s，未变 %(unchanged)s。") % {
                    "created": summary.created,
                    "changed": summary.changed,
                    "unchanged": summary.unchanged,
                }
                return back(request, campus, done)
    refused_any = bool(form.errors or (summary and summary.refused))
    context = {"campus": campus, "form": form, "summary": summary, "columns": COLUMNS_SHOWN}
    return render(request, "computing/campus/server_import.html", context, status=422 if refused_any else 200)
