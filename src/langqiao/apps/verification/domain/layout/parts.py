"""The parts of a call: form, files, promises, screening points, criteria, chain, grades, quotas, choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from langqiao.apps.verification.domain.layout.readers import (
    KEY_AT_MOST,
    PARTS,
    ROWS_AT_MOST,
    Key,
    Reader,
    Row,
    Wrong,
    flag,
    iso_day,
    item,
    key_word,
    number,
    one_of,
    read_row,
    read_rows,
    text,
    whole,
    words,
    wrong,
)
from langqiao.apps.verification.models import StepKind
from langqiao.engines.selection.choice import rule_from_dict
from langqiao.engines.selection.errors import SelectionError
from langqiao.kit.refusals import Invalid

NAME_AT_MOST = 120
HELP_AT_MOST = 1_000
PROMISE_AT_MOST = 10_000
SECTIONS_AT_MOST = 30
FIELDS_AT_MOST = 40
OPTIONS_AT_MOST = 100
STEPS_AT_MOST = 12
SCORE_AT_MOST = 1_000
NOTICE_DAYS = 5  # working days, unless the step says otherwise
SCORED = (StepKind.REVIEW, StepKind.DEFENCE)
TEXT_KINDS = {"text": (200, 500), "longtext": (5_000, 20_000)}  # characters: unless said, at most
FIELD_KINDS = ("text", "longtext", "number", "money", "date", "choice", "choices", "yesno")
# Kinds for which ``most`` means something: characters, the largest value, the number of choices.
BOUNDED = ("text", "longtext", "number", "money", "choices")
VALUE_AT_MOST = 10**12

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


def _quota(value: Any) -> int | dict[str, int]:
    """One number for every value alike, or one for each value named."""
    count = whole(1, 50)
    if not isinstance(value, dict):
        return int(count(value))
    word = text(KEY_AT_MOST)
    return {word(name): count(number_of) for name, number_of in value.items()}


def read_panel(value: Any) -> Row:
    """Quotas on the reviewers of one application, by their organisations' city and kind.

    ``at_most``: how many may come from one and the same; ``at_least``: from how many different ones they
    come. Instead of one number, ``{value: number}`` speaks of single cities or kinds.
    """
    place = str(PARTS["panel"])
    group = {"at_most": Key(_quota, None), "at_least": Key(_quota, None)}

    def read(inner: Any) -> Row:
        found = read_row("panel", place, inner, group)
        if isinstance(found.get("at_most"), dict) and isinstance(found.get("at_least"), int):
            raise Wrong(_("上限逐个列出时，下限也须逐个列出。"))
        return found

    return read_row("panel", place, value, {"city": Key(read, None), "kind": Key(read, None)})


def panel_bounds(
    panel: Row, attribute: str, reviews_per: int
) -> tuple[int | dict[str, int] | None, dict[str, int]]:
    """The quotas on one attribute as ``engines.assignment.Quota`` takes them: ``at_most``, ``at_least``.

    That ``r`` reviewers come from at least ``n`` different values is kept by letting at most
    ``⌊(r − 1) / (n − 1)⌋`` share one: then ``n − 1`` values hold fewer than ``r``.
    """
    bounds = panel.get(attribute, {})
    most, least = bounds.get("at_most"), bounds.get("at_least", {})
    if isinstance(least, int):
        if least > 1:
            spread = max(1, (reviews_per - 1) // (least - 1))
            most = spread if most is None else min(most, spread)
        least = {}
    return most, least


def _rule(value: Any) -> Row:
    """A rule as ``engines.selection`` takes it."""
    try:
        rule_from_dict(value)
    except (SelectionError, AttributeError):
        raise Wrong(_("不是有效的约束，请核对类别和数值。")) from None
    return dict(value)


def read_choice(value: Any) -> Row:
    """Constraints of the choice (遴选约束): ``rules`` of ``engines.selection``, ``margin`` of a near-tie."""
    place = str(PARTS["choice"])

    def rules(rows: Any) -> list[Row]:
        if not isinstance(rows, list) or len(rows) > ROWS_AT_MOST:
            raise Wrong(_("最多 %(most)d 项。") % {"most": ROWS_AT_MOST})
        return [_rule(row) for row in rows]

    return read_row("choice", place, value, {"rules": Key(rules, None), "margin": Key(number(0, 100), None)})


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
