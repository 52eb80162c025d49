"""Pages of the dossier: the list of cases, one case with its proof, the file to take away."""

from __future__ import annotations

from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from langqiao.apps.eye.listings.dossiers import DossierListing
from langqiao.apps.eye.queries.dossier import Dossier, as_file, dossier
from langqiao.kit.listing import list_view

dossier_list = list_view(DossierListing)


def _readable_dossier(request: HttpRequest, case: str) -> Dossier:
    found = dossier(case.replace("\0", ""), request.user)
    if found is None:
        raise Http404
    return found


@never_cache
@require_safe
def dossier_detail(request: HttpRequest, case: str) -> HttpResponse:
    """A case from its first entry to its result, each entry checked now (卷宗)."""
    return render(request, "eye/dossier/detail.html", {"dossier": _readable_dossier(request, case)})


@never_cache
@require_safe
def dossier_file(request: HttpRequest, case: str) -> JsonResponse:
    """The same entries as they were hashed, to be checked elsewhere (``langqiao ledger prove``)."""
    shown = _readable_dossier(request, case)
    response = JsonResponse(as_file(shown), json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="dossier-{quote(shown.mark)}.json"'
    return response
