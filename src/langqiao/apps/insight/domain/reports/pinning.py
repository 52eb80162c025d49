"""Pinning (固定数据): the figures a section uses are copied into it, with their source, under one digest.

A report must give the same figures in ten years, when values were withdrawn, cities merged and indicators
renamed; so it carries its data with it instead of pointing at them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from langqiao.apps.insight.domain.scopes import scope_names
from langqiao.apps.insight.models.indicators import Indicator, Value
from langqiao.apps.insight.queries.indicators import live_values, rank
from langqiao.apps.insight.queries.study import VINTAGES, Selection, Study, assemble
from langqiao.apps.ledger.chain import canonical
from langqiao.engines.sm import sm3_hex
from langqiao.kit.refusals import Invalid

if TYPE_CHECKING:
    from langqiao.engines.regional import Data

Place = tuple[str, str, str]  # indicator, scope as ``city:suzhou``, period
FIGURES_AT_MOST = 5_000


def digest(plain: Mapping[str, Any]) -> str:
    """SM3 over the canonical JSON."""
    return sm3_hex(canonical(plain).encode())


def pin(selection: Selection) -> dict[str, Any]:
    """Copy the data of a selection as they stand now.

    Returns:
        ``{indicators, scopes, figures, missing, dropped}``: names and units, names, one object a figure, and
        ``[indicator, scope, period]`` of what there is none of; with a method also ``data``, what it runs on.

    Raises:
        Invalid: the selection is wrong, a figure it cannot do without is missing, or there is none at all.
    """
    return _pin_study(assemble(selection)) if selection.method else _pin_figures(selection)


def _pin_study(study: Study) -> dict[str, Any]:
    scopes = [f"{value.scope_kind}:{value.scope}" for value in study.values]
    gaps = [gap.scope for gap in study.missing]
    return {
        "indicators": _indicators(study.indicators),
        "scopes": _scopes([*study.data.regions, *scopes, *gaps]),
        "figures": [_figure(value) for value in study.values],
        "missing": [[gap.indicator, gap.scope, gap.period] for gap in study.missing],
        "dropped": list(study.dropped),
        "data": plain_data(study.data),
    }


def _pin_figures(selection: Selection) -> dict[str, Any]:
    """The figures themselves, of any scopes; what is missing is told and no reason to refuse."""
    if not (selection.indicators and selection.scopes and selection.periods):
        raise Invalid(_("请选择指标、范围和时期。"), field="indicators")
    if selection.vintage not in VINTAGES:
        raise Invalid(_("没有“%(value)s”这一版本。") % {"value": selection.vintage[:40]}, field="vintage")
    if len(selection.indicators) * len(selection.scopes) * len(selection.periods) > FIGURES_AT_MOST:
        raise Invalid(_("一节最多 %(most)d 个数。") % {"most": FIGURES_AT_MOST}, field="scopes")
    table = Indicator.objects.in_bulk(selection.indicators)
    for slug in selection.indicators:
        if slug not in table:
            raise Invalid(_("没有指标“%(name)s”。") % {"name": slug[:40]}, field="indicators")
    best = _best(selection)
    places = [
        (indicator, scope, period)
        for indicator in selection.indicators
        for period in selection.periods
        for scope in selection.scopes
    ]
    figures = [_figure(best[place]) for place in places if place in best]
    if not figures:
        raise Invalid(
            _("所选的指标、范围和时期一个数也没有。"),
            mend=_("请换一个时期或范围，或先导入指标值。"),
            field="periods",
        )
    return {
        "indicators": _indicators(table[slug] for slug in selection.indicators),
        "scopes": _scopes(selection.scopes),
        "figures": figures,
        "missing": [list(place) for place in places if place not in best],
        "dropped": [],
    }


def _best(selection: Selection) -> dict[Place, Value]:
    order = VINTAGES[selection.vintage]
    rows = live_values().filter(
        indicator__in=selection.indicators,
        period__in=selection.periods,
        scope__in={scope.partition(":")[2] for scope in selection.scopes},
    )
    if selection.vintage == "final":
        rows = rows.filter(vintage__in=order)
    wanted = set(selection.scopes)
    best: dict[Place, Value] = {}
    for value in sorted(rows, key=lambda value: rank(value, order)):
        scope = f"{value.scope_kind}:{value.scope}"
        if scope in wanted:
            best.setdefault((value.indicator_id, scope, value.period), value)
    return best


def _indicators(found: Iterable[Indicator]) -> dict[str, Any]:
    return {
        one.slug: {
            "name": one.name,
            "name_en": one.name_en,
            "unit": one.unit,
            "illustrative": one.illustrative,
        }
        for one in found
    }


def _scopes(texts: Iterable[str]) -> dict[str, Any]:
    """Names of scopes in both languages."""
    wanted = {text: (text.partition(":")[0], text.partition(":")[2]) for text in texts}
    for text, (kind, key) in wanted.items():
        if kind not in Value.Scope.values or not key:
            raise Invalid(_("不认识的范围“%(name)s”。") % {"name": text[:40]}, field="scopes")
    with override("zh-hans"):
        chinese = scope_names(wanted.values())
    with override("en"):
        english = scope_names(wanted.values())
    return {
        text: {"name": str(chinese[scope]), "name_en": str(english[scope])} for text, scope in wanted.items()
    }


def number(value: Decimal) -> str:
    """A figure without the zeros that its column adds.

    >>> number(Decimal("23958.300000")), number(Decimal("1210207.000000")), number(Decimal("0.000000"))
    ('23958.3', '1210207', '0')
    """
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _figure(value: Value) -> dict[str, Any]:
    return {
        "indicator": value.indicator_id,
        "scope": f"{value.scope_kind}:{value.scope}",
        "period": value.period,
        "vintage": value.vintage,
        "value": number(value.value),
        "unit": value.unit,
        "source_name": value.source_name,
        "source_url": value.source_url,
        "source_date": value.source_date.isoformat() if value.source_date else "",
        "illustrative": value.illustrative,
    }


# -- what a method runs on ----------------------------------------------------------------------


def plain_data(data: Data) -> dict[str, Any]:
    """The engine's data as plain values."""

    def rows(array: Any) -> list[list[float]] | None:
        return None if array is None else [[float(cell) for cell in row] for row in array]

    return {
        "regions": list(data.regions),
        "columns": list(data.columns),
        "values": rows(data.values),
        "groups": list(data.groups),
        "places": rows(data.places),
        "flows": rows(data.flows),
        "nation": data.nation and {"rows": list(data.nation.rows), "values": rows(data.nation.values)},
        "periods": list(data.periods),
    }


def data_of(plain: Mapping[str, Any]) -> Data:
    """The engine's data from plain values.

    Raises:
        BadInput: they do not fit together.
    """
    from langqiao.engines.regional import Data, Matrix

    columns = tuple(plain["columns"])
    nation = plain["nation"]
    return Data(
        regions=tuple(plain["regions"]),
        columns=columns,
        values=_array(plain["values"], (len(plain["regions"]), len(columns))),
        groups=tuple(plain["groups"]),
        places=None if plain["places"] is None else _array(plain["places"]),
        flows=None if plain["flows"] is None else _array(plain["flows"]),
        nation=nation and Matrix(tuple(nation["rows"]), columns, _array(nation["values"])),
        periods=tuple(plain["periods"]),
    )


def _array(rows: Sequence[Sequence[float]], shape: tuple[int, int] | None = None) -> Any:
    import numpy as np

    array = np.asarray(rows, dtype=np.float64)
    return array if shape is None else array.reshape(shape)
