"""A data set with its report, and the page that takes firms' own tables."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from langqiao.apps.alliances.domain.chains import Origin, load_table
from langqiao.apps.alliances.domain.chains.loading import report_of
from langqiao.apps.alliances.domain.chains.own import COLUMNS
from langqiao.apps.alliances.forms.chains import OwnTableForm
from langqiao.apps.alliances.models.chains import ChainDataset
from langqiao.apps.alliances.queries.chains_graph import visible_datasets
from langqiao.apps.alliances.queries.chains_report import reasons, told
from langqiao.apps.ledger.queries import readable
from langqiao.kit.acting import add_refusal, is_partial
from langqiao.kit.exports import Table, as_csv, as_xlsx
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Refused
from langqiao.kit.tables import Limits, open_table

ISSUES_SHOWN = 100
TABLE_BYTES = 20 << 20
WRITERS = {"csv": as_csv, "xlsx": as_xlsx}


def _issues(dataset: ChainDataset, issues: list[dict[str, Any]]) -> Table:
    names = ("file", "row", "field", "value", "outcome", "reason")
    return Table(
        name=f"{dataset.slug}-rows",
        title=_("逐行说明"),
        heads=[_("文件"), _("行"), _("列"), _("内容"), _("处理"), _("原因")],
        rows=lambda: ([one[name] for name in names] for one in told(issues)),
        count=lambda: len(issues),
    )


@require_safe
def chain_dataset(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Where a data set comes from, what became of every row, what was done to it."""
    dataset = get_object_or_404(visible_datasets(request.user).select_related("base"), slug=slug)
    report = report_of(dataset)
    issues = report.get("issues", [])
    if (wanted := request.GET.get("export", "")) in WRITERS:
        return WRITERS[wanted](_issues(dataset, issues))
    context = {
        "dataset": dataset,
        "files": report.get("files", []),
        "reasons": reasons(issues),
        "issues": told(issues[:ISSUES_SHOWN]),
        "issue_count": len(issues),
        "overlays": visible_datasets(request.user).filter(base=dataset),
        "entries": readable(request.user).filter(object=f"alliances.chaindataset:{dataset.pk}"),
        "may_load": allowed(request.user, "chains.load"),
    }
    return render(request, "alliances/chains/dataset.html", context)


@require_safe
def chain_dataset_by_key(request: HttpRequest, pk: int) -> HttpResponse:
    """The ledger knows a data set by its key, readers by its slug."""
    return redirect(get_object_or_404(visible_datasets(request.user), pk=pk))


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def own_table(request: HttpRequest) -> HttpResponse:
    """Check or take over a firms' own table; every fault is told with its row and column."""
    require(request.user, "chains.load")
    bases = visible_datasets(request.user).filter(base=None)
    form = OwnTableForm(request.POST or None, request.FILES or None, bases=bases)
    context: dict[str, Any] = {"form": form, "columns": COLUMNS, "has_base": bases.exists()}
    if request.method == "POST" and form.is_valid():
        is_trial = request.POST.get("act") != "load"
        try:
            report, loaded = _take(request, form, is_trial=is_trial)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            context |= {"report": report, "loaded": loaded, "is_trial": is_trial}
    template = "alliances/chains/_own_report.html" if is_partial(request) else "alliances/chains/own.html"
    # htmx swaps a 4xx in as well; the page itself says 422 where a field is wrong.
    return render(request, template, context, status=422 if form.errors else 200)


def _take(request: HttpRequest, form: OwnTableForm, *, is_trial: bool) -> Any:
    values = form.cleaned_data
    table = open_table(values["file"], limits=Limits(file_bytes=TABLE_BYTES))
    origin = Origin(
        slug=values["slug"],
        name=values["name"],
        version=timezone.localdate().isoformat(),
        source_name=values["source_name"],
        source_date=timezone.localdate(),
        is_public=values["is_public"],
        illustrative=values["base"].illustrative,
    )
    return load_table(request.user, table, base=values["base"], origin=origin, dry_run=is_trial)
