"""The list of cases (项目), each with the way to its dossier."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from langqiao.apps.eye.queries.dossier import STAGES, stage_of
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.ledger.queries import readable
from langqiao.apps.ledger.words import in_words
from langqiao.apps.registry.models import City
from langqiao.kit.listing import Column, Empty, Filter, Listing
from langqiao.kit.words import listed, named

FIVE_MINUTES = 300
# Apps that carry cases, in words.
APPS = {
    "challenges": _("企业出题"),
    "verification": _("概念验证"),
    "conference": _("联席会议"),
    "computing": _("算力"),
    "quantum": _("量子"),
}


def dossier_url(case: str) -> str:
    """The page of a case's dossier; "" for a number that no address can carry."""
    try:
        return reverse("eye_dossier", args=[case])
    except NoReverseMatch:
        return ""


def _cities() -> list[tuple[str, str]]:
    return [(city.slug, named(city)) for city in City.objects.all()]


def _apps() -> list[tuple[str, Any]]:
    """Apps that have cases in this ledger; remembered a while, the ledger may be long."""
    found: list[str] | None = cache.get("eye-case-apps")
    if found is None:
        found = [app for app in APPS if Entry.objects.filter(app=app).exclude(case="").exists()]
        cache.set("eye-case-apps", found, FIVE_MINUTES)
    return [(app, APPS[app]) for app in found]


def _touching(field: str) -> Any:
    """A filter for cases of which an entry that everybody may read, or the first one shown, has the value."""

    def narrow(rows: QuerySet[Entry], value: Any) -> QuerySet[Entry]:
        public = Entry.objects.filter(visibility=Visibility.PUBLIC, **{field: value}).exclude(case="")
        return rows.filter(Q(**{field: value}) | Q(case__in=public.order_by().values("case")))

    return narrow


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _between(rows: QuerySet[Entry], days: tuple[Any, Any]) -> QuerySet[Entry]:
    """Cases that began by the last day and went on at the first day or later."""
    first, last = days
    if isinstance(first, date):
        rows = _touching("at__gte")(rows, _midnight(first))
    if isinstance(last, date):
        rows = rows.filter(at__lt=_midnight(last) + timedelta(days=1))
    return rows


def _tags(row: Any) -> Any:
    """Cities as tags that stay whole in a narrow column."""
    tags = ((city,) for city in row.cities)
    return format_html_join(" ", '<span class="lq-tag text-nowrap">{}</span>', tags)


class DossierListing(Listing):
    """Cases of which the reader may see something; a row is the first entry of its case."""

    slug = "cases"
    title = _("项目卷宗")
    lead = _("一个项目从出题到结果的全部台账记录，逐条带证明，可打印、可下载核对。")
    default_sort = "-last"
    search = ("case",)
    search_hint = _("项目编号")
    empty = Empty(_("台账里还没有项目。"), _("题目发布、征集发布或会议召开后，项目会出现在这里。"))
    columns = (
        Column("case", _("项目编号"), sort="case", kind="code", link=lambda e: dossier_url(e.case)),
        Column("about", _("事由"), lambda e: e.about),
        Column("stages", _("阶段"), kind="tags", secondary=True),
        Column("cities", _("城市"), _tags, export=lambda e: listed(e.cities), secondary=True),
        Column("number", _("记录数"), sort="held", kind="number"),
        Column("at", _("开始"), sort="at", kind="date", export_only=True),
        Column("last", _("最近"), sort="newest", kind="date"),
    )
    filters = (
        Filter("city", _("城市"), choices=_cities, apply=_touching("city")),
        Filter("app", _("模块"), choices=_apps, apply=_touching("app")),
        Filter("at", _("日期"), "range", apply=_between),
        Filter("number", _("记录数"), "range", apply="held"),
    )

    def queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        seen = readable(request.user).exclude(case="").order_by()
        rows = Entry.objects.filter(
            sequence__in=seen.values("case").annotate(first=Min("sequence")).values("first")
        )
        of_case = seen.filter(case=OuterRef("case")).values("case")
        # Worked out for every case, so only where the list is ordered or narrowed by it.
        sort = request.GET.get("sort", self.default_sort).lstrip("-")
        if sort == "number" or request.GET.get("number_min") or request.GET.get("number_max"):
            rows = rows.annotate(held=Subquery(of_case.annotate(n=Count("sequence")).values("n")))
        if sort not in {"number", "at", "case"}:
            rows = rows.annotate(newest=Subquery(of_case.annotate(n=Max("sequence")).values("n")))
        return rows

    def prepare(self, rows: list[Any], request: HttpRequest) -> list[Any]:
        cities = {city.slug: named(city) for city in City.objects.all()}
        seen = readable(request.user).filter(case__in=[row.case for row in rows]).order_by()
        parts: dict[str, list[Any]] = defaultdict(list)
        for part in seen.values("case", "app", "verb", "city").annotate(
            n=Count("sequence"), first=Min("sequence"), last=Max("at")
        ):
            parts[part["case"]].append(part)
        for row, act in zip(rows, in_words(rows, request.user), strict=True):
            own = sorted(parts[row.case], key=lambda part: part["first"])
            stages = {stage_of(Entry(app=part["app"], verb=part["verb"])) for part in own}
            row.about = act.object.label or act.kind
            row.stages = [STAGES[key] for key in STAGES if key in stages]
            row.cities = list(dict.fromkeys(cities.get(p["city"], p["city"]) for p in own if p["city"]))
            row.number = sum(part["n"] for part in own)
            row.last = max(part["last"] for part in own)
        return rows
