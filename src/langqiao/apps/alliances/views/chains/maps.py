"""The chain map of an industry and its gaps, with the choice of cities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from langqiao.apps.alliances.queries import chains as read
from langqiao.apps.alliances.queries.chains_gaps import KINDS, GapReport, gaps_of
from langqiao.apps.alliances.queries.chains_graph import main_dataset
from langqiao.apps.alliances.queries.chains_map import BOX_HEIGHT, BOX_WIDTH, KEY, MOST, map_of
from langqiao.apps.registry.models import City, Field
from langqiao.kit.exports import Table, as_csv, as_xlsx
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import listed, named

SIZES = (30, MOST, 120)
UPS = (1, 2, 3)
WRITERS = {"csv": as_csv, "xlsx": as_xlsx}
ROWS_SHOWN = 50
NAME_AT_MOST, UNKNOWN_AT_MOST = 40, 5  # characters and names of unknown cities that are told


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address asks for: cities, steps upstream, how many products; ``unknown`` are the cities that
    it names and that do not exist.
    """

    cities: list[City]
    every: list[City]
    up: int
    most: int
    unknown: tuple[str, ...] = ()

    @property
    def is_all(self) -> bool:
        """Whether all nine cities count."""
        return len(self.cities) == len(self.every)

    @property
    def home(self) -> City | None:
        """The one city from which partners are looked for."""
        return self.cities[0] if len(self.cities) == 1 else None

    @property
    def query(self) -> str:
        """The choice as the end of an address."""
        pairs = [] if self.is_all else [("city", city.slug) for city in self.cities]
        return urlencode([*pairs, ("up", self.up)])

    @property
    def words(self) -> str:
        """The cities as a person reads them."""
        return _("九城") if self.is_all else listed(named(city) for city in self.cities)

    @property
    def notice(self) -> str:
        """What the address asks for in vain, and what is shown instead."""
        if not self.unknown:
            return ""
        return _("走廊没有名为“%(names)s”的城市，下面按%(cities)s计算。请在“城市”中选择。") % {
            "names": listed(self.unknown),
            "cities": self.words,
        }


def choice_of(request: HttpRequest) -> Choice:
    """Read the choice; what is unknown counts as not said, and unknown cities are told."""
    every = list(City.objects.all())
    wanted = dict.fromkeys(slug for slug in request.GET.getlist("city") if slug)
    cities = [city for city in every if city.slug in wanted] or every
    known = {city.slug for city in every}
    unknown = [slug[:NAME_AT_MOST].replace("\0", "") for slug in wanted if slug not in known]
    up, most = _one_of(request, "up", UPS, 2), _one_of(request, "most", SIZES, MOST)
    return Choice(cities, every, up, most, tuple(unknown[:UNKNOWN_AT_MOST]))


def _one_of(request: HttpRequest, name: str, known: Sequence[int], default: int) -> int:
    text = request.GET.get(name, "")
    return int(text) if text in {str(number) for number in known} else default


def _industry(request: HttpRequest, pk: int) -> read.Scope:
    return read.scope_of_industry(get_object_or_404(read.industries(request.user), pk=pk))


def _field(request: HttpRequest, slug: str) -> read.Scope:
    dataset = main_dataset(request.user)
    field = get_object_or_404(Field, slug=slug)
    scope = read.scope_of_field(dataset, field) if dataset is not None else None
    if scope is None:
        raise Http404
    return scope


@require_safe
def chain_map(request: HttpRequest, pk: int) -> HttpResponse:
    """The chain map of an industry."""
    return _map(request, _industry(request, pk))


@require_safe
def chain_field_map(request: HttpRequest, slug: str) -> HttpResponse:
    """The chain map of one of the corridor's seven industries."""
    return _map(request, _field(request, slug))


def _map(request: HttpRequest, scope: read.Scope) -> HttpResponse:
    choice = choice_of(request)
    drawing = map_of(scope, request.user, cities=choice.cities, up=choice.up, most=choice.most)
    context = {
        "scope": scope,
        "choice": choice,
        "drawing": drawing,
        "box_width": BOX_WIDTH,
        "box_height": BOX_HEIGHT,
        "ups": UPS,
        "sizes": SIZES,
        "key": KEY,
        "page": "map",
    }
    return render(request, "alliances/chains/map.html", context)


@require_safe
def chain_gaps(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Gap analysis of an industry's chain."""
    return _gaps(request, _industry(request, pk))


@require_safe
def chain_field_gaps(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Gap analysis of one of the corridor's seven industries."""
    return _gaps(request, _field(request, slug))


def _gaps(request: HttpRequest, scope: read.Scope) -> HttpResponseBase:
    choice = choice_of(request)
    wanted = request.GET.get("export", "")
    if wanted in WRITERS and choice.notice:  # a file has no place for the notice
        raise Invalid(
            _("走廊没有名为“%(names)s”的城市，没有导出。") % {"names": listed(choice.unknown)},
            mend=_("请在缺口分析页的“城市”中选择，再导出。"),
            field="city",
        )
    report = gaps_of(scope, request.user, cities=choice.cities, up=choice.up)
    if wanted in WRITERS:
        return WRITERS[wanted](_table(scope, report))
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else next((k for k, *_rest, n in report.counts if n), "missing")
    rows = report.rows[kind]
    every = request.GET.get("all") == "1"
    context = {
        "scope": scope,
        "choice": choice,
        "report": report,
        "kind": kind,
        "words": KINDS[kind],
        "rows": rows if every else rows[:ROWS_SHOWN],
        "hidden": 0 if every else max(0, len(rows) - ROWS_SHOWN),
        "ups": UPS,
        "page": "gaps",
    }
    return render(request, "alliances/chains/gaps.html", context)


def _table(scope: read.Scope, report: GapReport) -> Table:
    def lines() -> Iterator[list[Any]]:
        for kind, (label, _what) in KINDS.items():
            for row in report.rows[kind]:
                firms = [str(firm) for firm in row.firms]
                measures = [row.measure, row.shown, row.why]
                yield [str(label), row.product, row.layer, *measures, firms, row.direct, row.demand]

    return Table(
        name="chain-gaps",
        title=_("%(chain)s缺口") % {"chain": scope.title},
        heads=[
            _("类别"),
            _("产品"),
            _("位置"),
            _("度量"),
            _("度量说明"),
            _("解释"),
            _("企业"),
            _("直接需要的企业（家）"),
            _("加权需求（家）"),
        ],
        rows=lines,
        count=lambda: sum(len(rows) for rows in report.rows.values()),
    )
