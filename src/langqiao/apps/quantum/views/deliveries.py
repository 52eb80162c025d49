"""Pages of endpoints and sealed deliveries."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.quantum.domain import deliveries as verbs
from langqiao.apps.quantum.forms.deliveries import (
    DeliveryForm,
    EndpointForm,
    EndpointReviseForm,
    ProgressForm,
    ReceiptForm,
    SealForm,
)
from langqiao.apps.quantum.forms.parts import ReasonForm
from langqiao.apps.quantum.listings.parts import state_badge
from langqiao.apps.quantum.models import Delivery
from langqiao.apps.quantum.queries.cases import thread
from langqiao.apps.quantum.queries.deliveries import own_endpoints, visible_deliveries, visible_endpoints
from langqiao.apps.quantum.views.parts import reason, through_form
from langqiao.kit.acting import Act, actor, back, do, read
from langqiao.kit.permissions import allowed, require
from langqiao.kit.words import named

State = Delivery.State
ORDER = (State.ANNOUNCED, State.SEALED, State.SENT, State.RECEIVED)


@login_required
@require_http_methods(["GET", "POST"])
def endpoint_new(request: HttpRequest) -> HttpResponse:
    """Register an endpoint."""
    require(request.user, "quantum.keep_endpoint")

    def register(values: dict[str, Any]) -> str:
        verbs.register_endpoint(actor(request), **values)
        return reverse("endpoint_list")

    return through_form(
        request,
        EndpointForm(request.POST or None, viewer=request.user),
        register,
        title=_("登记终端"),
        lead=_("登记后该单位可以发送与接收密封文件；回执按这里的公钥核验。"),
        button=_("登记"),
        cancel=reverse("endpoint_list"),
        done=_("终端已登记。"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def endpoint_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an endpoint another public key, or take it out of use."""
    endpoint = get_object_or_404(visible_endpoints(request.user), pk=pk)
    require(request.user, "quantum.keep_endpoint", endpoint)

    def revise(values: dict[str, Any]) -> str:
        verbs.revise_endpoint(actor(request), endpoint, **values)
        return reverse("endpoint_list")

    return through_form(
        request,
        EndpointReviseForm(request.POST or None, endpoint=endpoint),
        revise,
        title=_("修改终端"),
        lead=f"{endpoint.sae_id} · {named(endpoint.organisation)} · {named(endpoint.site)}",
        button=_("保存"),
        cancel=reverse("endpoint_list"),
        done=_("终端已修改；此后的回执按这里的公钥核验。"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def delivery_new(request: HttpRequest) -> HttpResponse:
    """Announce a delivery."""
    require(request.user, "quantum.send")
    if not own_endpoints(request.user).exists():
        return back(request, "delivery_list", _("贵单位还没有密钥终端，请联系站点的量子运营方登记。"))
    return through_form(
        request,
        DeliveryForm(request.POST or None, viewer=request.user),
        lambda values: verbs.announce_delivery(actor(request), **values),
        title=_("预告传送"),
        lead=_("接收单位会收到通知。随后用 langqiao seal 密封文件，登记摘要，再发出。"),
        button=_("预告"),
        cancel=reverse("delivery_list"),
        done=_("已预告，接收单位会收到通知。"),
    )


def delivery_steps(delivery: Delivery) -> list[tuple[Any, str]]:
    """The step line of a delivery."""
    state = State(delivery.state)
    if state in {State.REFUSED, State.WITHDRAWN}:
        done = ORDER[:3] if state == State.REFUSED else ORDER[: 2 if delivery.sealed_at else 1]
        return [*((one.label, "done") for one in done), (state.label, "off")]
    at = ORDER.index(state)
    last = len(ORDER) - 1
    return [
        (one.label, "done" if number < at or number == last == at else "now" if number == at else "next")
        for number, one in enumerate(ORDER)
    ]


@login_required
@require_safe
def delivery_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A delivery: its steps, how far it is, its digests, its receipt, and what may be done now."""
    delivery = get_object_or_404(visible_deliveries(request.user), pk=pk)
    user = request.user
    sends = allowed(user, "quantum.send", delivery)
    receives = allowed(user, "quantum.receive", delivery) and delivery.state == State.SENT
    sealed = sends and delivery.state == State.SEALED
    context = {
        "delivery": delivery,
        "badge_state": state_badge(delivery),
        "steps": delivery_steps(delivery),
        "may_seal": sends and delivery.state == State.ANNOUNCED,
        "may_send": sealed,
        "may_withdraw": sends and delivery.state in {State.ANNOUNCED, State.SEALED},
        "may_receive": receives,
        "seal_form": SealForm(delivery=delivery),
        "progress_form": ProgressForm(initial={"done": delivery.done}),
        "receipt_form": ReceiptForm(),
        "reason_form": ReasonForm(),
        "entries": thread(delivery, user),
    }
    return render(request, "quantum/deliveries/delivery_detail.html", context)


def _seal(request: HttpRequest, delivery: Delivery) -> Any:
    verbs.seal_delivery(actor(request), delivery, **read(SealForm(request.POST, delivery=delivery)))
    return _("已登记密封，发出后请登记。")


def _progress(request: HttpRequest, delivery: Delivery) -> Any:
    verbs.report_progress(actor(request), delivery, **read(ProgressForm(request.POST)))
    return _("进度已登记。")


def _send(request: HttpRequest, delivery: Delivery) -> Any:
    verbs.send_delivery(actor(request), delivery)
    return _("已登记发出，接收单位会收到通知。")


def _receive(request: HttpRequest, delivery: Delivery) -> Any:
    verbs.receive_delivery(actor(request), delivery, **read(ReceiptForm(request.POST)))
    return _("签名核验通过，已签收。")


def _refuse(request: HttpRequest, delivery: Delivery) -> Any:
    verbs.refuse_delivery(actor(request), delivery, why=reason(request))
    return _("已拒收，发送单位会收到通知。")


def _withdraw(request: HttpRequest, delivery: Delivery) -> Any:
    verbs.withdraw_delivery(actor(request), delivery, why=reason(request))
    return _("传送已撤回。")


DELIVERY_ACTS: dict[str, Act] = {
    "seal": _seal,
    "progress": _progress,
    "send": _send,
    "receive": _receive,
    "refuse": _refuse,
    "withdraw": _withdraw,
}


@login_required
@require_POST
def delivery_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Seal, report, send, receive, refuse or withdraw a delivery."""
    return do(request, DELIVERY_ACTS, act, get_object_or_404(visible_deliveries(request.user), pk=pk))
