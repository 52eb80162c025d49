"""Registration of public data sets (公开数据集): an app says in ``datasets.py`` what of its own is public.

The app knows what is public, so the app gives the rows; formats, addresses, catalogue and limits are the
same for all and stand in ``apps.eye``. Rows are streamed: a data set never sits in memory as a whole.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal, get_args

from django.conf import settings
from django.db.models import Count, Max, Model, QuerySet

ColumnType = Literal["text", "integer", "number", "decimal", "boolean", "date", "datetime", "list"]
TYPES: tuple[str, ...] = get_args(ColumnType)
CHUNK = 2000  # rows fetched at a time
_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")

# The project's own data are offered under CC BY 4.0 unless LANGQIAO_OPEN_DATA_LICENCE says otherwise.
CC_BY = "https://creativecommons.org/licenses/by/4.0/"


def default_licence() -> str:
    """Address of the licence of data that the corridor itself makes public."""
    return str(getattr(settings, "OPEN_DATA_LICENCE", CC_BY))


@dataclass(frozen=True)
class Column:
    """A column of a data set, as the data dictionary (数据字典) explains it.

    Attributes:
        name: stable heading in every format, lower-case ASCII with ``_``.
        type: one of :data:`TYPES`. ``number`` is a binary double, ``decimal`` exact, ``datetime`` in UTC,
            ``list`` a list of text (joined by ``;`` in CSV).
        description: what it holds, as lazy text (Chinese source string).
        unit: such as ``CNY 10,000``, ``km``, ``GPU``; empty for a count or a text.
        of: path for ``values_list`` where it differs from ``name``, such as ``city__code``; in a ``list``
            it may lead to many, such as ``fields__slug``.
        values: code and lazy label of every value of a coded column, such as ``Field.choices``.
        read: turns the database's value into the published one.
    """

    name: str
    type: ColumnType
    description: Any
    unit: str = ""
    of: str = ""
    values: Sequence[tuple[Any, Any]] = ()
    read: Callable[[Any], Any] | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"column name {self.name!r} is not lower-case ASCII")
        if self.type not in TYPES:
            raise ValueError(f"column {self.name}: type {self.type!r} is none of {TYPES}")


@dataclass(frozen=True)
class Distribution:
    """One more form of a data set beside the tables, such as a graph.

    Attributes:
        ending: stands in the address, such as ``graphml``; lower-case letters and digits.
        media_type: IANA media type.
        title: lazy text.
        chunks: bytes, made anew on each call.
    """

    ending: str
    media_type: str
    title: Any
    chunks: Callable[[], Iterable[bytes]]


@dataclass(frozen=True)
class Dataset:
    """A public data set (公开数据集).

    Attributes:
        slug: stable address, ``/open-data/<slug>/``; lower-case words with ``-``. Never change it.
        title, description, keywords: lazy texts.
        columns: the dictionary; empty for a data set that is only ``more``, such as a graph.
        records: makes the queryset of PUBLIC records; ordered by something unique (else by key).
        rows: makes the rows as tuples in the order of ``columns`` where a queryset does not do; streaming.
        count: number of rows; needed with ``rows`` where they are many.
        modified: when the data last changed; by default the latest ``updated_at`` (or ``created_at``,
            ``at``) of ``records``.
        depends: models of other tables that rows read, such as for an organisation's name.
        state: text that changes whenever a byte of the data may change, for ETag; by default count and
            ``modified``, with those of ``depends``.
        licence: address of the licence; empty for the corridor's own (``settings.OPEN_DATA_LICENCE``).
        publisher: lazy name; empty for the corridor's office.
        source: lazy text on where the data come from, or empty.
        app: label of the app, for grouping.
        more: further distributions.
        temporal: first and last day the data speak of, where known.
        spatial: GB/T 2260 codes of the areas it covers; empty for all nine cities.
        example: whether every record is illustrative (示例); single marks stand in a column.
    """

    slug: str
    title: Any
    description: Any
    app: str
    columns: Sequence[Column] = ()
    records: Callable[[], QuerySet[Any]] | None = None
    rows: Callable[[], Iterable[Sequence[Any]]] | None = None
    count: Callable[[], int] | None = None
    modified: Callable[[], datetime | None] | None = None
    depends: Sequence[type[Model]] = ()
    state: Callable[[], str] | None = None
    keywords: Sequence[Any] = ()
    licence: str = ""
    publisher: Any = ""
    source: Any = ""
    more: Sequence[Distribution] = ()
    temporal: Callable[[], tuple[Any, Any] | None] | None = None
    spatial: Sequence[str] = ()
    example: bool = False

    def __post_init__(self) -> None:
        if not _SLUG.fullmatch(self.slug):
            raise ValueError(f"slug {self.slug!r} is not lower-case words joined by '-'")
        if self.columns and (self.records is None) == (self.rows is None):
            raise ValueError(f"data set {self.slug}: give either records or rows")
        if not self.columns and not self.more:
            raise ValueError(f"data set {self.slug} offers nothing")
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError(f"data set {self.slug}: a column stands twice")

    def lines(self) -> Iterator[tuple[Any, ...]]:
        """All rows, streamed, each value in the form its column's type asks for."""
        readers = [column.read for column in self.columns]
        for row in self._raw():
            yield tuple(
                value if read is None else read(value) for read, value in zip(readers, row, strict=True)
            )

    def _raw(self) -> Iterable[Sequence[Any]]:
        if self.rows is not None:
            return self.rows()
        assert self.records is not None
        rows = self.records()
        rows = rows if rows.ordered else rows.order_by("pk")
        many = {
            column.name: column.of
            for column in self.columns
            if column.type == "list" and "__" in column.of and _leads_to_many(rows.model, column.of)
        }
        single = [column.of or column.name for column in self.columns if column.name not in many]
        if not many:
            return rows.values_list(*single).iterator(chunk_size=CHUNK)
        return self._with_many(rows.values_list("pk", *single).iterator(chunk_size=CHUNK), rows.model, many)

    def _with_many(
        self, rows: Iterator[Any], model: type[Model], many: dict[str, str]
    ) -> Iterator[tuple[Any, ...]]:
        """Rows with their lists from other tables, read once for each chunk."""
        while chunk := list(islice(rows, CHUNK)):
            keys = [row[0] for row in chunk]
            lists = {name: _lists(model, path, keys) for name, path in many.items()}
            for key, *rest in chunk:
                left = iter(rest)
                yield tuple(
                    lists[column.name].get(key, []) if column.name in many else next(left)
                    for column in self.columns
                )

    def size(self) -> int | None:
        """Number of rows; None for a data set without a table."""
        if self.count is not None:
            return self.count()
        if self.records is not None:
            return self.records().count()
        return sum(1 for _row in self.rows()) if self.rows is not None else None

    def changed(self) -> datetime | None:
        """When the data last changed, in UTC to the second; None when unknown or empty."""
        found = self._latest()
        return None if found is None else found.astimezone(UTC).replace(microsecond=0)

    def mark(self) -> str:
        """Text that changes whenever the data may have changed."""
        if self.state is not None:
            return self.state()
        latest = self._latest()
        counts = [self.size(), *(_count_and_latest(_all_of(model))[0] for model in self.depends)]
        return f"{counts}|{'' if latest is None else latest.isoformat()}"

    def _latest(self) -> datetime | None:
        if self.modified is not None:
            return self.modified()
        known = [] if self.records is None else [_count_and_latest(self.records())[1]]
        known += [_count_and_latest(_all_of(model))[1] for model in self.depends]
        return max((moment for moment in known if moment is not None), default=None)


