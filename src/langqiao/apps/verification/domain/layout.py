"""What configures a call (征集的设置): every JSON column checked, one sentence a fault.

A sentence names the part, the item (counted from 1) and the key, so that whoever wrote the call in a
page, a preset or the API finds the place. What comes back is complete: defaults stand where nothing was
given, and other modules read keys without asking whether they are there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langqiao.apps.verification.models import StepKind
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import listed

Row: TypeAlias = dict[str, Any]
Reader: TypeAlias = Callable[[Any], Any]

KEY_AT_MOST = 40
NAME_AT_MOST = 120
HELP_AT_MOST = 1_000
PROMISE_AT_MOST = 10_000
SECTIONS_AT_MOST = 30
FIELDS_AT_MOST = 40
OPTIONS_AT_MOST = 100
ROWS_AT_MOST = 40
STEPS_AT_MOST = 12
SCORE_AT_MOST = 1_000
NOTICE_DAYS = 7  # unless the step says otherwise
SCORED = (StepKind.REVIEW, StepKind.DEFENCE)
TEXT_KINDS = {"text": (200, 500), "longtext": (5_000, 20_000)}  # characters: unless said, at most
FIELD_KINDS = ("text", "longtext", "number", "money", "date", "choice", "choices", "yesno")
# Kinds for which ``most`` means something: characters, the largest value, the number of choices.
BOUNDED = ("text", "longtext", "number", "money", "choices")
VALUE_AT_MOST = 10**12
_KEY = re.compile(r"[a-z][a-z0-9_]*")
# What a text column of every database and an XML export can hold.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

PARTS: Mapping[str, Any] = {
    "form": gettext_lazy("申报表"),
    "wanted_files": gettext_lazy("附件要求"),
    "promises": gettext_lazy("承诺书"),
    "screening": gettext_lazy("形式审查要点"),
    "criteria": gettext_lazy("评分标准"),
    "chain": gettext_lazy("评选流程"),
    "grades": gettext_lazy("等次"),
    "panel": gettext_lazy("专家组构成"),
    "choice": gettext_lazy("遴选约束"),
}


class Wrong(ValueError):
    """A value that a reader does not take; the text says what it should be."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a row: how its value is read, and what stands there when it is left out.

    Attributes:
        read: returns the value as kept, or raises :class:`Wrong`.
        default: what a missing key becomes; ``...`` says that the key is required, None that it stays away.
    """

    read: Reader
    default: Any = ...


def wrong(column: str, place: str, key: str, why: str) -> Invalid:
    """The refusal that names part, item and key."""
    return Invalid(_("%(place)s的 %(key)s：%(why)s") % {"place": place, "key": key, "why": why}, field=column)


def is_plain(text: str) -> bool:
    """Whether a text is free of control characters and lone surrogates."""
    return _CONTROL.search(text) is None


def text(most: int, *, empty: bool = False) -> Reader:
    """Reads a text of at most ``most`` characters; trimmed, with one kind of line end."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise Wrong(_("应是文字。"))
        clean = value.replace("\r\n", "\n").replace("\r", "\n").strip()
        if not clean and not empty:
            raise Wrong(_("不能为空。"))
        if len(clean) > most:
            raise Wrong(_("最多 %(most)d 字。") % {"most": most})
        if not is_plain(clean):
            raise Wrong(_("含有控制字符。"))
        return clean

    return read


def key_word(value: Any) -> str:
    """Reads a row's key: small letters, digits and underscores."""
    if not isinstance(value, str) or not _KEY.fullmatch(value) or len(value) > KEY_AT_MOST:
        raise Wrong(_("应以小写字母开头，只含小写字母、数字和下划线，最多 40 个字符。"))
    return value


def flag(value: Any) -> bool:
    """Reads yes or no."""
    if not isinstance(value, bool):
        raise Wrong(_("应是 true 或 false。"))
    return value


def number(low: float, high: float, *, above: bool = False) -> Reader:
    """Reads a finite number from ``low`` (excluded when ``above``) to ``high``; whole ones stay whole."""

    def read(value: Any) -> int | float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Wrong(_("应是数字。"))
        if not low <= value <= high or (above and value == low):
            if above:
                raise Wrong(_("应大于 %(low)g，不超过 %(high)g。") % {"low": low, "high": high})
            raise Wrong(_("应在 %(low)g 至 %(high)g 之间。") % {"low": low, "high": high})
        return int(value) if value == int(value) else round(value, 6)

    return read


