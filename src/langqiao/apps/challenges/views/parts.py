"""What the views share."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect

from langqiao.apps.challenges.matching import Narrow
from langqiao.apps.challenges.models import Answer, Challenge
from langqiao.apps.challenges.queries import visible_challenges
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import Refused

NARROWING = ("cities", "fields", "kinds", "licences", "trl_min", "trl_max", "year_min", "year_max")
TEXT_AT_MOST = 20_000


def actor(request: HttpRequest) -> Any:
    """Who acts, for a verb; the rule refuses a stranger."""
    return request.user


def readable_challenge(request: HttpRequest, pk: int) -> Challenge:
    """The challenge, or 404: who may not read it need not know that it exists."""
    return get_object_or_404(visible_challenges(request.user), pk=pk)


def outlined_answer(request: HttpRequest, pk: int) -> Answer:
    """The answer, or 404 for those who may not even see its outline."""
    answer = get_object_or_404(
        Answer.objects.select_related("challenge__organisation").prefetch_related(
            "team__organisation__city", "versions"
        ),
        pk=pk,
    )
    if not allowed(request.user, "challenges.read_outline", answer):
        raise Http404
    return answer


def is_partial(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def whole(text: str | None, low: int, high: int) -> int | None:
    """A whole number from an address, None when it is none or out of range."""
    if text and text.isascii() and text.isdigit() and len(text) < 6 and low <= int(text) <= high:
        return int(text)
    return None


def narrow_from(query: QueryDict) -> Narrow:
    """The panels' filters as they stand in the address."""

    def several(name: str) -> tuple[str, ...]:
        return tuple(value[:40] for value in query.getlist(name)[:40] if value)

    return Narrow(
        cities=several("cities"),
        fields=several("fields"),
        kinds=several("kinds"),
        licences=several("licences"),
        trl_min=whole(query.get("trl_min"), 1, 9),
        trl_max=whole(query.get("trl_max"), 1, 9),
        year_min=whole(query.get("year_min"), 1900, 2200),
        year_max=whole(query.get("year_max"), 1900, 2200),
    )


def kept(query: QueryDict, *names: str) -> str:
    """The named parameters that are set, as a query string without its mark."""
    found = QueryDict(mutable=True)
    for name in names:
        values = [value for value in query.getlist(name) if value]
        if values:
            found.setlist(name, values)
    return found.urlencode()


def back(request: HttpRequest, where: Any, done: Any = "") -> HttpResponse:
    """Redirect to a page (a record or an address) with a word of success."""
    if done:
        messages.success(request, str(done))
    return redirect(where)


def tell_refusal(request: HttpRequest, refused: Refused, where: Any) -> HttpResponse:
    """Redirect with the refusal's words."""
    messages.error(request, str(refused))
    return redirect(where)
