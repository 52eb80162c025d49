"""How each method of the table is run on data: from the data to figures, tables and warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from . import (
    centrality,
    complementarity,
    complexity,
    coupling,
    dagum,
    dea,
    gravity,
    moran,
    radiation,
    relatedness,
    specialisation,
    theil,
    zipf,
)
from .distance import distances
from .panel import english_name
from .types import (
    Array,
    BadInput,
    Caution,
    Cell,
    Data,
    Result,
    Table,
    Term,
    as_cells,
    square_table,
    vector_table,
)
from .weights import entropy_weights, normalise

Given = Mapping[str, Any]


def _whole(data: Data) -> Array | None:
    return None if data.nation is None else np.asarray(data.nation.values.sum(axis=0))


def run_location_quotient(data: Data, _given: Given) -> Result:
    """Quotients against the nation if it is there, else against the regions' sum."""
    lq = specialisation.location_quotients(data.matrix, whole=_whole(data))
    title = Term("区位商", "Location quotients")
    table = Table("lq", title, data.row_names, data.columns, as_cells(lq))
    return Result("location_quotient", {}, (table,), _no_nation(data), "Balassa (1965)")


def run_krugman(data: Data, _given: Given) -> Result:
    """The index against the whole and between every two regions."""
    index = specialisation.krugman(data.matrix, whole=_whole(data))
    tables = (
        vector_table("index", Term("专业化指数", "Index of specialisation"), data, {"index": index}),
        square_table(
            "pairs",
            Term("两两之间", "Between every two"),
            data.row_names,
            specialisation.krugman_pairs(data.matrix),
        ),
    )
    return Result("krugman", {}, tables, _no_nation(data), "Krugman (1991)")


def run_similarity(data: Data, _given: Given) -> Result:
    """Similarity and complementarity of every two regions."""
    alike = complementarity.similarity(data.matrix)
    tables = (
        square_table("similarity", Term("相似系数", "Similarity"), data.row_names, alike),
        square_table("complementarity", Term("互补度", "Complementarity"), data.row_names, 1.0 - alike),
    )
    return Result("similarity", {}, tables, (), "UNIDO (1979)")


def run_relatedness(data: Data, given: Given) -> Result:
    """Density and quotients of the regions in the nation's space."""
    assert data.nation is not None
    found = relatedness.relatedness(data.matrix, data.nation, threshold=given["threshold"])
    tables = (
        Table(
            "density",
            Term("关联密度", "Relatedness density"),
            found.rows,
            found.columns,
            as_cells(found.density),
        ),
        Table(
            "lq",
            Term("相对全国的区位商", "Quotients against the nation"),
            found.rows,
            found.columns,
            as_cells(found.lq),
        ),
    )
    return Result("relatedness", {}, tables, found.warnings, "Hidalgo et al. (2007); Balland et al. (2019)")


def run_complexity(data: Data, given: Given) -> Result:
    """ECI of the regions and PCI of the activities."""
    found = complexity.complexity(data.matrix, threshold=given["threshold"])
    pci = Table(
        "pci",
        Term("活动复杂度", "Complexity of activities"),
        data.columns,
        ("pci",),
        as_cells(found.pci[:, None]),
    )
    tables = (vector_table("eci", Term("地区复杂度", "Complexity of regions"), data, {"eci": found.eci}), pci)
    return Result("complexity", {}, tables, found.warnings, "Hidalgo & Hausmann (2009)")


def run_gravity(data: Data, given: Given) -> Result:
    """Coefficients of the gravity model and the flows it expects."""
    assert data.places is not None
    assert data.flows is not None
    km, n = distances(data.places), len(data.regions)
    at, to = np.nonzero(~np.eye(n, dtype=bool))
    origin, destination = data.values[:, 0], data.values[:, -1]
    fit = gravity.fit_gravity(data.flows[at, to], origin[at], destination[to], km[at, to], form=given["form"])
    names = ("constant", "origin", "destination", "cost")
    estimates = (fit.constant, fit.origin, fit.destination, fit.cost)
    expected = np.zeros((n, n))
    expected[at, to] = fit.fitted
    tables = (
        Table(
            "coefficients",
            Term("系数", "Coefficients"),
            names,
            ("estimate", "error"),
            tuple(zip(estimates, fit.errors, strict=True)),
        ),
        square_table("expected", Term("模型期望的流", "Flows the model expects"), data.regions, expected),
    )
    values = {**dict(zip(names, estimates, strict=True)), "explained": fit.explained}
    return Result("gravity", values, tables, fit.warnings, "Santos Silva & Tenreyro (2006)")