def whole(low: int, high: int) -> Reader:
    """Reads a whole number from ``low`` to ``high``."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong(_("应是整数。"))
        if not low <= value <= high:
            raise Wrong(_("应在 %(low)g 至 %(high)g 之间。") % {"low": low, "high": high})
        return value

    return read


def one_of(values: Iterable[str]) -> Reader:
    """Reads one of ``values``."""
    known = tuple(values)

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in known:
            raise Wrong(_("应是以下之一：%(values)s。") % {"values": listed(known)})
        return str(value)

    return read


def iso_day(value: Any) -> str:
    """Reads a day, a date or its ISO text; kept as text."""
    if isinstance(value, date):
        return value.isoformat()[:10]
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise Wrong(_("应是日期，如 2026-09-30。")) from None


def check_moment(value: Any, field: str) -> None:
    """Check a moment of a call: with its time zone, in a year that calendars of every database know.

    Raises:
        Invalid: it is none.
    """
    if value is None:
        return
    if not isinstance(value, datetime) or value.tzinfo is None or not 2000 <= value.year <= 2200:
        raise Invalid(_("时间有误。"), mend=_("请填写 2000 至 2200 年间的日期和时间。"), field=field)


def words(most: int, length: int, read_one: Reader | None = None) -> Reader:
    """Reads a list of at most ``most`` different words."""
    read_word = read_one or text(length)

    def read(value: Any) -> list[str]:
        if not isinstance(value, list) or not value:
            raise Wrong(_("应是一组词，至少一个。"))
        if len(value) > most:
            raise Wrong(_("最多 %(most)d 项。") % {"most": most})
        clean = [read_word(word) for word in value]
        if len(set(clean)) < len(clean):
            raise Wrong(_("有重复。"))
        return clean

    return read


def read_row(column: str, place: str, row: Any, keys: Mapping[str, Key]) -> Row:
    """One row by its keys, defaults filled in.

    Raises:
        Invalid: an unknown key, a missing one, or a value of the wrong kind.
    """
    if not isinstance(row, dict):
        raise wrong(column, place, "*", _("应是一组键值。"))
    for key in row:
        if key not in keys:
            raise wrong(
                column,
                place,
                str(key)[:KEY_AT_MOST],
                _("不认识这个键；可用：%(keys)s。") % {"keys": listed(keys)},
            )
    found: Row = {}
    for name, key in keys.items():
        if name not in row:
            if key.default is ...:
                raise wrong(column, place, name, _("缺少这个键。"))
            if key.default is not None:
                found[name] = key.default
            continue
        try:
            found[name] = key.read(row[name])
        except Wrong as fault:
            raise wrong(column, place, name, str(fault)) from None
    return found


def read_rows(
    column: str, value: Any, keys: Mapping[str, Key], *, place: str = "", most: int = ROWS_AT_MOST
) -> list[Row]:
    """A list of rows whose keys (``key``, where rows have one) differ.

    Raises:
        Invalid: no list, too long, or a row that is wrong.
    """
    place = place or str(PARTS[column])
    if not isinstance(value, list):
        raise wrong(column, place, "*", _("应是一组条目。"))
    if len(value) > most:
        raise wrong(column, place, "*", _("最多 %(most)d 项。") % {"most": most})
    rows = [read_row(column, item(place, i), row, keys) for i, row in enumerate(value, start=1)]
    if "key" in keys:
        no_twins(column, place, [row["key"] for row in rows])
    return rows


def item(place: str, position: int) -> str:
    """The place of an item in words, counted from 1."""
    return _("%(place)s第 %(row)d 项") % {"place": place, "row": position}


def no_twins(column: str, place: str, keys: Sequence[str]) -> None:
    """Refuse a key that stands twice.

    Raises:
        Invalid: the message names the second item.
    """
    seen: set[str] = set()
    for position, key in enumerate(keys, start=1):
        if key in seen:
            raise wrong(column, item(place, position), "key", _("“%(key)s”重复。") % {"key": key})
        seen.add(key)


_NAMED: Mapping[str, Key] = {"key": Key(key_word), "name": Key(text(NAME_AT_MOST))}
_SECTION: Mapping[str, Key] = {
    "key": Key(key_word),
    "title": Key(text(NAME_AT_MOST)),
    "help": Key(text(HELP_AT_MOST, empty=True), ""),
    "fields": Key(lambda value: value),
}
_FIELD: Mapping[str, Key] = {
    "key": Key(key_word),
    "label": Key(text(NAME_AT_MOST)),
    "kind": Key(one_of(FIELD_KINDS)),
    "required": Key(flag, default=False),
    "help": Key(text(HELP_AT_MOST, empty=True), ""),
    "options": Key(words(OPTIONS_AT_MOST, NAME_AT_MOST), None),
    "most": Key(number(0, VALUE_AT_MOST, above=True), None),
    "identifying": Key(flag, default=False),
}


def read_form(value: Any) -> list[Row]:
    """The form (申报表): sections of fields, whose keys differ over the whole form."""
    sections = read_rows("form", value, _SECTION, most=SECTIONS_AT_MOST)
    known: set[str] = set()
    for position, section in enumerate(sections, start=1):
        place = item(str(PARTS["form"]), position)
        section["fields"] = read_rows("form", section["fields"], _FIELD, place=place, most=FIELDS_AT_MOST)
        if not section["fields"]:
            raise wrong("form", place, "fields", _("至少要有一栏。"))
        for row, field in enumerate(section["fields"], start=1):
            if field["key"] in known:
                raise wrong("form", item(place, row), "key", _("“%(key)s”重复。") % {"key": field["key"]})
            known.add(field["key"])
            _check_field(item(place, row), field)
    return sections


def _check_field(place: str, field: Row) -> None:
    """What a field's kind asks of ``options`` and ``most``; texts get their length."""
    kind = field["kind"]
    chosen = kind in ("choice", "choices")
    if chosen and "options" not in field:
        raise wrong("form", place, "options", _("选择栏须列出选项。"))
    if not chosen and "options" in field:
        raise wrong("form", place, "options", _("只有选择栏有选项。"))
    if "most" in field and kind not in BOUNDED:
        raise wrong("form", place, "most", _("这类栏目没有上限。"))
    if kind in TEXT_KINDS:
        usual, most = TEXT_KINDS[kind]
        field.setdefault("most", usual)
        if not isinstance(field["most"], int) or field["most"] > most:
            raise wrong("form", place, "most", _("应是不超过 %(most)d 的字数。") % {"most": most})
    if kind == "choices" and field.setdefault("most", len(field["options"])) not in range(
        1, len(field["options"]) + 1
    ):
        raise wrong("form", place, "most", _("应是 1 至选项个数之间的整数。"))


