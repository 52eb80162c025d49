"""Pages of the ledger: the list of acts, one entry with its proof, the thread of a case."""

from __future__ import annotations

import json
from typing import Any

from django.core.cache import cache
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from langqiao.apps.ledger.chain import GENESIS, entry_hash
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.ledger.queries import head, readable, readable_entry
from langqiao.apps.ledger.words import in_words
from langqiao.kit.listing import Column, Empty, Filter, Listing, list_view
from langqiao.kit.permissions import allowed

FIVE_MINUTES = 300


def _distinct(*fields: str) -> list[tuple[str, ...]]:
    """Values that occur in the ledger; remembered a while, the ledger may be long."""
    key = f"ledger-{'-'.join(fields)}"
    found: list[tuple[str, ...]] | None = cache.get(key)
    if found is None:
        found = list(Entry.objects.order_by(*fields).values_list(*fields).distinct())
        cache.set(key, found, FIVE_MINUTES)
    return found


def _cities() -> list[tuple[str, str]]:
    """Cities that occur in the ledger, in words."""
    slugs = [slug for (slug,) in _distinct("city") if slug]
    words = in_words([Entry(sequence=0, city=slug) for slug in slugs], None)
    return [(slug, act.city or slug) for slug, act in zip(slugs, words, strict=True)]


def _verbs() -> list[tuple[str, str]]:
    """Verbs that occur in the ledger, in words."""
    pairs = _distinct("app", "verb")
    words = in_words([Entry(sequence=0, app=app, verb=verb) for app, verb in pairs], None)
    return list({act.entry.verb: (act.entry.verb, act.verb) for act in words}.values())


def _entry_url(entry: Entry) -> str:
    return reverse("ledger_entry", args=[entry.sequence])


def _case_url(entry: Entry) -> str:
    return reverse("case_detail", args=[entry.case]) if entry.case else ""


def _verb(entry: Any) -> str:
    """The verb, with who may see the entry where that is not everybody."""
    if entry.visibility == Visibility.PUBLIC:
        return str(entry.in_words.verb)
    seen_by = entry.get_visibility_display()
    return format_html('{} <span class="lq-badge lq-tone-warning">{}</span>', entry.in_words.verb, seen_by)


def _object(entry: Any) -> str:
    return str(entry.in_words.object.label or entry.in_words.kind)


def _between(rows: QuerySet[Entry], days: tuple[Any, Any]) -> QuerySet[Entry]:
    first, last = days
    if first is not None and hasattr(first, "year"):
        rows = rows.filter(at__date__gte=first)
    if last is not None and hasattr(last, "year"):
        rows = rows.filter(at__date__lte=last)
    return rows


class LedgerListing(Listing):
    """Acts that the reader may see, newest first."""

    slug = "ledger"
    title = _("台账")
    lead = _("走廊里每一个要紧的动作都记在这里，前后以国密 SM3 摘要相连，改动任何一条都会被发现。")
    default_sort = "-sequence"
    search = ("case", "object")
    search_hint = _("项目编号或对象编号")
    empty = Empty(_("台账还没有记录。"), _("登记机构、发布题目等动作会自动记入。"))
    columns = (
        Column("sequence", _("序号"), sort="sequence", kind="number"),
        Column("at", _("时间"), sort="at", kind="date"),
        Column("verb", _("动作"), _verb, export=lambda e: e.in_words.verb),
        Column("object", _("对象"), _object, link=_entry_url),
        Column("organisation", _("机构"), lambda e: e.in_words.organisation.label, secondary=True),
        Column("city", _("城市"), lambda e: e.in_words.city, secondary=True),
        Column("case", _("项目"), kind="code", secondary=True, link=_case_url),
        Column("visibility", _("可见范围"), "get_visibility_display", export_only=True),
        Column("hash", _("摘要（SM3）"), export_only=True),
    )
    filters = (
        Filter("verb", _("动作"), choices=_verbs),
        Filter("city", _("城市"), choices=_cities),
        Filter("case", _("项目编号"), "text", apply="case__iexact"),
        Filter("at", _("日期"), "range", apply=_between),
    )

    def queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        return readable(request.user)

    def prepare(self, rows: list[Any], request: HttpRequest) -> list[Any]:
        for row, act in zip(rows, in_words(rows, request.user), strict=True):
            row.in_words = act
        return rows


ledger_list = list_view(LedgerListing)


@require_safe
def entry_detail(request: HttpRequest, sequence: int) -> HttpResponse:
    """One entry with the hashes that tie it in, and whether its own hash holds."""
    entry = readable_entry(request.user, sequence)
    if entry is None:
        raise Http404
    before = Entry.objects.filter(sequence=sequence - 1).values_list("hash", flat=True).first()
    recomputed = entry_hash(entry)
    context = {
        "act": in_words([entry], request.user)[0],
        "entry": entry,
        "data": ""
        if entry.data == "{}"
        else json.dumps(json.loads(entry.data), ensure_ascii=False, indent=2),
        "recomputed": recomputed,
        "holds": recomputed == entry.hash,
        "follows": entry.previous == (before or GENESIS),
        "head": head(),
    }
    return render(request, "ledger/entry.html", context)


@require_safe
def case_detail(request: HttpRequest, case: str) -> HttpResponse:
    """The thread of a case (项目): its entries in order, as far as the reader may see them."""
    entries = list(readable(request.user, case).order_by("sequence"))
    if not entries:
        raise Http404
    acts = in_words(entries, request.user)
    cities = list(dict.fromkeys(act.city for act in acts if act.city))
    parties = {act.organisation.label: act.organisation for act in acts if act.organisation.label}
    context = {
        "case": case,
        "acts": acts,
        "cities": cities,
        "parties": list(parties.values()),
        "first": entries[0],
        "last": entries[-1],
        # Said whether or not there are others: that an entry was made may itself be for the office alone.
        "partly": not allowed(request.user, "ledger.read_all"),
    }
    return render(request, "ledger/case.html", context)
