"""The report on complementarity (错位互补): whom a place duplicates, whom it complements, what is near to it.

The methods are those of ``engines.regional``; here stand only the tables they run on and the words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from langqiao.apps.alliances.models import Place
from langqiao.apps.alliances.queries.parks.matrix import Basis, Comparison, Row, comparison
from langqiao.apps.registry.geography import distance_km
from langqiao.kit.words import is_english

# From which similarity of structures two places are said to duplicate or to complement each other.
# Conventions of this report, not of the method: UNIDO gives the figure and no verdict.
DUPLICATES, COMPLEMENTS = 0.75, 0.35
FEW = 10  # places below which quotients against their own sum say little
NEAR_SHOWN = 6
# With presence alone a place "has" what it names, whatever its quotient.
ANY = 1e-9


@dataclass(frozen=True, slots=True)
class Line:
    """An activity of the place: its quantity, its share, its location quotient."""

    activity: str
    name: str
    quantity: float
    share: float
    quotient: float
    others: int


@dataclass(frozen=True, slots=True)
class Peer:
    """Another place beside the one of the report; ``verdict`` is duplicates, partly or complements."""

    row: Row
    similarity: float
    krugman: float
    verdict: str
    shared: list[str]
    theirs: list[str]
    km: float | None

    @property
    def complementarity(self) -> float:
        """How little the structures overlap."""
        return 1.0 - self.similarity


@dataclass(frozen=True, slots=True)
class Near:
    """An activity that the place does not have and that goes with what it has."""

    activity: str
    name: str
    density: float
    places: list[str]


@dataclass(slots=True)
class Report:
    """All of it, for a page, a paper, JSON."""

    comparison: Comparison
    row: Row
    specialisation: float | None = None
    lines: list[Line] = field(default_factory=list)
    peers: list[Peer] = field(default_factory=list)
    near: list[Near] = field(default_factory=list)
    reference: str = ""
    reference_rows: int = 0
    warnings: list[Any] = field(default_factory=list)

    def of(self, verdict: str) -> list[Peer]:
        """Peers with a verdict, the clearest first."""
        found = [peer for peer in self.peers if peer.verdict == verdict]
        down = 1 if verdict == "complements" else -1
        return sorted(
            found, key=lambda peer: (down * round(peer.similarity, 9), peer.km or 0.0, peer.row.name)
        )

    @property
    def duplicates(self) -> list[Peer]:
        """With whom it duplicates."""
        return self.of("duplicates")

    @property
    def partly(self) -> list[Peer]:
        """With whom it overlaps in part."""
        return self.of("partly")

    @property
    def complements(self) -> list[Peer]:
        """Whom it complements."""
        return self.of("complements")


def matrix_of(found: Comparison) -> Any:
    """The comparison as the engine takes it."""
    from langqiao.engines.regional.types import Matrix

    values = np.array(
        [[row.values.get(name, 0.0) for name in found.activities] for row in found.rows], dtype=np.float64
    )
    return Matrix(tuple(row.key for row in found.rows), tuple(found.activities), values)


def report_on(key: str, found: Comparison) -> Report | None:
    """The report on one row of a comparison; None where it publishes nothing on this basis."""
    row = found.row(key)
    if row is None:
        return None
    report = Report(found, row)
    report.warnings += _warnings(found)
    if len(found.rows) < 2:
        return report
    from langqiao.engines.regional.complementarity import similarity
    from langqiao.engines.regional.specialisation import krugman, krugman_pairs, location_quotients

    matrix = matrix_of(found)
    at = found.rows.index(row)
    quotients = location_quotients(matrix)[at]
    report.specialisation = float(krugman(matrix)[at])
    total = sum(row.values.values())
    report.lines = sorted(
        (
            Line(
                activity=name,
                name=found.names.get(name, name),
                quantity=row.values[name],
                share=row.values[name] / total,
                quotient=float(quotients[j]),
                others=sum(1 for other in found.rows if other is not row and other.values.get(name, 0) > 0),
            )
            for j, name in enumerate(found.activities)
            if row.values.get(name, 0) > 0
        ),
        key=lambda line: (-line.share, line.activity),
    )
    alike, apart = similarity(matrix)[at], krugman_pairs(matrix)[at]
    report.peers = [
        _peer(row, other, float(alike[i]), float(apart[i]), found)
        for i, other in enumerate(found.rows)
        if other is not row
    ]
    _add_near(report, matrix)
    return report


def _peer(row: Row, other: Row, alike: float, apart: float, found: Comparison) -> Peer:
    mine = {name for name, value in row.values.items() if value > 0}
    theirs = {name for name, value in other.values.items() if value > 0}
    verdict = "duplicates" if alike >= DUPLICATES else "complements" if alike <= COMPLEMENTS else "partly"
    return Peer(
        row=other,
        similarity=alike,
        krugman=apart,
        verdict=verdict,
        shared=[found.names.get(name, name) for name in sorted(mine & theirs)],
        theirs=[found.names.get(name, name) for name in sorted(theirs - mine)],
        km=distance_km(row.city, other.city) if row.city and other.city else None,
    )


def _add_near(report: Report, matrix: Any) -> None:
    """What goes with the place's activities: read from a reference matrix, or from the places themselves."""
    from langqiao.engines.regional.relatedness import relatedness
    from langqiao.engines.regional.types import Matrix

    found, row = report.comparison, report.row
    wide = comparison(Place.Kind.REFERENCE, found.basis)
    has_reference = len(wide.rows) >= 2
    source = wide if has_reference else found
    columns = tuple(sorted({*found.activities, *wide.activities})) if has_reference else matrix.columns
    nation = Matrix(tuple(r.key for r in source.rows), columns, _values(source.rows, columns))
    one = Matrix((row.key,), columns, _values([row], columns))
    result = relatedness(one, nation, threshold=ANY if found.basis.is_presence else 1.0)
    mine = {name for name, value in row.values.items() if value > 0}
    names = {**wide.names, **found.names}
    candidates = [pair for pair in result.near(row.key, top=len(columns)) if pair[0] not in mine]
    report.near = [
        Near(
            name,
            names.get(name, name),
            density,
            [other.name for other in found.rows if other.values.get(name, 0) > 0],
        )
        for name, density in candidates[:NEAR_SHOWN]
    ]
    report.reference_rows = len(source.rows)
    report.reference = _("对照地区") if has_reference else _("参加比较的各方自身")
    if has_reference:
        language = "en" if is_english() else "zh"
        report.warnings += [warning.text.to(language) for warning in result.warnings]
    else:
        report.warnings.append(
            _("没有对照地区：哪些活动常在一起，只由参加比较的 %(n)d 个得出，并不稳定。")
            % {"n": len(source.rows)}
        )


