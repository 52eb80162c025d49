"""The challenge page: the problem at the left, four panels of matches at the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from langqiao.apps.challenges import matching, queries
from langqiao.apps.challenges.domain import promise_text
from langqiao.apps.challenges.domain.promises import SIGNING_STATES
from langqiao.apps.challenges.forms import (
    ContractForm,
    DeadlineForm,
    InvitationForm,
    QuestionForm,
    ReplyForm,
)
from langqiao.apps.challenges.listings import named_choices, state_badge
from langqiao.apps.challenges.models import OPEN_STATES, PUBLIC_STATES, Answer, Challenge, State
from langqiao.apps.challenges.rules import has_promise, insider_ids, is_sealed, signing_ids
from langqiao.apps.challenges.views.parts import NARROWING, kept, narrow_from, readable_challenge
from langqiao.apps.registry.models import Achievement, City, Field, Organisation
from langqiao.kit.acting import is_partial
from langqiao.kit.permissions import allowed
from langqiao.kit.throttle import throttle

ROWS_A_PANEL = 5


@dataclass(frozen=True, slots=True)
class Primary:
    """The page's one primary button: it leads to an address, does an act, or opens a dialog."""

    label: Any
    icon: str
    url: str = ""
    act: str = ""
    dialog: str = ""


@require_safe
def challenge_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of a challenge."""
    challenge = readable_challenge(request, pk)
    user = request.user
    details = allowed(user, "challenges.read_details", challenge)
    entries = queries.thread(challenge, user, details=details)
    answers = queries.outlined_answers(challenge, user)
    for answer in answers:
        answer.shown = queries.shown_version(answer, user)  # type: ignore[attr-defined]
        answer.is_readable = allowed(user, "challenges.read_answer", answer)  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "challenge": challenge,
        "badge_state": state_badge(challenge),
        "budget": (challenge.budget_min, challenge.budget_max),
        "is_sealed": is_sealed(challenge),
        "may_read_details": details,
        "attachments": list(challenge.attachments.all()) if details else [],
        "questions": list(queries.readable_questions(challenge, sealed_too=details)),
        "entries": entries,
        "steps": queries.steps(challenge, entries),
        "answers": answers,
        "followers": challenge.follows.count(),
        "is_followed": user.is_authenticated and challenge.follows.filter(user=user).exists(),
        "days_left": (challenge.deadline - timezone.localdate()).days if challenge.deadline else None,
        "is_open": challenge.state in OPEN_STATES,
        "is_public": challenge.state in PUBLIC_STATES,
        **_may(challenge, user),
        **_promise(challenge, user),
        **panel_filters(request),
    }
    context["primary"] = _primary(challenge, user, context)
    if context["may"]["invite"]:
        context["invitations"] = Organisation.objects.filter(
            pk__in=challenge.invitations.values("organisation")
        ).select_related("city")
        context["invitation_form"] = InvitationForm()
    if context["may"]["edit"]:
        context["deadline_form"] = DeadlineForm()
    if context["may"]["contract"]:
        context["contract_form"] = ContractForm()
    context["question_form"] = QuestionForm()
    context["reply_form"] = ReplyForm()
    return render(request, "challenges/detail.html", context)


def _may(challenge: Challenge, user: Any) -> dict[str, Any]:
    """What buttons to show: the rule and the state together."""
    is_open = challenge.state in OPEN_STATES
    changeable = is_open or challenge.state == State.DRAFT
    late = challenge.deadline is not None and challenge.deadline < timezone.localdate()

    def can(act: str, *, when: bool) -> bool:
        return when and allowed(user, f"challenges.{act}", challenge)

    return {
        "may": {
            "edit": can("edit", when=changeable),
            "publish": can("publish", when=challenge.state == State.DRAFT),
            "invite": can("invite", when=changeable),
            "withdraw": can("withdraw", when=changeable or challenge.state == State.SELECTED),
            "close": can("close", when=challenge.state in PUBLIC_STATES and challenge.state != State.CLOSED),
            "select": can("select", when=challenge.state in (State.ANSWERING, State.SELECTED)),
            "contract": can("contract", when=challenge.state == State.SELECTED),
            "accept": can("accept", when=challenge.state == State.CONTRACTED),
            "reply": can("reply", when=challenge.state in PUBLIC_STATES),
            "ask": can("ask", when=is_open),
            "follow": can("follow", when=challenge.state in PUBLIC_STATES),
            "answer": can("answer", when=is_open and not late and challenge.organisation_id is not None),
        }
    }


def _promise(challenge: Challenge, user: Any) -> dict[str, Any]:
    """The promise to sign: its text for each organisation the reader may sign for."""
    if not is_sealed(challenge) or not user.is_authenticated:
        return {"promises": [], "has_promised": False}
    signed = has_promise(user, challenge)
    if signed or challenge.state not in SIGNING_STATES:
        return {"promises": [], "has_promised": signed}
    rows = Organisation.objects.filter(pk__in=signing_ids(user, challenge))
    return {
        "promises": [(row, promise_text(challenge, user, row)) for row in rows],
        "has_promised": False,
    }


def _primary(challenge: Challenge, user: Any, context: dict[str, Any]) -> Primary | None:
    """What the reader will most likely want to do now."""
    may = context["may"]
    page = reverse("challenge_detail", args=[challenge.pk])
    submitted = [a for a in context["answers"] if a.state == Answer.State.SUBMITTED]
    if may["publish"]:
        return Primary(_("发布"), icon="send", act="publish")
    if may["select"] and challenge.state == State.ANSWERING and submitted:
        return Primary(_("比较答题"), icon="columns", url=reverse("answer_compare", args=[challenge.pk]))
    if may["contract"]:
        return Primary(_("登记签约"), icon="signature", dialog="contract-dialog")
    if may["accept"]:
        return Primary(_("登记验收"), icon="checks", act="accept")
    if may["close"] and challenge.state == State.ACCEPTED:
        return Primary(_("关闭题目"), icon="circle-check", dialog="close-dialog")
    mine = insider_ids(user)
    own = next((a for a in context["answers"] if mine & {m.organisation_id for m in a.team.all()}), None)
    if own is not None and own.state in (Answer.State.DRAFT, Answer.State.SUBMITTED, Answer.State.SELECTED):
        return Primary(_("我的答题"), icon="file-text", url=reverse("answer_detail", args=[own.pk]))
    if may["answer"]:
        return Primary(_("应答"), icon="bulb", url=reverse("answer_new", args=[challenge.pk]))
    if context["promises"]:
        return Primary(_("签署保密承诺"), icon="lock", url="#promise")
    if not user.is_authenticated and context["is_open"]:
        return Primary(_("登录后应答"), icon="login", url=f"{reverse('account_login')}?next={page}")
    return None


def panel_filters(request: HttpRequest) -> dict[str, Any]:
    """Choices and present values of the panels' filters."""
    given = request.POST if request.method == "POST" else request.GET
    narrow = narrow_from(given)
    return {
        "narrow": narrow,
        "narrowing": kept(given, *NARROWING),
        "city_choices": named_choices(City),
        "field_choices": named_choices(Field),
        "licence_choices": Achievement.Licence.choices,
        "trl_choices": [str(level) for level in range(1, 10)],
    }


