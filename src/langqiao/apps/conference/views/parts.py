"""What the views share."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from langqiao.apps.conference.forms import ReasonForm
from langqiao.apps.conference.models.base import Filed
from langqiao.kit.acting import read
from langqiao.kit.refusals import Invalid


def reason(request: HttpRequest) -> str:
    """The reason of an act."""
    return str(read(ReasonForm(request.POST))["why"])


def upload(request: HttpRequest, name: str = "file", *, required: bool = False) -> Any:
    """The uploaded file, None when there is none.

    Raises:
        Invalid: one is required and missing.
    """
    file = request.FILES.get(name)
    if file is None and required:
        raise Invalid(_("请选择文件。"), field=name)
    return file


def download(held: Filed) -> HttpResponseBase:
    """A file, always saved and never shown in place; whoever calls has judged who may."""
    if not held.file:
        raise Http404
    response = FileResponse(
        held.file.open("rb"), as_attachment=True, filename=held.name, content_type=held.media_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
