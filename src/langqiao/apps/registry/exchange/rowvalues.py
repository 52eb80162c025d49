"""One row's values as the verbs take them: mapped, without the marks that exports add, with a code."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from langqiao.apps.registry.exchange.kinds import RECORD, Column, ImportKind, Values
from langqiao.engines.sm.sm3 import sm3_hex
from langqiao.kit.exports import DANGEROUS, XLSX_CELL
from langqiao.kit.refusals import Invalid
from langqiao.kit.tables import Row

_NUMBER = re.compile(r"\d{1,30}")
_RANGE = re.compile(r"\s*[-–—~～至、]\s*")
PREFIX_CHARS = 40


def values_of(row: Row, mapping: Mapping[str, str], fixed: Mapping[str, Any], format: str) -> Values:
    """Column → value of a row.

    Raises:
        Invalid: a workbook's cell that was cut off when it was written.
    """
    values: Values = {}
    for header, name in mapping.items():
        if header not in row.values:
            continue  # a JSON record that does not say it
        value = row.values[header]
        if isinstance(value, str):
            value = value.replace("\r\n", "\n").replace("\r", "\n")
            if format in ("csv", "tsv"):
                value = fused(value)
            elif format == "xlsx" and len(value) >= XLSX_CELL - 1 and value.endswith("…"):
                raise Invalid(
                    _("单元格内容在写入 Excel 时被截断（32,767 字）。"),
                    mend=_("请改用 CSV 或 JSONL 导入这一行。"),
                    field=name,
                )
        values[name] = value
    for name, value in fixed.items():
        if values.get(name) in (None, "", []):
            values[name] = value
    return values


def fused(text: str) -> str:
    """The text behind the apostrophe by which an exported CSV keeps spreadsheets from calculating.

    >>> fused("'=1+1"), fused("'quoted'")
    ('=1+1', "'quoted'")
    """
    rest = text[1:]
    return rest if text.startswith("'") and rest.lstrip().startswith(DANGEROUS) else text


@lru_cache(maxsize=512)
def _choices(column: Column) -> Mapping[str, str]:
    """What may be said for each choice: its value, and its label in every language."""
    said: dict[str, str] = {}
    for language in ("en", "zh-hans"):
        with translation.override(language):
            said.update({str(label).casefold(): str(value) for value, label in column.choices})
    return said | {str(value).casefold(): str(value) for value, _label in column.choices}


def understand(kind: ImportKind, values: Values) -> None:
    """Say choices by their value and marks of illustrative records as yes, whatever the language."""
    for name, value in values.items():
        column = kind.column(name)
        if column is None or not isinstance(value, str):
            continue
        if column.choices:
            values[name] = _choices(column).get(value.strip().casefold(), value)
        elif name == "illustrative" and value.strip() in set(column.headings()):
            values[name] = True


class Coder:
    """Gives each row the code by which it is known again, and finds codes that come twice."""

    def __init__(self, actor: Any, kind: ImportKind, prefix: str) -> None:
        self.actor, self.kind, self.prefix = actor, kind, prefix[:PREFIX_CHARS]
        self.seen: dict[str | int, int] = {}

    def give(self, rows: Sequence[tuple[Row, Values]]) -> list[Invalid | str]:
        """Set ``code`` in each row's values; for each row a refusal, a note, or nothing."""
        bare = [values for _row, values in rows if not _text(values.get("code"))]
        titles = [title for values in bare if (title := _text(values.get(self.kind.title)))]
        known = self.kind.bearers(self.actor, titles)
        outcome: list[Invalid | str] = []
        for row, values in rows:
            note: Invalid | str = ""
            code: str | int = _text(values.get("code"))
            if isinstance(code, str) and _NUMBER.fullmatch(code):
                code = f"{self.prefix}:{code}"
            elif not code:
                code, note = self._from_title(values, known)
            if isinstance(code, int):
                values[RECORD] = code
                values.pop("code", None)
            else:
                values["code"] = code
            if code and not isinstance(note, Invalid):
                note = self._once(code, row.number) or note
            outcome.append(note)
        return outcome

    def _once(self, code: str | int, number: int) -> Invalid | None:
        if (first := self.seen.setdefault(code, number)) == number:
            return None
        return Invalid(
            _("编号“%(code)s”与第 %(row)d 行重复。") % {"code": code, "row": first}
            if isinstance(code, str)
            else _("与第 %(row)d 行是同一条记录。") % {"row": first},
            mend=_("请只保留一行，或改正编号。"),
            field="code",
        )

    def _from_title(
        self, values: Values, known: Mapping[str, list[tuple[int, str | None]]]
    ) -> tuple[str | int, Invalid | str]:
        """A code for a row that has none: of the record with this title, or made from the title."""
        title = _text(values.get(self.kind.title))
        if not title:
            return "", ""  # the verb says what is missing
        owner = _text(values.get(self.kind.owner)) if self.kind.owner else ""
        made = f"{self.prefix}:{sm3_hex(f'{title}|{owner}'.encode())[:16]}"
        bearers = known.get(title, [])
        if not bearers or any(code == made for _pk, code in bearers):
            return made, _("没有编号，由名称生成")
        if len(bearers) == 1:
            pk, code = bearers[0]
            return code or pk, _("没有编号，按名称认出已有记录")
        return "", Invalid(
            _("已有 %(count)d 条同名记录“%(title)s”，无法判断是哪一条。")
            % {"count": len(bearers), "title": title[:60]},
            mend=_("请填写编号。"),
            field="code",
        )


def split_range(values: Values, name: str) -> None:
    """Turn one cell ``from–to`` into ``<name>_min`` and ``<name>_max``; a single number is the most."""
    if name not in values:
        return
    ends = _RANGE.split(str(values.pop(name) or "").strip())
    if len(ends) > 1 or not ends[0]:
        values[f"{name}_min"] = ends[0]
    values[f"{name}_max"] = ends[-1]


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split())
