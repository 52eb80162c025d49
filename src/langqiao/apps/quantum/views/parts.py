"""What the views share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse

from langqiao.apps.quantum.forms.parts import ReasonForm
from langqiao.kit.acting import add_refusal, back, form_page, read
from langqiao.kit.refusals import Refused


def reason(request: HttpRequest) -> str:
    """The reason of an act."""
    return str(read(ReasonForm(request.POST))["why"])


def through_form(
    request: HttpRequest,
    form: forms.Form,
    verb: Callable[[dict[str, Any]], Any],
    *,
    title: Any,
    lead: Any,
    button: Any,
    cancel: str,
    done: Any,
) -> HttpResponse:
    """A page that holds one form and does one verb; the record it returns is shown next."""
    if request.method == "POST" and form.is_valid():
        try:
            return back(request, verb(form.cleaned_data), done)
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(request, form, title=title, lead=lead, button=button, cancel=cancel)
