"""From a choice of indicators, scopes and periods to the data a method runs on, and back to its figures.

A value of the store never changes, so the keys of the values used make a run repeatable: ``assemble``
with those keys gives the same data, whatever has been entered since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models import Q
from django.utils.translation import gettext as _

from langqiao.apps.insight import shown_words
from langqiao.apps.insight.models import Indicator, Value
from langqiao.apps.insight.queries.indicators import BEST, rank, values
from langqiao.apps.registry.models import City
from langqiao.engines.regional import BadInput, Data, Matrix, Method, Result
from langqiao.engines.regional.methods import METHODS, run
from langqiao.engines.regional.panel import CAPITALS, PROVINCES, belt
from langqiao.engines.sm import sm3_hex
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import is_english, listed, named

VINTAGES: Mapping[str, tuple[str, ...]] = {
    "best": BEST,
    "final": (Value.Vintage.FINAL,),
    "preliminary": (Value.Vintage.PRELIMINARY, Value.Vintage.UNSTATED, Value.Vintage.FINAL),
}
INDICATORS_AT_MOST, SCOPES_AT_MOST, PERIODS_AT_MOST = 40, 200, 60
_TEXT_AT_MOST = 120


@dataclass(frozen=True, slots=True)
class Selection:
    """What to run: a method on indicators, scopes (``city:hangzhou``) and periods.

    Attributes:
        vintage: ``best`` (final before preliminary), ``final`` only, or ``preliminary`` first.
        flows: kind of the ledger's flows between cities, for methods that need flows.
        nation: ``provinces`` takes the provinces' figures as the wide matrix.
    """

    method: str
    indicators: tuple[str, ...]
    scopes: tuple[str, ...]
    periods: tuple[str, ...]
    vintage: str = "best"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    flows: str = ""
    nation: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values, for storing a choice."""
        return {
            "method": self.method,
            "indicators": list(self.indicators),
            "scopes": list(self.scopes),
            "periods": list(self.periods),
            "vintage": self.vintage,
            "parameters": {
                key: list(value) if isinstance(value, tuple) else value
                for key, value in self.parameters.items()
            },
            "flows": self.flows,
            "nation": self.nation,
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Selection:
        """The choice from plain values.

        Raises:
            Invalid: a value is missing, of the wrong kind, or too long.
        """
        unknown = [key for key in plain if key not in cls.__dataclass_fields__]
        if unknown:
            raise Invalid(_("不认识“%(name)s”。") % {"name": str(unknown[0])[:40]}, field="method")
        parameters = plain.get("parameters", {})
        if not isinstance(parameters, Mapping) or not all(isinstance(key, str) for key in parameters):
            raise Invalid(_("参数应是一组名称与取值。"), field="parameters")
        return cls(
            _word(plain, "method"),
            _words(plain, "indicators", INDICATORS_AT_MOST),
            _words(plain, "scopes", SCOPES_AT_MOST),
            _words(plain, "periods", PERIODS_AT_MOST),
            _word(plain, "vintage") or "best",
            dict(parameters),
            _word(plain, "flows"),
            _word(plain, "nation"),
        )


@dataclass(frozen=True, slots=True)
class Missing:
    """A figure the store does not hold."""

    scope: str
    indicator: str
    period: str


@dataclass(frozen=True, slots=True)
class Study:
    """The data of a run with what they rest on.

    Attributes:
        values: the store's values used, the nation's matrix included.
        missing: figures that were not there; their rows are left out.
        dropped: scopes (and periods) left out.
        version: SM3 over the keys and figures used: equal data, equal version.
        flows: the matrix of flows used, or None.
    """

    selection: Selection
    method: Method
    data: Data
    values: tuple[Value, ...]
    indicators: tuple[Indicator, ...]
    missing: tuple[Missing, ...]
    dropped: tuple[str, ...]
    version: str
    flows: np.ndarray[Any, Any] | None


def run_selection(
    selection: Selection, *, pinned: Iterable[int] | None = None, flows: Any = None
) -> tuple[Study, Result]:
    """Run the chosen method on the chosen data.

    Args:
        pinned: keys of the values to use, for the same figures again.
        flows: the matrix of flows to use, for the same figures again.

    Raises:
        Invalid: the choice is wrong, figures are missing, or the method refuses the data.
    """
    study = assemble(selection, pinned=pinned, flows=flows)
    try:
        return study, run(selection.method, study.data, selection.parameters)
    except BadInput as refused:
        raise told(refused, study.method) from refused


def assemble(selection: Selection, *, pinned: Iterable[int] | None = None, flows: Any = None) -> Study:
    """The data of a selection; rows that lack a figure are left out and told.

    Raises:
        Invalid: method, indicator, scope or vintage is unknown, units differ where they may not, or
            nothing is left.
    """
    method = _method(selection)
    indicators = _indicators(selection, method)
    kept = None if pinned is None else set(pinned)
    periods = _periods(selection, method)
    scopes = _scopes(selection)
    found = _values(selection, scopes, periods, kept)
    rows, missing, dropped = _rows(selection, scopes, periods, found)
    if not rows:
        raise Invalid(
            _("所选范围和时期没有齐全的数据。"),
            mend=_("请换一个时期，或先导入缺少的指标值。"),
            field="periods",
        )
    nation, national = _nation(selection, periods, kept)
    array = np.array([[float(found[row][name].value) for name in selection.indicators] for row in rows])
    regions = tuple(scope for scope, _period in rows)
    places, groups = _about(regions)
    matrix = _flows(selection, method, regions, periods, flows)
    used = tuple(found[row][name] for row in rows for name in selection.indicators) + national
    try:
        data = Data(
            regions,
            selection.indicators,
            array.reshape(len(rows), len(selection.indicators)),
            groups=groups,
            places=places,
            flows=matrix,
            nation=nation,
            periods=tuple(period for _scope, period in rows) if len(periods) > 1 else (),
        )
    except BadInput as refused:
        raise told(refused, method) from refused
    return Study(
        selection,
        method,
        data,
        used,
        indicators,
        tuple(missing),
        tuple(dropped),
        _version(used, matrix),
        matrix,
    )


def told(refused: BadInput, method: Method) -> Invalid:
    """An engine's refusal in the reader's language."""
    title = method.title.to("en" if is_english() else "zh")
    words = {
        "few": _("数据太少，无法计算%(title)s。"),
        "missing": _("缺少%(title)s所需的数据。"),
        "many": _("%(title)s用不了这么多指标。"),
        "negative": _("%(title)s不接受负值或全零的数据。"),
        "positive": _("%(title)s要求数值大于零。"),
        "zero": _("所选数据全部为零。"),
        "empty": _("有的范围所有指标都为零，没有结构可言。"),
        "smaller": _("各地区之和大于全国，请核对数据。"),
        "whole": _("流量须为整数。"),
        "pieces": _("各地区没有共同的活动，无法计算复杂度。"),
        "alike": _("各地区结构相同，无法区分。"),
        "range": _("参数超出范围。"),
        "choice": _("参数不在可选之列。"),
        "number": _("参数应是数值。"),
        "columns": _("所选指标不合要求。"),
        "unknown": _("参数或指标不认识。"),
    }.get(refused.code, _("%(title)s无法用于所选数据。"))
    field_of = refused.field if refused.field in {p.key for p in method.parameters} else "method"
    return Invalid(words % {"title": title}, mend=_mend(method), field=field_of)


def _mend(method: Method) -> str:
    needs = method.needs
    parts = [_("至少 %(n)d 个范围") % {"n": needs.rows_min}]
    if needs.columns_min == needs.columns_max:
        parts.append(_("恰好 %(n)d 项指标") % {"n": needs.columns_min})
    elif needs.columns_min:
        parts.append(_("至少 %(n)d 项指标") % {"n": needs.columns_min})
    if needs.flows:
        parts.append(_("一类城市间的流"))
    if needs.nation:
        parts.append(_("全国（各省）数据"))
    return _("该方法需要：%(needs)s。") % {"needs": listed(parts)}


def _method(selection: Selection) -> Method:
    if selection.method not in METHODS:
        raise Invalid(_("没有方法“%(name)s”。") % {"name": selection.method[:40]}, field="method")
    if selection.vintage not in VINTAGES:
        raise Invalid(_("没有“%(value)s”这一版本。") % {"value": selection.vintage[:40]}, field="vintage")
    if selection.nation not in ("", "provinces"):
        raise Invalid(_("全国数据只能取自各省。"), field="nation")
    method = METHODS[selection.method]
    try:
        method.check(selection.parameters)
    except BadInput as refused:
        raise told(refused, method) from refused
    return method


def _indicators(selection: Selection, method: Method) -> tuple[Indicator, ...]:
    table = Indicator.objects.in_bulk(selection.indicators)
    unknown = [name for name in selection.indicators if name not in table]
    if unknown:
        raise Invalid(_("没有指标“%(name)s”。") % {"name": unknown[0][:40]}, field="indicators")
    found = tuple(table[name] for name in selection.indicators)
    units = sorted({indicator.unit for indicator in found})
    if method.needs.one_unit and len(units) > 1:
        raise Invalid(
            _("%(title)s要求各项指标单位相同，所选指标有：%(units)s。")
            % {"title": method.title.to("en" if is_english() else "zh"), "units": listed(units)},
            field="indicators",
        )
    return found


def _periods(selection: Selection, method: Method) -> tuple[str, ...]:
    periods = tuple(dict.fromkeys(selection.periods))
    if not periods and selection.indicators:
        raise Invalid(_("请选择时期。"), field="periods")
    if len(periods) > 1 and not method.needs.periods:
        raise Invalid(_("该方法一次只能看一个时期。"), field="periods")
    return periods


def _scopes(selection: Selection) -> tuple[tuple[str, str], ...]:
    scopes = []
    for text in dict.fromkeys(selection.scopes):
        kind, sep, key = text.partition(":")
        if not sep or kind not in Value.Scope.values or not key:
            raise Invalid(_("不认识的范围“%(name)s”。") % {"name": text[:40]}, field="scopes")
        scopes.append((kind, key))
    if not scopes:
        raise Invalid(_("请选择城市或其他范围。"), field="scopes")
    return tuple(scopes)


Row = tuple[str, str]  # scope ("city:hangzhou") and period


def _values(
    selection: Selection,
    scopes: Sequence[tuple[str, str]],
    periods: Sequence[str],
    kept: set[int] | None,
) -> dict[Row, dict[str, Value]]:
    """Row → indicator → the value that counts."""
    order = VINTAGES[selection.vintage]
    kinds = {kind for kind, _key in scopes}
    wanted = values().filter(indicator__in=selection.indicators, period__in=periods, scope_kind__in=kinds)
    wanted = wanted.filter(withdrawn_at=None) if kept is None else wanted
    if selection.vintage == "final":
        wanted = wanted.filter(vintage__in=order)
    table: dict[Row, dict[str, Value]] = {}
    chosen = {f"{kind}:{key}" for kind, key in scopes}
    for value in sorted(wanted, key=lambda value: rank(value, order)):
        scope = f"{value.scope_kind}:{value.scope}"
        if scope in chosen and (kept is None or value.pk in kept):
            table.setdefault((scope, value.period), {}).setdefault(str(value.indicator_id), value)
    return table


def _rows(
    selection: Selection,
    scopes: Sequence[tuple[str, str]],
    periods: Sequence[str],
    found: Mapping[Row, Mapping[str, Value]],
) -> tuple[list[Row], list[Missing], list[str]]:
    rows, missing, dropped = [], [], []
    for kind, key in scopes:
        for period in periods or ("",):
            row = (f"{kind}:{key}", period)
            gaps = [name for name in selection.indicators if name not in found.get(row, {})]
            missing += [Missing(row[0], name, period) for name in gaps]
            if gaps:
                dropped.append(f"{row[0]}@{period}" if len(periods) > 1 else row[0])
            else:
                rows.append(row)
    return rows, missing, dropped


def _nation(
    selection: Selection, periods: Sequence[str], kept: set[int] | None
) -> tuple[Matrix | None, tuple[Value, ...]]:
    """The provinces that have every indicator, as the wide matrix, and the values it holds."""
    if not selection.nation:
        return None, ()
    if len(periods) != 1:
        raise Invalid(_("用各省数据作全国矩阵时，只能选一个时期。"), field="periods")
    scopes = [("province", name) for name in PROVINCES]
    found = _values(selection, scopes, periods, kept)
    rows = [
        (f"province:{name}", periods[0])
        for name in PROVINCES
        if len(found.get((f"province:{name}", periods[0]), {})) == len(selection.indicators)
    ]
    if len(rows) < 2:
        raise Invalid(
            _("各省没有这些指标的数据。"), mend=_("请先导入省级数据，或不用全国矩阵。"), field="nation"
        )
    used = tuple(found[row][name] for row in rows for name in selection.indicators)
    array = np.array([[float(found[row][name].value) for name in selection.indicators] for row in rows])
    try:
        return Matrix(tuple(scope for scope, _period in rows), selection.indicators, array), used
    except BadInput as refused:
        raise told(refused, METHODS[selection.method]) from refused


def _about(regions: Sequence[str]) -> tuple[np.ndarray[Any, Any] | None, tuple[str, ...]]:
    """Places and groups of the regions: cities by province, provinces by belt; none for others."""
    cities = {city.slug: city for city in City.objects.all()}
    places, groups = [], []
    for region in regions:
        kind, _sep, key = region.partition(":")
        if kind == Value.Scope.CITY and key in cities:
            places.append((cities[key].latitude, cities[key].longitude))
            groups.append(cities[key].province)
        elif kind == Value.Scope.PROVINCE and key in CAPITALS:
            places.append(CAPITALS[key])
            groups.append(belt(key))
        else:
            return None, ()
    return np.array(places), tuple(groups)


def _flows(
    selection: Selection, method: Method, regions: Sequence[str], periods: Sequence[str], given: Any
) -> np.ndarray[Any, Any] | None:
    """The ledger's flows between the cities chosen, or the matrix given."""
    if given is not None:
        return np.asarray(given, dtype=np.float64)
    if not selection.flows:
        return None
    from langqiao.apps.insight.queries.flows import flow_matrix

    if not method.needs.flows:
        raise Invalid(_("该方法不用流。"), field="flows")
    return flow_matrix(selection.flows, regions, periods[0] if periods else "")


def _version(used: Sequence[Value], flows: np.ndarray[Any, Any] | None) -> str:
    said = "\n".join(sorted(f"{value.pk}\x1f{value.value:f}" for value in used))
    if flows is not None:
        said += "\n" + ",".join(repr(float(flow)) for flow in flows.ravel())
    return sm3_hex(said.encode())


def _word(plain: Mapping[str, Any], name: str) -> str:
    value = plain.get(name, "")
    if not isinstance(value, str) or len(value) > _TEXT_AT_MOST or "\x00" in value:
        raise Invalid(_("这里应是一段短文字。"), field=name)
    return value


def _words(plain: Mapping[str, Any], name: str, most: int) -> tuple[str, ...]:
    value = plain.get(name, ())
    if not isinstance(value, list | tuple) or len(value) > most:
        raise Invalid(_("这里应是一组名称，最多 %(most)d 个。") % {"most": most}, field=name)
    if not all(
        isinstance(item, str) and 0 < len(item) <= _TEXT_AT_MOST and "\x00" not in item for item in value
    ):
        raise Invalid(_("这里应是一组名称，最多 %(most)d 个。") % {"most": most}, field=name)
    return tuple(dict.fromkeys(value))


def all_periods() -> list[str]:
    """Periods that have live values, newest first."""
    found = Value.objects.filter(withdrawn_at=None).order_by("-period").values_list("period", flat=True)
    return list(found.distinct())


def scope_choices() -> list[tuple[str, str]]:
    """Scopes a method can run on that have values: cities, then provinces, then organisations."""
    from langqiao.apps.insight.domain.scopes import scope_names

    have = set(
        Value.objects.filter(withdrawn_at=None)
        .filter(Q(scope_kind__in=("city", "province", "organisation")))
        .values_list("scope_kind", "scope")
        .distinct()
        .order_by()
    )
    have |= {("city", city.slug) for city in City.objects.all()}
    names = scope_names(have)
    order = {city.slug: city.order for city in City.objects.all()} | {
        name: place for place, name in enumerate(PROVINCES)
    }
    kinds = ("city", "province", "organisation")
    ranked = sorted(have, key=lambda scope: (kinds.index(scope[0]), order.get(scope[1], 0), scope[1]))
    return [(f"{kind}:{key}", names[kind, key]) for kind, key in ranked]


def indicator_choices() -> list[tuple[str, str]]:
    """Indicators with their units."""
    rows = [(row, shown_words.unit(row.unit)) for row in Indicator.objects.order_by("subject", "name")]
    return [(row.slug, f"{named(row)} ({unit})" if unit else named(row)) for row, unit in rows]
