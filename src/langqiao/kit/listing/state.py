"""A list's description and the state one request asks it to be in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from langqiao.kit.listing.parts import MAX_TEXT, Column, Empty, Filter, everything, once, read_bound
from langqiao.kit.words import listed

PAGE_SIZES = (25, 50, 100)
DENSITIES = ("comfortable", "compact")
WORDS_AT_MOST = 8


class Listing:
    """Description of a list; subclass it, or make one and set its attributes.

    Attributes:
        slug: stands in file names and ids.
        search: ``icontains`` lookups for the words of ``?q=``; every word must be found.
        detail_template: drawn with ``object`` when a row opens in place (``?open=<pk>``).
    """

    slug: ClassVar[str] = "list"
    title: ClassVar[Any] = ""
    lead: ClassVar[Any] = ""
    columns: ClassVar[Sequence[Column]] = ()
    filters: ClassVar[Sequence[Filter]] = ()
    default_sort: ClassVar[str] = ""
    page_size: ClassVar[int] = 25
    search: ClassVar[tuple[str, ...]] = ()
    search_hint: ClassVar[Any] = _("按名称查找")
    empty: ClassVar[Empty] = Empty(_("这里还没有记录。"))
    detail_template: ClassVar[str] = ""
    template: ClassVar[str] = "listing/list.html"

    def queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Rows the viewer may see; subclasses give it, with ``select_related`` for what columns read."""
        raise NotImplementedError

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:  # noqa: ARG002
        """Label and address of the page's one primary button, or None."""
        return None

    def prepare(self, rows: list[Any], request: HttpRequest) -> list[Any]:  # noqa: ARG002
        """Rows of one page (or of one chunk of an export) before they are drawn; may add to them in bulk."""
        return rows

    def extra_context(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002
        """More for the template, such as a figure beside the list."""
        return {}


@dataclass(frozen=True)
class FilterState:
    """A filter with the value the address gives it."""

    filter: Filter
    value: Any
    options: Sequence[tuple[str, Any]]

    @property
    def is_set(self) -> bool:
        return self.value not in (None, "", [], (None, None), False)

    @property
    def words(self) -> str:
        """The value as a person reads it, for the chip above the list."""
        if self.filter.kind == "range":
            low, high = self.value
            return f"{'' if low is None else low} – {'' if high is None else high}".strip()
        labels = dict(self.options)
        values = self.value if isinstance(self.value, list) else [self.value]
        return listed(str(labels.get(value, value)) for value in values)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the address parameters that carry it."""
        name = self.filter.name
        return (f"{name}_min", f"{name}_max") if self.filter.kind == "range" else (name,)


@dataclass(frozen=True)
class SortLink:
    """A column's heading: where a click leads, and how it is sorted now."""

    column: Column
    query: str
    direction: str  # "ascending", "descending" or ""


class ListState:
    """A listing as one request asks for it: filters, sort, page, all kept in the address."""

    def __init__(self, listing: Listing, request: HttpRequest) -> None:
        self.listing, self.request, self.query = listing, request, request.GET

    @cached_property
    def q(self) -> str:
        return self.query.get("q", "").replace("\0", "").strip()[:MAX_TEXT]

    @cached_property
    def filters(self) -> list[FilterState]:
        return [self._read(one) for one in self.listing.filters]

    def _read(self, one: Filter) -> FilterState:
        options = one.options()
        known = {value for value, _label in options}
        text = self.query.get(one.name, "").replace("\0", "").strip()[:MAX_TEXT]
        value: Any
        if one.kind == "range":
            value = tuple(read_bound(self.query.get(f"{one.name}_{end}", "")) for end in ("min", "max"))
        elif one.kind == "multi":
            value = [v for v in dict.fromkeys(self.query.getlist(one.name)) if v in known]
        elif one.kind == "bool":
            value = text == "1"
        elif one.kind == "choice":
            value = text if text in known else ""
        else:
            value = text
        return FilterState(one, value, options)

    @cached_property
    def active(self) -> list[FilterState]:
        return [state for state in self.filters if state.is_set]

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.active)

    @cached_property
    def sort(self) -> str:
        """Name of the column sorted by, with ``-`` for descending; the default when unknown."""
        wanted = self.query.get("sort", "")
        names = {column.name for column in self.listing.columns if column.order}
        return wanted if wanted.lstrip("-") in names else self.listing.default_sort

    @cached_property
    def rows(self) -> QuerySet[Any]:
        """All rows the filters leave, in order."""
        rows = self.listing.queryset(self.request)
        for word in self.q.split()[:WORDS_AT_MOST]:
            rows = self._find(rows, word)
        for state in self.active:
            rows = state.filter.narrow(rows, state.value)
        return self._ordered(rows)

    def _find(self, rows: QuerySet[Any], word: str) -> QuerySet[Any]:
        if not self.listing.search:
            return rows
        anywhere = Q()
        for lookup in self.listing.search:
            anywhere |= Q(**{f"{lookup}__icontains": word})
        found = everything(rows.model).filter(anywhere).values("pk")
        return once(rows, {"pk__in": found})

    def _ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        name, down = self.sort.lstrip("-"), self.sort.startswith("-")
        column = next((c for c in self.listing.columns if c.name == name and c.order), None)
        if column is None:
            return rows if rows.ordered else rows.order_by("pk")
        terms: list[Any] = []
        for field in column.order:
            # A field's own minus turns with the column's direction; unknown values come last either way.
            descending = down != field.startswith("-")
            term = F(field.lstrip("-"))
            terms.append(term.desc(nulls_last=True) if descending else term.asc(nulls_last=True))
        return rows.order_by(*terms, "-pk" if down else "pk")

    @cached_property
    def per(self) -> int:
        wanted = self.query.get("per", "")
        return int(wanted) if wanted in {str(size) for size in PAGE_SIZES} else self.listing.page_size

    @property
    def page_sizes(self) -> tuple[int, ...]:
        return tuple(sorted({*PAGE_SIZES, self.listing.page_size}))

    @cached_property
    def density(self) -> str:
        wanted = self.query.get("density", "")
        return wanted if wanted in DENSITIES else DENSITIES[0]

    @cached_property
    def page(self) -> Page[Any]:
        return Paginator(self.rows, self.per).get_page(self.query.get("page"))

    @cached_property
    def shown(self) -> list[Any]:
        """The rows of the page, prepared."""
        return self.listing.prepare(list(self.page.object_list), self.request)

    @property
    def total(self) -> int:
        return int(self.page.paginator.count)

    @property
    def columns(self) -> list[Column]:
        """The columns on the page."""
        return [column for column in self.listing.columns if not column.export_only]

    @cached_property
    def sort_links(self) -> list[SortLink]:
        links = []
        for column in self.columns:
            at = self.sort.lstrip("-") == column.name
            down = self.sort.startswith("-")
            direction = ("descending" if down else "ascending") if at else ""
            target = f"-{column.name}" if at and not down else column.name
            links.append(SortLink(column, self.address(sort=target, page=None), direction))
        return links

    def address(self, **changes: Any) -> str:
        """The query string with some parameters changed (None drops one), beginning with ``?``."""
        query: QueryDict = self.query.copy()
        for name in ("export", "open"):
            query.pop(name, None)
        for name, value in changes.items():
            if value is None:
                query.pop(name, None)
            else:
                query[name] = value
        for name in [name for name in query if not any(query.getlist(name))]:
            query.pop(name)
        return "?" + query.urlencode()

    @cached_property
    def chips(self) -> list[tuple[Any, str, str]]:
        """Label, words and the address without it, for every filter that is set."""
        made: list[tuple[Any, str, str]] = []
        if self.q:
            made.append((_("查找"), self.q, self.address(q=None, page=None)))
        for state in self.active:
            without = dict.fromkeys((*state.names, "page"))
            label = state.filter.label
            words = "" if state.filter.kind == "bool" else state.words
            made.append((label, words, self.address(**without)))
        return made

    @property
    def cleared(self) -> str:
        """The address with no filter, keeping sort and density."""
        names = [name for state in self.filters for name in state.names]
        return self.address(**dict.fromkeys([*names, "q", "page"]))

    @property
    def links(self) -> dict[str, str]:
        """Addresses of the list's own tools."""
        other = DENSITIES[1] if self.density == DENSITIES[0] else None
        return {
            "csv": self.address(page=None) + "&export=csv",
            "xlsx": self.address(page=None) + "&export=xlsx",
            "density": self.address(density=other),
            "previous": self.address(page=self.page.number - 1),
            "next": self.address(page=self.page.number + 1),
        }

    @property
    def pages(self) -> list[tuple[int, str]]:
        """Page numbers around the present one with their addresses; 0 stands for a gap."""
        numbers = self.page.paginator.get_elided_page_range(self.page.number, on_each_side=1, on_ends=1)
        return [(n, self.address(page=n)) if isinstance(n, int) else (0, "") for n in numbers]
