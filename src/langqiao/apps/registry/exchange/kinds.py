"""Kinds of records that can be imported: their columns and the verb that takes rows over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.utils import translation
from django.utils.translation import gettext as _

from langqiao.apps.registry.domain.bulk import Summary
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import listed

Values = dict[str, Any]
# In a row's values: the primary key of the record it means, where that has no code.
RECORD = "_record"


@dataclass(frozen=True, slots=True)
class Column:
    """One column a file may have.

    Attributes:
        name: the column's name in the verbs and in JSON.
        label: the field's label (lazy, Chinese source); exports head their columns with it.
        aliases: further headings, Chinese and English, that mean this column.
        choices: value and label of each allowed value, empty when free.
    """

    name: str
    label: Any
    aliases: tuple[str, ...] = ()
    required: bool = False
    example: str = ""
    choices: tuple[tuple[str, Any], ...] = ()

    def headings(self) -> Iterable[str]:
        """Everything that may stand above this column, the likeliest first."""
        yield self.name
        for language in ("zh-hans", "en"):
            with translation.override(language):
                yield str(self.label)
        yield from self.aliases


class Upsert(Protocol):
    """Takes rows over, or tries them; refusals carry the 1-based place in ``rows``.

    A row with :data:`RECORD` means that record; all others are known by their ``code``.
    """

    def __call__(self, actor: Any, rows: Sequence[Values], *, dry_run: bool, publish: bool) -> Summary: ...


def leave(_values: Values) -> list[str]:
    """Complete nothing."""
    return []


@dataclass(frozen=True, slots=True)
class ImportKind:
    """A kind of record that can be imported (导入类型).

    Attributes:
        permission: the permission that shows this kind to a person; the verb decides row by row.
        title: the column that names a record.
        owner: the column of the organisation it belongs to, empty when there is none.
        defaults: values for columns that a whole file may lack, told as a warning.
        complete: fills in one row's values before they are checked; returns a note for each thing done.
        bearers: for an actor and titles, the records it may see that bear them, as (primary key,
            code or None).
        publishes: whether rows can be published at once.
        listing: URL name of the list of these records.
    """

    slug: str
    label: Any
    columns: tuple[Column, ...]
    upsert: Upsert
    permission: str
    title: str
    bearers: Callable[[Any, Sequence[str]], Mapping[str, list[tuple[int, str | None]]]]
    owner: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict)
    complete: Callable[[Values], list[str]] = leave
    publishes: bool = False
    listing: str = ""

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return next((column for column in self.columns if column.name == name), None)


_kinds: dict[str, ImportKind] = {}


def register_kind(kind: ImportKind) -> None:
    """Make a kind importable; called from an app's ``ready``.

    Raises:
        KeyError: another kind has this slug.
    """
    if _kinds.get(kind.slug, kind) is not kind:
        raise KeyError(kind.slug)
    _kinds[kind.slug] = kind


def import_kinds() -> list[ImportKind]:
    """All kinds, in the order in which they refer to one another."""
    return list(_kinds.values())


def import_kind(slug: str) -> ImportKind:
    """The kind of that name.

    Raises:
        Invalid: there is none.
    """
    if slug not in _kinds:
        known = listed(f"{kind.slug}（{kind.label}）" for kind in _kinds.values())
        raise Invalid(
            _("没有“%(name)s”这种记录类型。") % {"name": slug[:40]},
            mend=_("可选：%(known)s。") % {"known": known},
            field="kind",
        )
    return _kinds[slug]
