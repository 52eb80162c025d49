"""What the views share."""

from __future__ import annotations

from django.http import HttpRequest

from langqiao.apps.computing.forms.parts import ReasonForm
from langqiao.kit.acting import read


def reason(request: HttpRequest) -> str:
    """The reason of an act."""
    return str(read(ReasonForm(request.POST))["why"])