def _values(rows: list[Row], columns: tuple[str, ...]) -> Any:
    return np.array([[row.values.get(name, 0.0) for name in columns] for row in rows], dtype=np.float64)


def _warnings(found: Comparison) -> list[Any]:
    """What a reader has to know before the figures."""
    warnings: list[Any] = []
    if len(found.rows) < FEW:
        warnings.append(
            _("参加比较的只有 %(n)d 个：区位商和专业化指数以它们的合计为基准，多少一个都会明显改变结果。")
            % {"n": len(found.rows)}
        )
    if found.basis.is_presence:
        warnings.append(
            _("只按有无比较：没有公布数量的活动一律计为 1，不反映规模；活动名称不同即视为不同活动。")
        )
    if any(row.illustrative for row in found.rows):
        warnings.append(_("参加比较的有示例数据，结果只供演示，不代表任何真实园区。"))
    if found.summed:
        warnings.append(_("没有整座城市的数据：各城市为其登记园区的合计，不代表全市。"))
    return warnings


@dataclass(frozen=True, slots=True)
class Grid:
    """Similarity of every two places, and each place's index of specialisation."""

    comparison: Comparison
    cells: list[tuple[Row, float, list[tuple[Row, float]]]]
    warnings: list[Any]


def grid_of(found: Comparison) -> Grid | None:
    """The table of all pairs; None for fewer than two places."""
    if len(found.rows) < 2:
        return None
    from langqiao.engines.regional.complementarity import similarity
    from langqiao.engines.regional.specialisation import krugman

    matrix = matrix_of(found)
    alike, index = similarity(matrix), krugman(matrix)
    cells = [
        (row, float(index[i]), [(other, float(alike[i][j])) for j, other in enumerate(found.rows)])
        for i, row in enumerate(found.rows)
    ]
    return Grid(found, cells, _warnings(found))


def as_json(report: Report) -> dict[str, Any]:
    """The report as plain values, figures rounded to four digits."""
    found = report.comparison
    return {
        "place": report.row.name,
        "basis": {"measure": found.basis.measure, "unit": found.basis.unit, "period": found.basis.period},
        "compared": len(found.rows),
        "left_out": found.left_out,
        "specialisation": _rounded(report.specialisation),
        "activities": [
            {
                "activity": line.activity,
                "quantity": None if found.basis.is_presence else line.quantity,
                "share": _rounded(line.share),
                "location_quotient": _rounded(line.quotient),
                "others": line.others,
            }
            for line in report.lines
        ],
        "peers": [
            {
                "place": peer.row.name,
                "similarity": _rounded(peer.similarity),
                "complementarity": _rounded(peer.complementarity),
                "krugman": _rounded(peer.krugman),
                "verdict": peer.verdict,
                "shared": peer.shared,
                "theirs": peer.theirs,
                "km": None if peer.km is None else round(peer.km, 1),
            }
            for peer in sorted(report.peers, key=lambda peer: -peer.similarity)
        ],
        "near": [
            {"activity": one.activity, "density": _rounded(one.density), "places": one.places}
            for one in report.near
        ],
        "reference": {"rows": report.reference_rows, "of": report.reference},
        "thresholds": {"duplicates": DUPLICATES, "complements": COMPLEMENTS},
        "warnings": [str(warning) for warning in report.warnings],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def park_report(place: Place, basis: Basis) -> Report | None:
    """The report on a park, among all parks."""
    return report_on(f"place-{place.pk}", comparison(place.kind, basis))
