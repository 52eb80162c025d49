"""What the views share."""

from __future__ import annotations

from django.http import Http404, HttpRequest, QueryDict
from django.shortcuts import get_object_or_404

from langqiao.apps.challenges.matching import Narrow
from langqiao.apps.challenges.models import Answer, Challenge
from langqiao.apps.challenges.queries import visible_challenges
from langqiao.kit.permissions import allowed

NARROWING = ("cities", "fields", "kinds", "licences", "trl_min", "trl_max", "year_min", "year_max")
TEXT_AT_MOST = 20_000


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
