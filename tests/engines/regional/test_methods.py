"""The table of methods: what each one needs, returns, warns of and refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest

from langqiao.engines.regional import BadInput, Data, Matrix
from langqiao.engines.regional.complexity import complexity
from langqiao.engines.regional.methods import METHODS, run
from langqiao.engines.regional.relatedness import proximity, relatedness

CITIES = ("songjiang", "jiaxing", "hangzhou", "jinhua", "suzhou", "huzhou", "xuancheng", "wuhu", "hefei")
PLACES = np.array(
    [
        [31.0344, 121.2233],
        [30.7522, 120.75],
        [30.2937, 120.1614],
        [29.1068, 119.6442],
        [31.3041, 120.5954],
        [30.8703, 120.0933],
        [30.9525, 118.7553],
        [31.3526, 118.4295],
        [31.8639, 117.2808],
    ]
)
PROVINCES = ("上海", "浙江", "浙江", "浙江", "江苏", "浙江", "安徽", "安徽", "安徽")


def nation(rows: int = 31) -> Matrix:
    values = np.random.default_rng(3).lognormal(6, 1.2, (rows, 4))
    return Matrix(tuple(f"p{i}" for i in range(rows)), ("a", "b", "c", "d"), values)


def data(columns: int = 4, **more: object) -> Data:
    rng = np.random.default_rng(1)
    return Data(
        CITIES,
        ("a", "b", "c", "d")[:columns],
        rng.uniform(1, 100, (9, columns)),
        groups=PROVINCES,
        places=PLACES,
        flows=rng.integers(1, 500, (9, 9)).astype(float),
        **more,  # type: ignore[arg-type]  # a keyword of Data
    )


ONE = {"theil", "dagum", "zipf", "moran", "potential", "radiation", "gravity"}
SIDES = {"technology": ["a"], "industry": ["b"], "finance": ["c"], "talent": ["d"]}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_runs_on_nine_cities(method: str) -> None:
    given = data(1 if method in ONE else 4, **({} if method in ONE else {"nation": nation()}))
    parameters = SIDES if method == "fusion" else {}
    result = run(method, given, parameters)
    assert result.method == method
    assert result.values or result.tables
    # The same input gives the same figures, and they can be kept as JSON.
    plain = json.dumps(result.to_json(), ensure_ascii=False, allow_nan=False)
    assert json.dumps(run(method, given, parameters).to_json(), ensure_ascii=False) == plain
    labels = METHODS[method].labels
    assert set(result.values) <= set(labels)
    names = {*CITIES, *PROVINCES, *given.columns, *labels}
    for table in result.tables:
        assert set(table.columns) <= names
        assert set(table.rows) <= names
        assert {cell for row in table.cells for cell in row if isinstance(cell, str)} <= set(labels)
        assert all(len(row) == len(table.columns) for row in table.cells)
        assert len(table.cells) == len(table.rows)


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("moran", "few_regions"),
        ("zipf", "few_ranks"),
        ("dagum", "small_groups"),
        ("gravity", "few_flows"),
        ("potential", "assumed"),
        ("radiation", "closed"),
    ],
)
def test_nine_regions_are_warned_of(method: str, code: str) -> None:
    assert code in [caution.code for caution in run(method, data(1)).warnings]


def test_dea_and_complexity_are_warned_of() -> None:
    assert [caution.code for caution in run("dea", data(4)).warnings] == ["dea_few"]
    assert run("dea", data(2)).warnings == ()  # nine units, one input, one output: 9 ≥ 3 · 2
    assert "small_eci" in [caution.code for caution in run("complexity", data(4)).warnings]


def test_relatedness_needs_a_wide_nation() -> None:
    with pytest.raises(BadInput, match="needs nation"):
        run("relatedness", data(4))
    assert run("relatedness", data(4, nation=nation(31))).warnings == ()
    assert [w.code for w in run("relatedness", data(4, nation=nation(9))).warnings] == ["narrow_nation"]


def test_relatedness_by_hand() -> None:
    # Regions specialised in (a, b), (a, b), (c): φ_ab = 1, c stands alone.
    wide = Matrix(("x", "y", "z"), ("a", "b", "c"), np.array([[5.0, 5, 0], [5, 5, 0], [0, 0, 5]]))
    assert proximity(wide).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    city = Matrix(("m",), ("a", "b", "c"), np.array([[3.0, 0, 0]]))
    found = relatedness(city, wide)
    assert found.has.tolist() == [[True, False, False]]
    assert found.density.tolist() == [[0, 1, 0]]
    assert found.near("m") == [("b", 1.0)]
    with pytest.raises(BadInput, match="no row"):
        found.near("q")


def test_complexity_ranks_a_ladder_by_diversity() -> None:
    ladder = np.tril(np.ones((6, 6)))[:, ::-1].copy()  # one region does one thing, … the last all six
    x = Matrix(tuple("uvwxyz"), tuple("abcdef"), ladder + 0.0)
    found = complexity(x, threshold=0.4)
    assert np.argmax(found.eci) in (0, 5)
    assert found.eci.mean() == pytest.approx(0)
    with pytest.raises(BadInput, match="pieces"):
        complexity(Matrix(("x", "y"), ("a", "b"), np.eye(2)))


def test_fusion_by_year() -> None:
    rng = np.random.default_rng(5)
    both = Data(
        ("hangzhou", "hefei", "hangzhou"),
        ("a", "b", "c", "d"),
        rng.uniform(1, 9, (3, 4)),
        periods=("2021", "2022", "2022"),
    )
    result = run("fusion", both, {**SIDES, "weighting": "entropy", "form": "modified"})
    by_period = next(table for table in result.tables if table.key == "by_period")
    assert (by_period.rows, by_period.columns) == (("hangzhou", "hefei"), ("2021", "2022"))
    assert by_period.cells[1][0] is None  # Hefei has no figure for 2021
    assert result.tables[0].rows[0] == "hangzhou@2021"
    with pytest.raises(BadInput, match="at least one indicator"):
        run("fusion", both, {"technology": ["a"]})


@pytest.mark.parametrize(
    ("method", "parameters", "why"),
    [
        ("alchemy", {}, "there is no method"),
        ("zipf", {"what": 1}, "has no parameter"),
        ("potential", {"exponent": 0}, "must lie between"),
        ("potential", {"exponent": True}, "must be a number"),
        ("potential", {"exponent": float("nan")}, "must be a number"),
        ("moran", {"neighbours": 2.5}, "whole number"),
        ("moran", {"weights": "queen"}, "one of the choices"),
        ("moran", {"weights": ["nearest"]}, "one of the choices"),
        ("moran", {"neighbours": 10**400}, "must be a number"),
        ("dea", {"inputs": "a"}, "takes at most|list of columns"),
    ],
)
def test_wrong_parameters_are_refused(method: str, parameters: dict[str, object], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        run(method, data(1), parameters)


def test_wrong_data_are_refused() -> None:
    with pytest.raises(BadInput, match="finite"):
        Data(("x",), ("a",), np.array([[np.nan]]))
    with pytest.raises(BadInput, match="one row a region"):
        Data(("x", "y"), ("a",), np.ones((1, 1)))
    with pytest.raises(BadInput, match="none twice"):
        Data(("x", "x"), ("a",), np.ones((2, 1)))
    with pytest.raises(BadInput, match="latitudes"):
        Data(("x",), ("a",), np.ones((1, 1)), places=np.array([[91.0, 0]]))
    with pytest.raises(BadInput, match="at most 1"):
        run("zipf", data(4))
    with pytest.raises(BadInput, match="at least 4 regions"):
        run("moran", Data(("x", "y"), ("a",), np.ones((2, 1)), places=PLACES[:2]))


def test_flows_of_a_gravity_model_are_counts() -> None:
    broken = data(1)
    with pytest.raises(BadInput, match="whole numbers"):
        run(
            "gravity",
            Data(CITIES, ("a",), broken.values, places=PLACES, flows=np.full((9, 9), 0.5)),
        )


@pytest.mark.parametrize("key", ["theil", "dagum"])
def test_small_groups_are_named_in_the_readers_language(key: str) -> None:
    data = Data(
        ("a", "b", "c", "d"), ("gdp",), np.array([[1.0], [2.0], [3.0], [4.0]]),
        groups=("安徽", "江苏", "安徽", "东部"),
    )  # fmt: skip
    warning = next(one for one in run(key, data).warnings if one.code == "small_groups")
    assert warning.text.zh.startswith("东部、安徽、江苏 不足三个地区")
    assert warning.text.en.startswith("Fewer than three regions in Anhui, East, Jiangsu: ")
