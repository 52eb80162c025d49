"""From a file's headings to a kind's columns: proposed by name, changed by hand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import override

from langqiao.apps.registry.exchange.kinds import Column, ImportKind, import_kind, import_kinds
from langqiao.kit.refusals import Invalid
from langqiao.kit.tables import Table, open_table
from langqiao.kit.words import listed

_UNIT = re.compile(r"[(（\[].*?[)）\]]")
_NOISE = re.compile(r"[\s_\-·*＊:：/]+")


def normal(heading: str) -> str:
    """A heading without case, width, spaces, units in brackets and marks of required columns."""
    text = unicodedata.normalize("NFKC", heading).casefold()
    return _NOISE.sub("", _UNIT.sub("", text)) or _NOISE.sub("", text)


@lru_cache(maxsize=512)
def _headings(column: Column) -> tuple[str, ...]:
    return tuple(normal(heading) for heading in column.headings())


def propose_mapping(kind: ImportKind, headers: Sequence[str]) -> dict[str, str]:
    """Heading → column, for every heading that names a column; each column once, best match first."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    known = {column.name: _headings(column) for column in kind.columns}
    # Exact names and labels first, so that an alias never takes a column away from its own heading.
    for own in (True, False):
        for header in headers:
            if header in found:
                continue
            wanted = normal(header)
            for name, headings in known.items():
                if name not in taken and wanted in (headings[:3] if own else headings):
                    found[header] = name
                    taken.add(name)
                    break
    return {header: found[header] for header in headers if header in found}


def checked_mapping(
    kind: ImportKind, headers: Sequence[str], mapping: Mapping[str, str] | None, given: set[str]
) -> dict[str, str]:
    """The mapping that is used: the proposal, overruled by ``mapping`` (an empty column: leave out).

    Args:
        given: columns that have a value for the whole file.

    Raises:
        Invalid: an unknown heading or column, a column twice, or a required column without heading.
    """
    used = propose_mapping(kind, headers)
    for header, name in (mapping or {}).items():
        if header not in headers:
            raise Invalid(
                _("文件里没有“%(header)s”这一列。") % {"header": header[:80]},
                mend=_("文件的列：%(headers)s。") % {"headers": listed(headers[:40])},
                field=header[:80],
            )
        if name and kind.column(name) is None:
            raise Invalid(
                _("“%(kind)s”没有“%(name)s”这一栏。") % {"kind": kind.label, "name": name[:80]},
                mend=_("可选：%(known)s。") % {"known": listed(column.name for column in kind.columns)},
                field=name[:80],
            )
        if name:
            used = {
                other: column for other, column in used.items() if column != name or other in (mapping or {})
            }
        used[header] = name
    used = {header: name for header, name in used.items() if name}
    for name in used.values():
        if list(used.values()).count(name) > 1:
            twice = [header for header, column in used.items() if column == name]
            raise Invalid(
                _("%(headers)s 都对应“%(name)s”。") % {"headers": listed(twice), "name": name},
                mend=_("请只保留一列。"),
                field=name,
            )
    _check_required(kind, used, given)
    return used


def _check_required(kind: ImportKind, used: Mapping[str, str], given: set[str]) -> None:
    present = set(used.values()) | given | set(kind.defaults)
    if kind.slug == "achievements" and "abstract" in present:
        present.add("title")  # the abstract's first sentence stands in
    missing = [column for column in kind.columns if column.required and column.name not in present]
    if not missing:
        return
    names = listed(f"{column.label}（{column.name}）" for column in missing)
    accepted = listed([str(missing[0].label), missing[0].name, *missing[0].aliases][:6])
    raise Invalid(
        _("缺少必需的列：%(names)s。") % {"names": names},
        mend=_("请补上该列，或把文件中的一列对应到它；“%(label)s”可写作：%(accepted)s。")
        % {"label": missing[0].label, "accepted": accepted},
        field=missing[0].name,
        row=1,
    )


def detect_kind(path: str | Path | BinaryIO | Table, *, name: str = "") -> str:
    """Slug of the kind that a file most likely holds, from its name, headings and first record.

    Raises:
        Invalid: no kind fits, or several fit equally well; the message lists them.
    """
    table = path if isinstance(path, Table) else open_table(path)
    if not name:
        name = table.source.name if isinstance(table.source, Path) else str(getattr(table.source, "name", ""))
    if table.format == "quoted" and table.columns == ["id", "title", "content"]:
        return import_kind("challenges").slug
    scores = {kind.slug: _score(kind, table) for kind in import_kinds()}
    best = max(scores.values(), default=0.0)
    likely = [slug for slug, score in scores.items() if score > best - 0.02] if best >= 0.5 else []
    stem = normal(Path(name).stem)
    named = [
        kind.slug
        for kind in import_kinds()
        if scores[kind.slug] >= 0.4 and any(normal(word) in stem for word in _names(kind))
    ]
    if len(named) == 1:
        return named[0]
    if len(likely) == 1:
        return likely[0]
    raise Invalid(
        _("看不出文件里是哪类记录。"),
        mend=_("请指明类型，可选：%(known)s。")
        % {"known": listed(f"{kind.slug}（{kind.label}）" for kind in import_kinds())},
        field="kind",
    )


def _names(kind: ImportKind) -> tuple[str, str, str]:
    """What a file of this kind may be called; its name may be Chinese whatever the reader's language."""
    with override("zh-hans"):
        chinese = str(kind.label)
    return kind.slug, str(kind.label), chinese


def _score(kind: ImportKind, table: Table) -> float:
    """Share of headings understood; less when a required column is missing or a choice does not fit."""
    used = propose_mapping(kind, table.columns)
    score = len(used) / max(len(table.columns), 1)
    present = set(used.values()) | set(kind.defaults)
    if kind.title not in present and "abstract" not in present:
        score -= 0.5
    score -= 0.2 * sum(column.required and column.name not in present for column in kind.columns)
    row = next(table.rows(tolerant=True), None)
    for header, name in used.items():
        column = kind.column(name)
        value = str(row.values.get(header) or "") if row else ""
        if column and column.choices and value:
            allowed = {text for choice in column.choices for text in (str(choice[0]), str(choice[1]))}
            score += 0.1 if value in allowed else -0.3
    return score
