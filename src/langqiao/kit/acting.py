"""What the views of every app share: who acts, one address an act, refusals told where they belong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as now_text

from langqiao.kit.refusals import Invalid, Refused

# One address an act; each is a verb of the domain that returns its word of success.
Act = Callable[[HttpRequest, Any], Any]


def is_partial(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def tell_refusal(request: HttpRequest, refused: Refused, where: Any) -> HttpResponse:
    """Redirect with the refusal's words."""
    messages.error(request, str(refused))
    return redirect(where)


def actor(request: HttpRequest) -> Any:
    """Who acts, for a verb; the rule refuses a stranger."""
    return request.user


def back(request: HttpRequest, where: Any, done: Any = "") -> HttpResponse:
    """Redirect to a page (a record or an address) with a word of success."""
    if done:
        messages.success(request, str(done))
    return redirect(where)


def do(
    request: HttpRequest, acts: Mapping[str, Act], act: str, record: Any, where: Any = None
) -> HttpResponse:
    """Do one act on a record and return to its page, with its success or its refusal."""
    verb = acts.get(act)
    if verb is None:
        raise Http404
    page = record if where is None else where
    try:
        done = verb(request, record)
    except Refused as refused:
        return tell_refusal(request, refused, page)
    return back(request, page, done)


def read(form: forms.Form) -> dict[str, Any]:
    """Cleaned values of a small form, or its first fault as a refusal.

    Raises:
        Invalid: a value is missing or wrong; the message names its label.
    """
    if form.is_valid():
        return dict(form.cleaned_data)
    name, faults = next(iter(form.errors.items()))
    label = form.fields[name].label if name in form.fields else ""
    words = (
        now_text("%(label)s：%(fault)s") % {"label": label, "fault": faults[0]} if label else str(faults[0])
    )
    raise Invalid(words, field=name)


def key(text: str | None) -> int:
    """A key from a form; 0, which no record has, when it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0


def add_refusal(form: forms.Form, refused: Refused) -> None:
    """Show a verb's refusal at the field it names, or above the form."""
    form.add_error(refused.field if refused.field in form.fields else None, str(refused))


def form_page(
    request: HttpRequest, form: forms.Form, *, title: Any, lead: Any, button: Any, cancel: str
) -> HttpResponse:
    """A page that holds one form."""
    context = {"form": form, "title": title, "lead": lead, "button": button, "cancel": cancel}
    return render(request, "parts/form_page.html", context, status=422 if form.errors else 200)
