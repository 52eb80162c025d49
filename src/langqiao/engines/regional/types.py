"""What goes into a regional method and what comes out: tables, figures, warnings in two languages."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Cell = float | str | None
FEW = 30  # regions below which an asymptotic p-value says little; nine cities are far below it
MOST_REGIONS = 5_000
MOST_COLUMNS = 20_000


class BadInput(ValueError):
    """An input no method can use; the message is a sentence that says what was wrong.

    Attributes:
        field: name of the argument or parameter that was wrong.
        code: what was wrong in one word, for callers that say it in another language.
    """

    def __init__(self, field: str, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field, self.code = field, code


@dataclass(frozen=True, slots=True)
class Term:
    """A term in Chinese and English.

    >>> Term("区位商", "Location quotient").to("en")
    'Location quotient'
    """

    zh: str
    en: str

    def to(self, language: str) -> str:
        """The term for a language code; Chinese unless it begins with ``en``."""
        return self.en if language.lower().startswith("en") else self.zh


@dataclass(frozen=True, slots=True)
class Caution:
    """A warning that belongs beside the figure."""

    code: str
    text: Term


@dataclass(frozen=True, slots=True)
class Matrix:
    """Regions × activities, values ≥ 0 of one unit; at least one row and one column.

    Raises:
        BadInput: shapes do not fit, a name is there twice, a value is negative or not finite.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", check_array("values", self.values))
        check_names("rows", self.rows)
        check_names("columns", self.columns)
        if self.values.shape != (len(self.rows), len(self.columns)):
            raise BadInput("values", "shape", "the values need one row a region and one column an activity")
        if (self.values < 0).any():
            raise BadInput("values", "negative", "no value may be below zero")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the result: ``cells[i][j]`` belongs to ``rows[i]`` and ``columns[j]``.

    ``rows`` and ``columns`` hold the names of the data, or keys of ``Method.labels``.
    """

    key: str
    title: Term
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """Figures of one run; keys of ``values`` have words in ``METHODS[method].labels``."""

    method: str
    values: Mapping[str, float]
    tables: tuple[Table, ...]
    warnings: tuple[Caution, ...]
    reference: str

    def to_json(self) -> dict[str, Any]:
        """Plain values in a stable order, equal for equal runs; a number that is not finite is null."""
        return {
            "method": self.method,
            "values": {key: _plain(value) for key, value in self.values.items()},
            "tables": [
                {
                    "key": table.key,
                    "rows": list(table.rows),
                    "columns": list(table.columns),
                    "cells": [[_plain(cell) for cell in row] for row in table.cells],
                    "unit": table.unit,
                }
                for table in self.tables
            ],
            "warnings": [warning.code for warning in self.warnings],
            "reference": self.reference,
        }


@dataclass(frozen=True, slots=True)
class Data:
    """What a method runs on.

    Attributes:
        regions: n names.
        columns: k names of indicators or activities.
        values: (n, k), finite; the caller leaves out regions without a figure and says so.
        groups: the group of each region, for example its province; empty when there are none.
        places: (n, 2), latitude and longitude in degrees.
        flows: (n, n), ``flows[i, j]`` from region i to region j, ≥ 0.
        nation: the wide matrix (regions of the nation × the same columns), for relatedness and for
            quotients against the nation.
        periods: the period of each row; a region may then stand in several rows, once a period.

    ``columns`` may be empty (values of shape (n, 0)) for methods that look at flows only.

    Raises:
        BadInput: shapes do not fit or a value is not finite.
    """

    regions: tuple[str, ...]
    columns: tuple[str, ...]
    values: Array
    groups: tuple[str, ...] = ()
    places: Array | None = None
    flows: Array | None = None
    nation: Matrix | None = None
    periods: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.regions)
        if self.periods and len(self.periods) != n:
            raise BadInput("periods", "shape", "every row needs a period, or none has one")
        check_names("regions", self.row_names)
        if self.columns or np.size(self.values):
            check_names("columns", self.columns)
            object.__setattr__(self, "values", check_array("values", self.values))
        if self.values.shape != (n, len(self.columns)):
            raise BadInput("values", "shape", "the values need one row a region and one column an indicator")
        if self.groups and len(self.groups) != n:
            raise BadInput("groups", "shape", "every region needs a group, or none has one")
        if self.places is not None:
            object.__setattr__(self, "places", check_places(self.places, n))
        if self.flows is not None:
            object.__setattr__(self, "flows", check_flows(self.flows, n))
        if self.nation is not None and self.nation.columns != self.columns:
            raise BadInput("nation", "columns", "the national matrix needs the same columns as the regions")

    @property
    def row_names(self) -> tuple[str, ...]:
        """Names of the rows: the regions, or ``region@period`` when there are periods."""
        if not self.periods:
            return self.regions
        return tuple(f"{region}@{period}" for region, period in zip(self.regions, self.periods, strict=True))

    @property
    def matrix(self) -> Matrix:
        """The values as a matrix of regions and activities (none below zero)."""
        return Matrix(self.row_names, self.columns, self.values)

    def one(self) -> Array:
        """The only column, shape (n,).

        Raises:
            BadInput: there are several.
        """
        if len(self.columns) != 1:
            raise BadInput("columns", "one", "this method takes exactly one indicator")
        return np.ascontiguousarray(self.values[:, 0])


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a method with its range; ``columns`` means a list of column names."""

    key: str
    title: Term
    kind: Literal["number", "whole", "choice", "columns"]
    default: Any
    low: float | None = None
    high: float | None = None
    choices: tuple[tuple[str, Term], ...] = ()

    def check(self, value: Any) -> Any:
        """The value as the method takes it.

        Raises:
            BadInput: it is of the wrong kind or outside its range.
        """
        if self.kind == "choice":
            if not isinstance(value, str) or value not in {key for key, _ in self.choices}:
                raise BadInput(self.key, "choice", f"{self.title.en} must be one of the choices offered")
            return value
        if self.kind == "columns":
            if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
                raise BadInput(self.key, "columns", f"{self.title.en} must be a list of columns")
            return tuple(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            raise BadInput(self.key, "number", f"{self.title.en} must be a number")
        if self.kind == "whole" and value != int(value):
            raise BadInput(self.key, "whole", f"{self.title.en} must be a whole number")
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            raise BadInput(self.key, "range", f"{self.title.en} must lie between {self.low} and {self.high}")
        return int(value) if self.kind == "whole" else float(value)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a method needs to run."""

    columns_min: int
    columns_max: int | None
    rows_min: int
    groups: bool = False
    places: bool = False
    flows: bool = False
    nation: bool = False
    one_unit: bool = False  # all indicators must be of one unit (shares of a whole)
    periods: bool = False  # several periods may be taken together


@dataclass(frozen=True, slots=True)
class Method:
    """A method as pages and reports offer it."""

    key: str
    title: Term
    summary: Term
    needs: Needs
    run: Callable[[Data, Mapping[str, Any]], Result]
    reference: str
    package: str
    parameters: tuple[Parameter, ...] = ()
    labels: Mapping[str, Term] = field(default_factory=dict)

    def check(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with their defaults filled in.

        Raises:
            BadInput: a parameter is unknown or its value wrong.
        """
        known = {parameter.key: parameter for parameter in self.parameters}
        for key in parameters:
            if key not in known:
                raise BadInput(key, "unknown", f"{self.title.en} has no parameter {key!r}")
        return {
            key: parameter.check(parameters.get(key, parameter.default)) for key, parameter in known.items()
        }

    def check_data(self, data: Data) -> None:
        """Check that the data hold what the method needs.

        Raises:
            BadInput: too few regions, too few or many indicators, no groups, places, flows or nation.
        """
        needs = self.needs
        if len(data.regions) < needs.rows_min:
            raise BadInput("regions", "few", f"{self.title.en} needs at least {needs.rows_min} regions")
        if len(data.columns) < needs.columns_min:
            raise BadInput("columns", "few", f"{self.title.en} needs at least {needs.columns_min} indicators")
        if needs.columns_max is not None and len(data.columns) > needs.columns_max:
            raise BadInput("columns", "many", f"{self.title.en} takes at most {needs.columns_max} indicators")
        for name, wanted, there in (
            ("groups", needs.groups, bool(data.groups)),
            ("places", needs.places, data.places is not None),
            ("flows", needs.flows, data.flows is not None),
            ("nation", needs.nation, data.nation is not None),
        ):
            if wanted and not there:
                raise BadInput(name, "missing", f"{self.title.en} needs {name}")


def check_array(name: str, values: Any, *, dimensions: int = 2) -> Array:
    """``values`` as a float array of so many dimensions.

    Raises:
        BadInput: it has another shape, is too large or holds a value that is not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != dimensions or array.size == 0:
        raise BadInput(name, "shape", f"{name} must be an array of {dimensions} dimensions that is not empty")
    if array.shape[0] > MOST_REGIONS or (dimensions > 1 and array.shape[1] > MOST_COLUMNS):
        raise BadInput(name, "large", f"{name} may have {MOST_REGIONS} rows and {MOST_COLUMNS} columns")
    if not np.isfinite(array).all():
        raise BadInput(name, "finite", f"every value of {name} must be a finite number")
    return array


def check_names(name: str, names: tuple[str, ...]) -> None:
    """Check that names are there, not blank, and each once.

    Raises:
        BadInput: they are not.
    """
    if not names or any(not item.strip() for item in names) or len(set(names)) != len(names):
        raise BadInput(name, "names", f"{name} need names, none blank and none twice")


def check_places(places: Any, n: int) -> Array:
    """Latitude and longitude in degrees, (n, 2).

    Raises:
        BadInput: the shape is another or a place is not on Earth.
    """
    array = check_array("places", places)
    if array.shape != (n, 2):
        raise BadInput("places", "shape", "every region needs a latitude and a longitude")
    if (np.abs(array[:, 0]) > 90).any() or (np.abs(array[:, 1]) > 180).any():
        raise BadInput("places", "range", "latitudes lie within ±90°, longitudes within ±180°")
    return array


def check_flows(flows: Any, n: int) -> Array:
    """Flows between n regions, (n, n), ≥ 0.

    Raises:
        BadInput: the shape is another or a flow is negative.
    """
    array = check_array("flows", flows)
    if array.shape != (n, n) or (array < 0).any():
        raise BadInput("flows", "shape", "flows need one row and one column a region and no negative value")
    return array


def few_regions(n: int) -> tuple[Caution, ...]:
    """The warning that goes with every p-value of fewer than 30 regions."""
    if n >= FEW:
        return ()
    return (
        Caution(
            "few_regions",
            Term(
                f"只有 {n} 个地区：显著性（p 值）依据渐近分布，样本太少，只作参考。",
                f"Only {n} regions: p-values rest on asymptotic distributions and mean little with so few.",
            ),
        ),
    )


def vector_table(key: str, title: Term, data: Data, columns: Mapping[str, Array], unit: str = "") -> Table:
    """A table with one row a region and one column a figure."""
    rows = data.row_names
    cells = as_cells(np.column_stack(list(columns.values())))
    return Table(key, title, rows, tuple(columns), cells, unit)


def square_table(key: str, title: Term, names: tuple[str, ...], values: Array, unit: str = "") -> Table:
    """A table of every region against every other."""
    return Table(key, title, names, names, as_cells(values), unit)


def as_cells(values: Array) -> tuple[tuple[Cell, ...], ...]:
    """An array as cells; what is not finite is None."""
    return tuple(tuple(float(x) if math.isfinite(x) else None for x in row) for row in values.tolist())


def _is_finite(value: float) -> bool:
    """Whether a number is finite and no whole number too large for a float."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _plain(value: Cell) -> Cell:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
