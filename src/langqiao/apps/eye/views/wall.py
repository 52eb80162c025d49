"""The wall for the hall (大屏) and the live ticker: both as a guest sees them, whoever is signed in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from langqiao import __version__
from langqiao.apps.eye.queries.live import etag, live, reached
from langqiao.apps.eye.queries.wall import slides

EVERY = 20
EVERY_AT_LEAST, EVERY_AT_MOST = 5, 3600


def _every(request: HttpRequest) -> int:
    """Seconds a slide stands, from the address (``?every=30``)."""
    wanted = request.GET.get("every", "")
    if not (wanted.isascii() and wanted.isdigit()) or len(wanted) > 6:
        return EVERY
    return min(max(int(wanted), EVERY_AT_LEAST), EVERY_AT_MOST)


@never_cache
@require_safe
def wall(request: HttpRequest) -> HttpResponse:
    """Nine cities and their flows, three figures, the latest acts; ``?part=slides``: the slides alone."""
    if request.GET.get("part") == "slides":
        response = render(request, "eye/wall/_slides.html", {"slides": slides()})
        response["X-Langqiao-Version"] = __version__
        return response
    context = {
        "slides": slides(),
        "live": live(),
        "every": _every(request),
        "refresh_url": f"{request.path}?part=slides",
        "version": __version__,
    }
    return render(request, "eye/wall/wall.html", context)


@require_safe
def live_acts(request: HttpRequest) -> HttpResponse:
    """The latest public acts; 304 while the ledger has not grown since the tag the browser names.

    One row is read by its key then, so that a wall may ask every two seconds.
    """
    sequence, digest = reached()
    if request.headers.get("If-None-Match") == etag(sequence):
        response = HttpResponse(status=304)
    else:
        shown = live()
        sequence, digest = shown.head, shown.hash
        response = render(request, "eye/wall/_acts.html", {"acts": shown.acts})
        response["X-Ledger-Head"] = f"{sequence}:{digest}"
    response["ETag"] = etag(sequence)
    patch_cache_control(response, no_cache=True, private=True)
    return response
