"""Middleware: refusals become pages or fragments, a person's language is kept, requests are counted."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme

from langqiao.kit.refusals import Refused, TooMany
from langqiao.web import metrics

log = structlog.stdlib.get_logger("langqiao.request")
Respond = Callable[[HttpRequest], HttpResponse]


class RefusalMiddleware:
    """Turn :class:`Refused` raised by a domain verb into a designed answer; API routes have their own."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        if request.headers.get("HX-Request") != "true":
            context = {"refusal": exception, "back_url": _back(request)}
            response = render(request, "refusal.html", context, status=exception.status)
            _say_when(response, exception)
            return response
        response = render(request, "refusal_fragment.html", {"refusal": exception}, status=exception.status)
        _say_when(response, exception)
        # What the person was looking at stays; the refusal is said on top of the page.
        response["HX-Retarget"] = "#lq-messages"
        response["HX-Reswap"] = "innerHTML show:top"
        response["HX-Push-Url"] = "false"
        return response


def _say_when(response: HttpResponse, refusal: Refused) -> None:
    if isinstance(refusal, TooMany):
        response["Retry-After"] = str(refusal.retry_after)


def _back(request: HttpRequest) -> str:
    """The page the person came from, if it is one of ours."""
    referer = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(
        referer, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return referer if referer and ours else ""


class PersonLanguageMiddleware:
    """A signed-in person's own language holds where this browser has not chosen another."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and request.user.is_authenticated:
            language = getattr(request.user, "language", "")
            if language and language != translation.get_language():
                translation.activate(language)
                request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)


class MetricsMiddleware:
    """Count and time requests by route, never by path, person or address."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        start = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        route = match.route if match else "unknown"
        seconds = time.perf_counter() - start
        metrics.observe(request.method or "", route, response.status_code, seconds)
        log.info(
            "request",
            method=request.method,
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
        )
        return response
