"""What the views of alliances share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse

from langqiao.apps.alliances.forms.alliances import ReasonForm
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
    then: Any = None,
) -> HttpResponse:
    """A page that holds one form and does one verb; then the record it returns, or another page, is shown."""
    if request.method == "POST" and form.is_valid():
        try:
            made = verb(form.cleaned_data)
            return back(request, made if then is None else then, done)
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(request, form, title=title, lead=lead, button=button, cancel=cancel)
