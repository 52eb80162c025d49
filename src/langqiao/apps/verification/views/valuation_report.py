"""The report of a valuation (估值报告): printed from the browser on A4, or taken along as a document."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from langqiao.apps.ledger.words import in_words
from langqiao.apps.verification.documents.valuation import Proof, facts, written
from langqiao.apps.verification.domain.valuation.finishing import report_digest
from langqiao.apps.verification.domain.valuation.studies import study_of
from langqiao.apps.verification.queries.valuation import proved_digest, thread
from langqiao.apps.verification.queries.valued import disclaimer, shown
from langqiao.apps.verification.views.services.report import DOCX
from langqiao.apps.verification.views.valuation import readable_one


def _parts(request: HttpRequest, pk: int) -> dict[str, Any]:
    valuation = readable_one(request, pk)
    if not valuation.result:
        raise Http404
    entries = thread(valuation)
    return {
        "valuation": valuation,
        "valued": shown(study_of(valuation), valuation.result),
        "facts": facts(valuation),
        "disclaimer": disclaimer(),
        "versions": sorted(valuation.receipt["versions"].items()),
        "acts": in_words(entries, request.user),
        "digest": report_digest(valuation),
        "proved": proved_digest(entries),
        "printed_at": timezone.now(),
    }


@login_required
@require_safe
def valuation_report(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole valuation on paper, with every assumption, the receipt and the ledger's proof."""
    return render(request, "verification/valuation/report.html", _parts(request, pk))


@login_required
@require_safe
def valuation_docx(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as a document (DOCX)."""
    parts = _parts(request, pk)
    valuation = parts["valuation"]
    proof = Proof(parts["acts"], parts["digest"], parts["proved"], parts["printed_at"])
    response = HttpResponse(written(valuation, parts["valued"], proof=proof), content_type=DOCX)
    response["Content-Disposition"] = f'attachment; filename="{valuation.case}-{valuation.pk}.docx"'
    response["Cache-Control"] = "private, no-store"
    return response