def run_potential(data: Data, given: Given) -> Result:
    """Links of every two regions, and the sum of each region's."""
    assert data.places is not None
    links = gravity.potentials(data.one(), distances(data.places), exponent=given["exponent"])
    total = links.sum()
    if not total > 0:
        raise BadInput("values", "zero", "links need at least two masses above zero")
    strength = links.sum(axis=1)
    tables = (
        vector_table(
            "strength",
            Term("联系总量", "Sum of links"),
            data,
            {"strength": strength, "share": strength / total},
        ),
        square_table("links", Term("联系强度", "Links"), data.regions, links),
    )
    return Result("potential", {}, tables, (_assumed(given["exponent"]),), "Reilly (1931)")


def run_radiation(data: Data, _given: Given) -> Result:
    """Shares of what leaves each region, by destination."""
    assert data.places is not None
    shares = radiation.radiation(data.one(), distances(data.places))
    table = square_table("shares", Term("流出去向占比", "Where it goes, shares"), data.regions, shares)
    return Result("radiation", {}, (table,), (_closed(len(data.regions)),), "Simini et al. (2012)")


def run_zipf(data: Data, _given: Given) -> Result:
    """Exponent, error and primacy; sizes beside the line."""
    found = zipf.zipf(data.one())
    table = vector_table(
        "line", Term("位序与规模", "Rank and size"), data, {"size": data.one(), "line": found.line}
    )
    values = {
        "exponent": found.exponent,
        "error": found.error,
        "explained": found.explained,
        "primacy": found.primacy,
    }
    return Result("zipf", values, (table,), found.warnings, "Gabaix & Ibragimov (2011)")


def run_theil(data: Data, _given: Given) -> Result:
    """Total, and within and between when there are groups."""
    found = theil.theil(data.one(), data.groups or None)
    values = {"total": found.total}
    if data.groups:
        values |= {"within": found.within, "between": found.between}
    return Result("theil", values, (), _small_groups(data), "Theil (1967)")


def run_dagum(data: Data, _given: Given) -> Result:
    """Total, within, between and overlap; the coefficients of the groups."""
    found = dagum.dagum(data.one(), data.groups)
    values = {
        "total": found.total,
        "within": found.within,
        "between": found.between,
        "overlap": found.overlap,
    }
    table = square_table(
        "among", Term("组内与组间基尼系数", "Gini within and between groups"), found.names, found.among
    )
    return Result("dagum", values, (table,), _small_groups(data), "Dagum (1997)")


def run_coupling(data: Data, given: Given) -> Result:
    """Each indicator as one subsystem."""
    scaled = normalise(data.values, falling=_places_of(given["falling"], data.columns))
    weights = entropy_weights(scaled) if given["weighting"] == "entropy" else None
    found = coupling.coupling(scaled, weights=weights, form=given["form"])
    table = _coordination("coordination", data, found, {})
    return Result("coupling", {}, (table,), (_relative(),), "Liao (1999); Wang et al. (2021)")


def run_fusion(data: Data, given: Given) -> Result:
    """Four-way fusion by city and period, with levels of the sides and weights of the indicators."""
    sides = {side: given[side] for side in coupling.SIDES}
    periods = data.periods or ("",) * len(data.regions)
    rows = tuple(zip(data.regions, periods, strict=True))
    found = coupling.fusion(
        rows,
        data.values,
        data.columns,
        sides,
        weighting=given["weighting"],
        form=given["form"],
        falling=given["falling"],
    )
    levels = {side: found.levels[:, j] for j, side in enumerate(found.sides)}
    tables = [_coordination("fusion", data, found.coupling, levels)]
    if data.periods:
        tables.append(_by_period(data, found.coupling.d))
    tables.append(
        Table(
            "weights",
            Term("指标权重", "Weights of the indicators"),
            tuple(found.weights),
            ("weight",),
            tuple((weight,) for weight in found.weights.values()),
        )
    )
    return Result("fusion", {}, tuple(tables), (_relative(),), "Liao (1999); Wang et al. (2021)")


def run_moran(data: Data, given: Given) -> Result:
    """Moran's I with nearest neighbours or inverse distances."""
    assert data.places is not None
    if given["weights"] == "nearest":
        k = min(given["neighbours"], len(data.regions) - 1)
        weights = moran.nearest(data.places, k=k)
    else:
        weights = moran.inverse(data.places)
    found = moran.moran(data.one(), weights)
    values = {
        "i": found.i,
        "expected": found.expected,
        "z": found.z,
        "p_normal": found.p_normal,
        "p_random": found.p_random,
    }
    return Result("moran", values, (), found.warnings, "Cliff & Ord (1981)")


