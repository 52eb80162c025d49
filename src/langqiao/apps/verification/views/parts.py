"""What the views of concept verification share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import FileResponse
from django.urls import NoReverseMatch, reverse

from langqiao.kit.models import KeptFile


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