def _all_of(model: type[Model]) -> QuerySet[Any]:
    return model._base_manager.all()  # noqa: SLF001  documented for generic code


def _count_and_latest(rows: QuerySet[Any]) -> tuple[int, datetime | None]:
    """Number of rows and when one of them was last written, as far as the table says."""
    fields = {field.name for field in rows.model._meta.concrete_fields}
    name = next((name for name in ("updated_at", "at", "created_at") if name in fields), None)
    if name is None:
        return rows.count(), None
    told = rows.order_by().aggregate(n_rows=Count("pk"), n_last=Max(name))
    return told["n_rows"], told["n_last"]


def _leads_to_many(model: type[Model], path: str) -> bool:
    field = model._meta.get_field(path.split("__", 1)[0])
    return bool(field.one_to_many or field.many_to_many)


def _lists(model: type[Model], path: str, keys: list[Any]) -> dict[Any, list[Any]]:
    """Values at a path to many for each key, in their own order, each once."""
    found: dict[Any, list[Any]] = defaultdict(list)
    rows = model._base_manager.filter(pk__in=keys)  # noqa: SLF001  documented for generic code
    for key, value in rows.order_by("pk", path).values_list("pk", path).distinct():
        if value is not None:
            found[key].append(value)
    return found


_published: dict[str, Dataset] = {}


def publish(*sets: Dataset) -> None:
    """Register public data sets; call it in ``AppConfig.ready``.

    Raises:
        KeyError: the slug is taken.
    """
    for one in sets:
        if one.slug in _published:
            raise KeyError(one.slug)
        _published[one.slug] = one


def datasets() -> list[Dataset]:
    """All public data sets by slug."""
    return [_published[slug] for slug in sorted(_published)]


def dataset(slug: str) -> Dataset | None:
    """The data set with this address."""
    return _published.get(slug)