_WANTED: Mapping[str, Key] = {
    **_NAMED,
    "required": Key(flag, default=True),
    "identifying": Key(flag, default=False),
}
_PROMISE: Mapping[str, Key] = {
    "key": Key(key_word),
    "title": Key(text(NAME_AT_MOST)),
    "text": Key(text(PROMISE_AT_MOST)),
}
_POINT: Mapping[str, Key] = {"key": Key(key_word), "text": Key(text(HELP_AT_MOST))}
_CRITERION: Mapping[str, Key] = {
    **_NAMED,
    "help": Key(text(HELP_AT_MOST, empty=True), ""),
    "kind": Key(one_of(("score", "gate")), "score"),
    "most": Key(number(0, SCORE_AT_MOST, above=True), None),
    "weight": Key(number(0, SCORE_AT_MOST, above=True), None),
    "rule": Key(one_of(("any", "majority")), None),
}


def read_criteria(value: Any) -> list[Row]:
    """Criteria (评分标准): scores with their largest value and weight, gates (门槛) with their rule."""
    rows = read_rows("criteria", value, _CRITERION)
    for position, row in enumerate(rows, start=1):
        own, other = (
            (("most", "weight"), ("rule",)) if row["kind"] == "score" else (("rule",), ("most", "weight"))
        )
        for key in other:
            if key in row:
                why = _("评分项没有这个键。") if row["kind"] == "score" else _("门槛项没有这个键。")
                raise wrong("criteria", item(str(PARTS["criteria"]), position), key, why)
        for key in own:
            row.setdefault(key, {"most": 100, "weight": 1, "rule": "majority"}[key])
    return rows


_STEP: Mapping[str, Key] = {
    "kind": Key(one_of(StepKind.values)),
    "name": Key(text(NAME_AT_MOST), None),
    "due": Key(iso_day, None),
    "criteria": Key(words(ROWS_AT_MOST, KEY_AT_MOST, key_word), None),
    "share": Key(number(0, SCORE_AT_MOST, above=True), None),
    "days": Key(whole(1, 60), None),
}


