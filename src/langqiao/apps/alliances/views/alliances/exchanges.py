"""Pages of needs and offers, and of the contact list, inside an alliance."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.alliances.domain.alliances import contacts
from langqiao.apps.alliances.domain.alliances import exchanges as verbs
from langqiao.apps.alliances.forms.alliances import (
    ConsentForm,
    ExchangeForm,
    OutcomeForm,
    ReasonForm,
    ReplyForm,
)
from langqiao.apps.alliances.listings.alliances import state_badge
from langqiao.apps.alliances.models import Alliance, Contact, Exchange, Reply
from langqiao.apps.alliances.queries.alliances.cases import thread
from langqiao.apps.alliances.queries.alliances.inside import own_members, visible_exchanges, visible_replies
from langqiao.apps.alliances.rules.alliances import own_ids
from langqiao.apps.alliances.views.alliances.parts import reason, through_form
from langqiao.apps.registry.models import Organisation
from langqiao.kit.acting import Act, actor, do, read
from langqiao.kit.permissions import allowed, require
from langqiao.kit.words import named

State = Exchange.State
Answer = Reply.State
VALID_DAYS = 60


def _alliance(pk: int) -> Alliance:
    return get_object_or_404(Alliance.objects.filter(is_group=False), pk=pk)


def _exchange(request: HttpRequest, pk: int) -> Exchange:
    return get_object_or_404(visible_exchanges(request.user), pk=pk)


@login_required
@require_safe
def exchange_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A need or an offer with the replies that the viewer may read."""
    exchange, user = _exchange(request, pk), request.user
    own = own_members(user, exchange.alliance).exclude(pk=exchange.organisation_id)
    is_open = exchange.state == State.OPEN and exchange.valid_to >= timezone.localdate()
    mine = own_ids(user)
    rows = [
        {
            "reply": reply,
            "badge": state_badge(reply),
            "dialog": f"decline-{reply.pk}",
            "may_decide": exchange.organisation_id in mine and reply.state == Answer.SENT,
            "may_withdraw": reply.organisation_id in mine and reply.state == Answer.SENT,
        }
        for reply in visible_replies(user, exchange)
    ]
    context = {
        "exchange": exchange,
        "badge_state": state_badge(exchange),
        "rows": rows,
        "may_close": exchange.state == State.OPEN and allowed(user, "alliances.close_exchange", exchange),
        "outcome_form": OutcomeForm(),
        "may_reply": is_open and own.exists(),
        "reply_form": ReplyForm(own=own),
        "reason_form": ReasonForm(),
        "entries": thread(exchange, exchange.alliance, user),
    }
    return render(request, "alliances/alliances/exchange.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def exchange_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Post a need or an offer in an alliance."""
    alliance = _alliance(pk)
    require(request.user, "alliances.post", alliance)
    first = {"valid_to": timezone.localdate() + timedelta(days=VALID_DAYS)}
    return through_form(
        request,
        ExchangeForm(request.POST or None, own=own_members(request.user, alliance), initial=first),
        lambda values: verbs.post_exchange(actor(request), alliance, **values),
        title=_("发布供需"),
        lead=_("只有本联盟的成员单位与秘书处看得到。"),
        button=_("发布"),
        cancel=alliance.get_absolute_url(),
        done=_("已在联盟内发布。"),
    )


def _reply(request: HttpRequest, exchange: Exchange) -> Any:
    form = ReplyForm(request.POST, own=own_members(request.user, exchange.alliance))
    verbs.send_reply(actor(request), exchange, **read(form))
    return _("回应已发出，只有双方看得到。")


def _close(request: HttpRequest, exchange: Exchange) -> Any:
    verbs.close_exchange(actor(request), exchange, **read(OutcomeForm(request.POST)))
    return _("已结束。")


EXCHANGE_ACTS: dict[str, Act] = {"reply": _reply, "close": _close}


@login_required
@require_POST
def exchange_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Reply or close."""
    return do(request, EXCHANGE_ACTS, act, _exchange(request, pk))


def _accept(request: HttpRequest, reply: Reply) -> Any:
    verbs.accept_reply(actor(request), reply)
    return _("已接受，对方会收到通知。")


def _decline(request: HttpRequest, reply: Reply) -> Any:
    verbs.decline_reply(actor(request), reply, why=reason(request))
    return _("已谢绝，对方会收到通知。")


def _withdraw(request: HttpRequest, reply: Reply) -> Any:
    verbs.withdraw_reply(actor(request), reply)
    return _("回应已撤回。")


REPLY_ACTS: dict[str, Act] = {"accept": _accept, "decline": _decline, "withdraw": _withdraw}


@login_required
@require_POST
def reply_act(request: HttpRequest, pk: int, reply: int, act: str) -> HttpResponse:
    """Accept, decline or withdraw a reply."""
    exchange = _exchange(request, pk)
    found = get_object_or_404(visible_replies(request.user, exchange), pk=reply)
    return do(request, REPLY_ACTS, act, found, exchange)


@login_required
@require_http_methods(["GET", "POST"])
def contact_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Put oneself into the contact list, with consent."""
    alliance = _alliance(pk)
    require(request.user, "alliances.give_consent", alliance)
    user = actor(request)
    own = Organisation.objects.filter(pk__in=contacts.permitted_ids(user, alliance)).order_by("name")
    first = {"name": user.display_name, "email": user.email}
    return through_form(
        request,
        ConsentForm(request.POST or None, own=own, initial=first),
        lambda values: contacts.give_consent(user, alliance, **values),
        title=_("列入通讯录"),
        lead=named(alliance),
        button=_("同意并列入"),
        cancel=alliance.get_absolute_url(),
        done=_("您已列入通讯录，可随时撤回。"),
        then=alliance,
    )


@login_required
@require_POST
def contact_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw one's consent."""
    contact = get_object_or_404(
        Contact.objects.select_related("alliance", "organisation"), pk=pk, user=request.user
    )

    def withdraw(_request: HttpRequest, record: Contact) -> Any:
        contacts.withdraw_consent(actor(request), record)
        return _("已撤回同意，您的信息已从通讯录删除。")

    return do(request, {"withdraw": withdraw}, "withdraw", contact, contact.alliance)
