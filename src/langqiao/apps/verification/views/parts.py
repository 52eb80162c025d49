"""What the views of concept verification share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse

from langqiao.kit.models import KeptFile
from langqiao.kit.refusals import Invalid, Refused


@dataclass(frozen=True, slots=True)
class Primary:
    """The page's one primary button: it leads to an address, does an act, or opens a dialog.

    ``confirm`` is asked before the act.
    """

    label: Any
    icon: str
    url: str = ""
    act: str = ""
    dialog: str = ""
    confirm: Any = ""


def actor(request: HttpRequest) -> Any:
    """Who acts, for a verb; the rule refuses a stranger."""
    return request.user


def is_partial(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def back(request: HttpRequest, where: Any, done: Any = "") -> HttpResponse:
    """Redirect to a page (a record or an address) with a word of success."""
    if done:
        messages.success(request, str(done))
    return redirect(where)


def tell_refusal(request: HttpRequest, refused: Refused, where: Any) -> HttpResponse:
    """Redirect with the refusal's words."""
    messages.error(request, str(refused))
    return redirect(where)


def add_refusal(form: forms.Form, refused: Refused) -> None:
    """Show a verb's refusal at the field it names, or above the form."""
    form.add_error(refused.field if refused.field in form.fields else None, str(refused))


def read(form: forms.Form) -> dict[str, Any]:
    """Cleaned values of a small form, or its first fault as a refusal.

    Raises:
        Invalid: a value is missing or wrong; the message names its label.
    """
    if form.is_valid():
        return dict(form.cleaned_data)
    name, faults = next(iter(form.errors.items()))
    label = form.fields[name].label if name in form.fields else ""
    raise Invalid(f"{label}：{faults[0]}" if label else str(faults[0]), field=name)


def address(name: str, *args: Any) -> str:
    """Where a page lies, "" when the part that draws it is not there."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def download(kept: KeptFile, *, name: str = "") -> FileResponse:
    """A kept file, always saved and never shown in place; ``name`` where its own would tell too much."""
    response = FileResponse(
        kept.file.open("rb"), as_attachment=True, filename=name or kept.name, content_type=kept.media_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