def read_chain(value: Any) -> list[Row]:
    """The chain (评选流程): steps in the order in which they are taken.

    Any kind may be left out, steps may stand in another order; only the document check (资料审查) is taken
    once, and issuing (发文), once, ends the chain, after every notice (公示).
    """
    steps = read_rows("chain", value, _STEP, most=STEPS_AT_MOST)
    whole_part = str(PARTS["chain"])
    kinds = [step["kind"] for step in steps]
    for position, step in enumerate(steps, start=1):
        place = item(whole_part, position)
        for key in ("criteria", "share"):
            if key in step and step["kind"] not in SCORED:
                raise wrong("chain", place, key, _("只有专家评审和现场答辩有这个键。"))
        if "days" in step and step["kind"] != StepKind.NOTICE:
            raise wrong("chain", place, "days", _("只有张榜公示有公示天数。"))
        if step["kind"] == StepKind.ISSUE and position < len(steps):
            why = _("发文须是最后一步。")
            if StepKind.NOTICE in kinds[position:]:
                why = _("公示须在发文之前。")
            raise wrong("chain", place, "kind", why)
        if step["kind"] == StepKind.DOCUMENTS and StepKind.DOCUMENTS in kinds[: position - 1]:
            raise wrong("chain", place, "kind", _("资料审查只能有一次。"))
    return steps


def read_grades(value: Any) -> list[Row]:
    """Grades (等次) from best to worst, each from its mark upwards; the last takes the rest."""
    grade = {**_NAMED, "at_least": Key(number(0, 100))}
    rows = read_rows("grades", value, grade, most=10)
    for position in range(1, len(rows)):
        if rows[position]["at_least"] >= rows[position - 1]["at_least"]:
            place = item(str(PARTS["grades"]), position + 1)
            raise wrong("grades", place, "at_least", _("应低于上一等次的分数线。"))
    if rows and rows[-1]["at_least"] != 0:
        place = item(str(PARTS["grades"]), len(rows))
        raise wrong("grades", place, "at_least", _("最后一个等次的分数线须为 0，使每份申报都有等次。"))
    return rows


def read_panel(value: Any) -> Row:
    """Quotas on the reviewers of one application, by their organisations' city and kind.

    ``at_most``: how many may come from one and the same; ``at_least``: how many different ones.
    """
    place = str(PARTS["panel"])
    group = {"at_most": Key(whole(1, 50), None), "at_least": Key(whole(1, 50), None)}

    def read(inner: Any) -> Row:
        return read_row("panel", place, inner, group)

    return read_row("panel", place, value, {"city": Key(read, None), "kind": Key(read, None)})


def read_choice(value: Any) -> Row:
    """Constraints of the choice (遴选约束), as ``engines.selection`` takes them."""
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise wrong("choice", str(PARTS["choice"]), "*", _("应是一组键值。"))
    return dict(value)


COLUMNS: Mapping[str, Reader] = {
    "form": read_form,
    "wanted_files": lambda value: read_rows("wanted_files", value, _WANTED),
    "promises": lambda value: read_rows("promises", value, _PROMISE, most=10),
    "screening": lambda value: read_rows("screening", value, _POINT),
    "criteria": read_criteria,
    "chain": read_chain,
    "grades": read_grades,
    "panel": read_panel,
    "choice": read_choice,
}


def clean(column: str, value: Any) -> Any:
    """A JSON column of a call as it is kept.

    Raises:
        Invalid: the first fault; ``field`` names the column.
        KeyError: no such column.
    """
    return COLUMNS[column](value)


def step_name(step: Row) -> str:
    """A step's name: its own, else that of its kind."""
    return str(step.get("name") or StepKind(step["kind"]).label)


def step_criteria(criteria: Sequence[Row], step: Row) -> list[Row]:
    """The criteria of a review or defence: those it names, else all."""
    wanted = step.get("criteria")
    return [row for row in criteria if wanted is None or row["key"] in wanted]


def check_together(*, chain: Sequence[Row], criteria: Sequence[Row], grades: Sequence[Row]) -> None:
    """What a call needs before it is published: the parts fit each other.

    Raises:
        Invalid: no step, a scored step without a score, criteria that are not there, grades without scores.
    """
    place = str(PARTS["chain"])
    if not chain:
        raise Invalid(_("评选流程至少要有一步。"), field="chain")
    known = {row["key"] for row in criteria}
    for position, step in enumerate(chain, start=1):
        if step["kind"] not in SCORED:
            continue
        for key in step.get("criteria", ()):
            if key not in known:
                why = _("评分标准中没有“%(key)s”。") % {"key": key}
                raise wrong("chain", item(place, position), "criteria", why)
        if not any(row["kind"] == "score" for row in step_criteria(criteria, step)):
            raise Invalid(
                _("“%(step)s”没有评分项。") % {"step": step_name(step)},
                mend=_("请在评分标准中至少列出一个评分项。"),
                field="criteria",
            )
    if grades and not any(step["kind"] in SCORED for step in chain):
        raise Invalid(
            _("按分数定等次的征集须有专家评审或现场答辩。"),
            mend=_("请在评选流程中加上这一步。"),
            field="chain",
        )
