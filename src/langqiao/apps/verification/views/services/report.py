"""The report of an examination (报告): printed from the browser on A4, or taken along as a document."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from langqiao.apps.ledger.words import in_words
from langqiao.apps.verification.documents.examination import Proof, written
from langqiao.apps.verification.queries.services import dossier, proved_digest, thread
from langqiao.apps.verification.views.services.shared import readable_one

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _parts(request: HttpRequest, pk: int) -> dict[str, Any]:
    examination = readable_one(request, pk)
    entries = thread(examination, request.user)
    return {
        "examination": examination,
        "dossier": dossier(examination),
        "acts": in_words(entries, request.user),
        "experts": list(examination.experts.select_related("organisation")),
        "proved": proved_digest(entries),
        "printed_at": timezone.now(),
    }


@login_required
@require_safe
def examination_report(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole record on paper, with the ledger's proof."""
    return render(request, "verification/services/report.html", _parts(request, pk))


@login_required
@require_safe
def examination_docx(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as a document (DOCX)."""
    parts = _parts(request, pk)
    examination = parts["examination"]
    content = written(
        parts["dossier"],
        experts=parts["experts"],
        proof=Proof(parts["acts"], parts["proved"], parts["printed_at"]),
    )
    response = HttpResponse(content, content_type=DOCX)
    response["Content-Disposition"] = f'attachment; filename="{examination.case}-{examination.pk}.docx"'
    response["Cache-Control"] = "private, no-store"
    return response
