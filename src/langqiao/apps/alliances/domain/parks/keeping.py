"""Verbs of parks (园区): register, revise, record activities one by one or as a table, drop one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.alliances.domain.alliances.common import chosen, line, referred
from langqiao.apps.alliances.models import Activity, Place, Vintage
from langqiao.apps.registry.domain import values as v
from langqiao.apps.registry.domain.acts import assign, clean, clean_reason, enter, lock, source_values
from langqiao.apps.registry.domain.bulk import REFUSALS_AT_MOST, Outcome, Summary
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.words import listed

SUMMARY_AT_MOST = 5_000
FIGURES_AT_MOST = 30
ROWS_AT_MOST = 20_000
LARGEST = Decimal(10) ** 14
Kind = Place.Kind
Measure = Activity.Measure
_FIGURE = {"label": 80, "label_en": 120, "value": 40, "unit": 20, "kind": 10, "period": 10}


def _figures(value: Any, name: str) -> list[dict[str, str]]:
    if not isinstance(value, list | tuple) or len(value) > FIGURES_AT_MOST:
        raise Invalid(_("公布数据应是列表。"), mend=_("请逐项填写。"), field=name)
    rows = []
    for row in value:
        if not isinstance(row, Mapping) or set(row) - set(_FIGURE) or not row.get("label"):
            raise Invalid(_("公布数据缺少指标或有不认识的键。"), mend=_("请改正。"), field=name)
        if row.get("kind", "actual") not in {"actual", "target"}:
            raise Invalid(_("公布数据应写明是目标还是实际。"), mend=_("请填 target 或 actual。"), field=name)
        rows.append({key: line(row.get(key, ""), name, most) for key, most in _FIGURE.items()})
    return rows


_CLEANERS: dict[str, Callable[[Any, str], Any]] = {
    "name": lambda value, name: line(value, name, 120, required=True),
    "name_en": lambda value, name: line(value, name, 160),
    "city": lambda value, name: referred(value, City, name, required=False),
    "organisation": lambda value, name: referred(value, Organisation, name, required=False),
    "summary": lambda value, name: clean(value, name, most=SUMMARY_AT_MOST, required=False),
    "summary_en": lambda value, name: clean(value, name, most=SUMMARY_AT_MOST, required=False),
    "figures": _figures,
}


def _values(values: Mapping[str, Any]) -> dict[str, Any]:
    found = source_values(values)
    return found | {name: clean_(values[name], name) for name, clean_ in _CLEANERS.items() if name in values}


def _check(place: Place) -> None:
    if not place.illustrative and not place.source_name:
        raise Invalid(_("真实园区须写明来源。"), mend=_("请填写来源，或标为示例。"), field="source_name")
    if place.kind == Kind.CITY and place.city is None:
        raise Invalid(_("城市数据须指明是哪座城市。"), mend=_("请选择城市。"), field="city")
    same = Place.objects.exclude(pk=place.pk)
    if same.filter(kind=place.kind, name=place.name).exists():
        raise Invalid(
            _("名称“%(name)s”已被使用。") % {"name": place.name}, mend=_("请改用其他名称。"), field="name"
        )
    if place.code and same.filter(code=place.code).exists():
        raise Invalid(
            _("编号“%(code)s”已被使用。") % {"code": place.code}, mend=_("请改用其他编号。"), field="code"
        )


def _require(actor: User | None, place: Place) -> None:
    """Parks are kept by those who run them and their city, wider data by the office."""
    require(actor, "parks.keep" if place.kind == Kind.PARK else "parks.keep_reference", place)


@transaction.atomic
def register_park(actor: User | None, *, name: str, kind: str = Kind.PARK, **values: Any) -> Place:
    """Register a park, a city or a region of reference (登记园区).

    Args:
        values: ``name_en``, ``city``, ``organisation``, ``summary``, ``summary_en``, ``figures``, the source.

    Raises:
        NotAllowed: the actor runs neither the park nor its city, or the data is wider than a park.
        Invalid: a value is missing or wrong, or a real one has no source; ``field`` names it.
    """
    place = Place(kind=chosen(kind, Kind, "kind"))
    assign(place, _values({**values, "name": name}))
    _require(actor, place)
    _check(place)
    place.save()
    _enter(actor, "register_park", place, {"kind": place.kind})
    return place


@transaction.atomic
def revise_park(actor: User | None, place: Place, **values: Any) -> Place:
    """Revise a park (修改园区). Nothing is written where nothing differs.

    Raises:
        NotAllowed: the actor may not, for the park as it was or as it would be.
        Invalid: see :func:`register_park`.
    """
    _require(actor, place)
    lock(place)
    changed = assign(place, _values(values))
    if changed:
        _require(actor, place)
        _check(place)
        place.save()
        _enter(actor, "revise_park", place, {"changed": changed})
    return place


# -- activities ----------------------------------------------------------------------------------


def _number(value: Any, _lookups: Lookups) -> Decimal | None:
    """A quantity ≥ 0 with four decimals at most; None when none is published."""
    text = "" if value is None else str(value).replace(",", "").replace("，", "").strip()
    if not text:
        return None
    try:
        found = Decimal(text)
    except InvalidOperation as problem:
        raise Invalid(_("“%(value)s”不是数字。") % {"value": text[:40]}, mend=_("请改正数字。")) from problem
    if not found.is_finite() or not 0 <= found < LARGEST:
        raise Invalid(_("数量超出范围。"), mend=_("数量应不小于 0。"))
    kept = found.quantize(Decimal("0.0001"))
    if kept != found:
        raise Invalid(_("数量最多四位小数。"), mend=_("请改用更大的单位，或四舍五入。"))
    return kept


def _period(value: Any, lookups: Lookups) -> str:
    """A year, or a month or day as far as it is known; spreadsheets give years as numbers."""
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and re.fullmatch(r"\d{4}(\.0)?", str(value))
    ):
        return str(int(value))
    return v.partial_day(value, lookups)


# The columns of a row (docs/parks.md) and how each is cleaned.
COLUMNS: dict[str, v.Cleaner] = {
    "place": v.text(120),
    "place_kind": v.choice(Kind, empty=True),
    "city": lambda value, lookups: lookups.city(value),
    "activity": v.text(80),
    "activity_en": v.text(120),
    "field": lambda value, lookups: lookups.field(value),
    "measure": v.choice(Measure, empty=True),
    "quantity": _number,
    "unit": v.text(20),
    "period": _period,
    "vintage": v.choice(Vintage, empty=True),
    "source_name": v.text(200),
    "source_url": v.text(500),
    "read_on": v.day,
    "illustrative": v.flag,
}


def clean_row(values: Mapping[str, Any], lookups: Lookups) -> dict[str, Any]:
    """Clean the given columns of one row.

    Raises:
        Invalid: an unknown column, or a wrong or missing value; ``field`` names it.
    """
    cleaned: dict[str, Any] = {}
    for name, value in values.items():
        if name not in COLUMNS:
            raise Invalid(
                _("没有“%(name)s”这一列。") % {"name": str(name)[:40]},
                mend=_("可用的列：%(known)s。") % {"known": listed(COLUMNS)},
                field=str(name)[:40],
            )
        try:
            cleaned[name] = COLUMNS[name](value, lookups)
        except Invalid as problem:
            problem.field = problem.field or name
            raise
    for name, why in (("place", _("请填写园区。")), ("activity", _("请填写产业活动。"))):
        if not cleaned.get(name):
            raise Invalid(why, mend=_("此项必填。"), field=name)
    _check_quantity(cleaned)
    return cleaned


def _check_quantity(row: dict[str, Any]) -> None:
    """A quantity has its measure, unit and period; without one the activity is only said to be there."""
    if row.get("quantity") is None:
        if row.get("measure") not in {None, "", Measure.PRESENCE}:
            raise Invalid(_("写了指标却没有数量。"), mend=_("没有公布数量时，指标请留空。"), field="quantity")
        row |= {"measure": Measure.PRESENCE, "quantity": None, "unit": "", "period": row.get("period", "")}
    else:
        if row.get("measure") in {None, "", Measure.PRESENCE}:
            raise Invalid(_("有数量须写明指标。"), mend=_("如产值、从业人员、企业数。"), field="measure")
        for name, why in (("unit", _("有数量须写明单位。")), ("period", _("有数量须写明时期。"))):
            if not row.get(name):
                raise Invalid(why, mend=_("此项必填。"), field=name)
    if not row.get("illustrative") and not row.get("source_name"):
        raise Invalid(_("真实数据须写明来源。"), mend=_("请填写来源，或标为示例。"), field="source_name")


@dataclass(slots=True)
class _Import:
    """One import: references looked up once, which rows were seen, what each place got."""

    actor: User | None
    lookups: Lookups = field(default_factory=Lookups)
    places: dict[str, Place] = field(default_factory=dict)
    seen: set[tuple[Any, ...]] = field(default_factory=set)
    written: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def place(self, row: Mapping[str, Any]) -> Place:
        """The place of a row by its code or name; made where the row says of what kind it is."""
        name = row["place"]
        place = self.places.get(name) or self._known(name, row.get("place_kind", ""))
        if place is None:
            kind = row.get("place_kind")
            if not kind:
                raise Invalid(
                    _("没有园区“%(name)s”。") % {"name": name},
                    mend=_("请先登记，或在“类别”列写明园区、城市或对照地区。"),
                    field="place",
                )
            source = {key: row.get(key, "") for key in ("source_name", "source_url")}
            place = register_park(
                self.actor, name=name, kind=kind, city=row.get("city"),
                illustrative=bool(row.get("illustrative")), source_name=source["source_name"],
            )  # fmt: skip
        _require(self.actor, place)
        self.places[name] = place
        return place

    def _known(self, name: str, kind: str) -> Place | None:
        rows = Place.objects.select_related("city", "organisation")
        by_code = rows.filter(code=name).first()
        if by_code is not None:
            return by_code
        named = rows.filter(name=name)
        if kind:
            named = named.filter(kind=kind)
        return named.first() if named.count() == 1 else None

    def write(self, values: Mapping[str, Any]) -> Outcome:
        """Write one row; says what became of it."""
        row = clean_row(values, self.lookups)
        place = self.place(row)
        key = (place.pk, row["activity"], row["measure"], row.get("unit", ""), row.get("period", ""))
        if key in self.seen:
            raise Invalid(_("这一项在本次导入中重复。"), mend=_("请只保留一行。"), field="activity")
        self.seen.add(key)
        outcome = _put(place, row)
        if outcome != "unchanged":
            self.written[place.pk] += 1
        return outcome

    def enter(self) -> None:
        """One ledger entry for each place that got something."""
        for place in self.places.values():
            if number := self.written.pop(place.pk, 0):
                _enter(self.actor, "record_activities", place, {"rows": number})


_KEPT = ("field", "quantity", "vintage", "source_name", "source_url", "read_on", "illustrative")


def _put(place: Place, row: Mapping[str, Any]) -> Outcome:
    """Write an activity or leave it as it is."""
    values = {name: row[name] for name in _KEPT if name in row}
    if not values.get("vintage"):
        values.pop("vintage", None)
    if "activity_en" in row:
        values["name_english"] = row["activity_en"]
    activity = Activity.objects.filter(
        place=place, name=row["activity"], measure=row["measure"], unit=row.get("unit", ""),
        period=row.get("period", ""),
    ).first()  # fmt: skip
    is_new = activity is None
    activity = activity or Activity(
        place=place, name=row["activity"], measure=row["measure"], unit=row.get("unit", ""),
        period=row.get("period", ""),
    )  # fmt: skip
    changed = assign(activity, values)
    if not is_new and not changed:
        return "unchanged"
    activity.save()
    return "created" if is_new else "changed"


def import_activities(
    actor: User | None,
    rows: Iterable[Mapping[str, Any]],
    *,
    numbers: Sequence[int] | None = None,
    dry_run: bool = False,
) -> Summary:
    """Record activities from a table (导入产业活动), all or none; the same table again changes nothing.

    A place that is not there yet is registered when its row says of what kind it is.

    Args:
        numbers: of each row in its file, where that is not simply 1, 2, 3 …

    Returns:
        Counts, and refusals with their row and field; if any row is refused, nothing is written.

    Raises:
        NotAllowed: the actor may not import at all.
        Invalid: more than 20,000 rows.
    """
    require(actor, "parks.import")
    table = list(rows)
    if len(table) > ROWS_AT_MOST:
        raise Invalid(_("一次最多导入 20000 行。"), mend=_("请拆分后分次导入。"), field="file")
    summary, work = Summary(), _Import(actor)
    with transaction.atomic():
        for number, row in zip(numbers or range(1, len(table) + 1), table, strict=True):
            try:
                with transaction.atomic():
                    summary.count(work.write(row))
            except Refused as refusal:
                refusal.row = number
                summary.refused += 1
                if len(summary.refusals) < REFUSALS_AT_MOST:
                    summary.refusals.append(refusal)
        work.enter()
        summary.written = not dry_run and not summary.refused
        if not summary.written:
            transaction.set_rollback(True)
    return summary


@transaction.atomic
def record_activity(actor: User | None, place: Place, **values: Any) -> Activity:
    """Record one activity of a place (登记产业活动), or change the one that stands.

    Args:
        values: ``activity``, ``activity_en``, ``field``, ``measure``, ``quantity``, ``unit``, ``period``,
            ``vintage``, the source, ``illustrative``.

    Raises:
        NotAllowed: the actor may not.
        Invalid: a value is missing or wrong; ``field`` names it.
    """
    _require(actor, place)
    row = clean_row({**values, "place": place.name}, Lookups())
    if _put(place, row) != "unchanged":
        _enter(actor, "record_activities", place, {"rows": 1})
    return Activity.objects.get(
        place=place, name=row["activity"], measure=row["measure"], unit=row.get("unit", ""),
        period=row.get("period", ""),
    )  # fmt: skip


@transaction.atomic
def drop_activity(actor: User | None, activity: Activity, *, why: str) -> None:
    """Drop an activity that was wrong (删去产业活动), with a reason that stands in the ledger.

    Raises:
        NotAllowed: the actor may not.
        Invalid: no reason.
    """
    place = activity.place
    _require(actor, place)
    reason = clean_reason(why)
    _enter(
        actor, "drop_activity", place, {"activity": activity.name, "measure": activity.measure, "why": reason}
    )
    activity.delete()


def _enter(actor: User | None, verb: str, place: Place, data: Mapping[str, Any]) -> None:
    enter(
        actor,
        verb,
        place,
        case="",
        city=place.city_id,
        organisation=place.organisation,
        data=data,
        public=True,
    )