def run_dea(data: Data, given: Given) -> Result:
    """Efficiency scores; every indicator that is no input is an output."""
    inputs = _places_of(given["inputs"], data.columns) or list(range(len(data.columns) - 1))
    outputs = [j for j in range(len(data.columns)) if j not in inputs]
    if not outputs:
        raise BadInput("inputs", "all", "at least one indicator must be an output")
    found = dea.efficiency(
        data.values[:, inputs],
        data.values[:, outputs],
        returns=given["returns"],
        orientation=given["orientation"],
    )
    table = vector_table("score", Term("效率", "Efficiency"), data, {"score": found.score})
    values = {"mean": float(found.score.mean())}
    return Result("dea", values, (table,), found.warnings, "Charnes, Cooper & Rhodes (1978)")


def run_centrality(data: Data, given: Given) -> Result:
    """Strength, degree, betweenness, closeness and PageRank."""
    assert data.flows is not None
    found = centrality.centrality(data.flows, weighted=given["paths"] == "weighted", least=given["least"])
    columns = {
        "out": found.out,
        "into": found.into,
        "degree": found.degree,
        "betweenness": found.betweenness,
        "closeness": found.closeness,
        "rank": found.rank,
    }
    table = vector_table("centrality", Term("中心性", "Centrality"), data, columns)
    return Result("centrality", {}, (table,), found.warnings, "Freeman (1977, 1978)")


def run_entropy(data: Data, given: Given) -> Result:
    """Weights of the indicators and the weighted score of each row."""
    scaled = normalise(data.values, falling=_places_of(given["falling"], data.columns))
    weights = entropy_weights(scaled)
    tables = (
        Table(
            "weights",
            Term("权重", "Weights"),
            data.columns,
            ("weight",),
            tuple((float(weight),) for weight in weights),
        ),
        vector_table("score", Term("综合得分", "Composite score"), data, {"score": scaled @ weights}),
    )
    return Result("entropy_weights", {}, tables, (_relative(),), "Zeleny (1982)")


def _coordination(key: str, data: Data, found: coupling.Coupling, levels: Mapping[str, Array]) -> Table:
    """Levels of the sides if any, C, T, D and the grade of each row."""
    figures = np.column_stack([*levels.values(), found.c, found.t, found.d])
    cells: tuple[tuple[Cell, ...], ...] = tuple((*row, _grade_key(row[-1])) for row in as_cells(figures))
    title = Term("耦合协调度", "Coupling coordination")
    return Table(key, title, data.row_names, (*levels, "c", "t", "d", "grade"), cells)


def _grade_key(d: Cell) -> str:
    assert isinstance(d, float)
    return f"grade{coupling.grade(d)}"


def _by_period(data: Data, d: Array) -> Table:
    cities = tuple(dict.fromkeys(data.regions))
    periods = tuple(sorted(set(data.periods)))
    found = {(city, period): float(x) for city, period, x in zip(data.regions, data.periods, d, strict=True)}
    cells = tuple(tuple(found.get((city, period)) for period in periods) for city in cities)
    return Table("by_period", Term("各年融合指数", "Fusion by year"), cities, periods, cells)


def _places_of(names: Sequence[str], columns: Sequence[str]) -> list[int]:
    unknown = [name for name in names if name not in columns]
    if unknown:
        raise BadInput("columns", "unknown", f"{unknown[0]} is not one of the indicators chosen")
    return [columns.index(name) for name in names]


def _no_nation(data: Data) -> tuple[Caution, ...]:
    if data.nation is not None:
        return ()
    return (
        Caution(
            "no_nation",
            Term(
                "没有全国数据：以所选地区之和为全体。",
                "No national figures: the whole is the sum of the regions chosen.",
            ),
        ),
    )


def _small_groups(data: Data) -> tuple[Caution, ...]:
    small = sorted({group for group in data.groups if data.groups.count(group) < 3})
    if not small:
        return ()
    english = ", ".join(sorted(english_name(group) for group in small))
    return (
        Caution(
            "small_groups",
            Term(
                f"{'、'.join(small)} 不足三个地区：组内差异没有多少意义。",
                f"Fewer than three regions in {english}: inequality within means little there.",
            ),
        ),
    )


def _assumed(exponent: float) -> Caution:
    return Caution(
        "assumed",
        Term(
            f"距离指数 {exponent:g} 是假设，不是由数据估计的。",
            f"The exponent {exponent:g} is an assumption, not estimated from data.",
        ),
    )


def _closed(n: int) -> Caution:
    return Caution(
        "closed",
        Term(
            f"只看这 {n} 个地区：区外的去向（如上海市区、南京）没有计入。",
            f"Only these {n} regions are looked at: destinations outside them are not counted.",
        ),
    )


def _relative() -> Caution:
    return Caution(
        "relative",
        Term(
            "数值经极差标准化，只在所选地区与年份之间可比；换一组数据，得分会变。",
            "Range-normalised: comparable among the regions and years chosen only; other data, other scores.",
        ),
    )
