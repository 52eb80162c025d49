"""Pages of no single app: home, search, health, figures."""

from __future__ import annotations

import ipaddress
import os
import secrets

from django.core.cache import cache
from django.core.exceptions import RequestDataTooBig
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import requires_csrf_token
from django.views.decorators.http import require_safe
from django.views.defaults import page_not_found

from langqiao.apps.challenges.models import OPEN_STATES, PUBLIC_STATES, Challenge
from langqiao.apps.ledger.queries import latest
from langqiao.apps.registry.corridor_map import Spot, draw
from langqiao.apps.registry.models import City
from langqiao.web.figures import by_city, holds_examples, key_figures

API = "/api/"
MINUTE = 60
# Problems to try, one of each kind that the corridor's industries meet.
EXAMPLES = (
    _("碳化硅外延片表面缺陷在线检测"),
    _("动力电池低温快充析锂预警"),
    _("手术机器人力反馈与路径规划"),
)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The public front page: say a problem, see the corridor, see what happens in it."""
    cities = list(City.objects.all())
    counted = cache.get("home-counts")
    if counted is None:
        counted = (by_city(), key_figures(), holds_examples(), timezone.now())
        cache.set("home-counts", counted, MINUTE)
    counts, figures, has_examples, figures_at = counted
    challenges = (
        Challenge.objects.filter(state__in=PUBLIC_STATES)
        .select_related("organisation", "city", "field")
        .order_by("-published_at", "-id")[:6]
    )
    context = {
        "map": draw([Spot(city, counts.get(city.slug, 0)) for city in cities]),
        "figures": figures,
        "figures_at": figures_at,
        "has_examples": has_examples,
        "challenges": challenges,
        "open_states": OPEN_STATES,
        "acts": latest(6),
        "examples": EXAMPLES,
    }
    return render(request, "home.html", context)


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Browsers ask for it on pages that name no icon, such as the admin's."""
    return redirect(static("logo.svg"))


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Whether the site can answer and reach its database; for load balancers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


def _may_read_metrics(request: HttpRequest) -> bool:
    """From this machine without a proxy between, or with the token of ``LANGQIAO_METRICS_TOKEN``."""
    token = os.environ.get("LANGQIAO_METRICS_TOKEN", "")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token:
        return secrets.compare_digest(given.encode(), token.encode())
    forwarded = request.headers.get("X-Forwarded-For") or request.headers.get("Forwarded")
    try:
        return not forwarded and ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus figures."""
    from langqiao.web.metrics import exposition

    if not _may_read_metrics(request):
        raise Http404
    return HttpResponse(exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A designed page, and JSON below the API."""
    from langqiao.web.api import missing

    if request.path.startswith(API):
        return missing(request)
    return page_not_found(request, exception)


def not_readable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that makes no sense (400) or is too large to be read (413)."""
    from langqiao.web.api import too_big, unreadable

    if request.path.startswith(API):
        return (
            too_big(request, exception) if isinstance(exception, RequestDataTooBig) else unreadable(request)
        )
    is_big = isinstance(exception, RequestDataTooBig)
    return render(request, "400.html", {"is_big": is_big}, status=413 if is_big else 400)


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  not for users
    """A form that came too late or from elsewhere."""
    return render(request, "403_csrf.html", status=403)
