"""Evidence (证据): upload, download, removal, under the rules of its examination."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from langqiao.apps.verification.domain import services
from langqiao.apps.verification.forms.services import EvidenceForm
from langqiao.apps.verification.models import Milestone
from langqiao.apps.verification.views.parts import download
from langqiao.apps.verification.views.services.shared import readable_evidence, readable_one
from langqiao.kit.acting import actor, back, read, tell_refusal
from langqiao.kit.refusals import Refused


@login_required
@require_POST
def evidence_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a file to an examination, or to the milestone named by ``milestone``."""
    examination = readable_one(request, pk)
    key = request.POST.get("milestone", "")
    milestone: Milestone | None = None
    if key.isascii() and key.isdigit() and len(key) < 18:
        milestone = examination.milestones.filter(pk=int(key)).first()
    where: Any = reverse("milestone_detail", args=[milestone.pk]) if milestone else examination
    try:
        values = read(EvidenceForm(request.POST, request.FILES))
        file = values.pop("file")
        services.add_evidence(
            actor(request), examination, file=file, name=file.name or "", milestone=milestone, **values
        )
    except Refused as refused:
        return tell_refusal(request, refused, where)
    return back(request, where, _("证据已上传。"))


@login_required
@require_safe
def evidence_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file, always saved and never shown in place."""
    return download(readable_evidence(request, pk))


@login_required
@require_POST
def evidence_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a file on which no decision stands."""
    evidence = readable_evidence(request, pk)
    examination, milestone = evidence.examination, evidence.milestone
    where: Any = reverse("milestone_detail", args=[milestone.pk]) if milestone else examination
    try:
        services.remove_evidence(actor(request), evidence)
    except Refused as refused:
        return tell_refusal(request, refused, where)
    return back(request, where, _("证据已删除。"))