@require_safe
def challenge_matches(request: HttpRequest, pk: int) -> HttpResponse:
    """The four panels, drawn into the page by htmx; filters stay in the page's own address."""
    challenge = readable_challenge(request, pk)
    query = kept(request.GET, *NARROWING)
    page = f"{challenge.get_absolute_url()}{'?' if query else ''}{query}"
    if not is_partial(request):
        return redirect(page)
    throttle(request, "match")
    matches = matching.match_challenge(
        challenge, viewer=request.user, narrow=narrow_from(request.GET), limit=ROWS_A_PANEL
    )
    response = render(
        request,
        "challenges/_panels.html",
        {"matches": matches, "challenge": challenge, "narrowed": bool(query)},
    )
    response["HX-Replace-Url"] = page
    return response


@require_safe
def challenge_similar(request: HttpRequest, pk: int) -> HttpResponse:
    """Published challenges close to this one, by their public texts."""
    challenge = readable_challenge(request, pk)
    rows = matching.similar_challenges(
        "\n".join([challenge.summary, *challenge.keywords]), title=challenge.title, exclude=challenge
    )
    return render(request, "challenges/_similar.html", {"rows": rows})


@require_safe
def challenge_consortium(request: HttpRequest, pk: int) -> HttpResponse:
    """The smallest set of organisations that covers the parts of the problem (跨城联合体)."""
    challenge = readable_challenge(request, pk)
    view = matching.suggest_consortium(challenge, viewer=request.user)
    return render(request, "challenges/_consortium.html", {"consortium": view, "challenge": challenge})
