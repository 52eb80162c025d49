"""Middleware: a refusal becomes a page (or a fragment) that says why and how to mend it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from langqiao.kit.refusals import Refused


class RefusalMiddleware:
    """Turn :class:`Refused` raised by a domain verb into a designed answer; API routes have their own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        fragment = request.headers.get("HX-Request") == "true"
        template = "refusal_fragment.html" if fragment else "refusal.html"
        return render(request, template, {"refusal": exception}, status=exception.status)
