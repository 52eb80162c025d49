"""Every check value of the facts (facts/corridor.md, "Methods with check values")."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from langqiao.engines.regional import Matrix
from langqiao.engines.regional.centrality import centrality
from langqiao.engines.regional.complementarity import similarity
from langqiao.engines.regional.coupling import coupling
from langqiao.engines.regional.dagum import dagum
from langqiao.engines.regional.dea import efficiency
from langqiao.engines.regional.gravity import fit_gravity
from langqiao.engines.regional.moran import moran
from langqiao.engines.regional.specialisation import krugman, location_quotients
from langqiao.engines.regional.theil import theil

X = Matrix(
    ("a", "b", "c"), ("p", "q", "s"), np.array([[10.0, 20, 30], [40, 10, 10], [5, 5, 50]])
)  # the matrix of the facts


def example(name: str) -> Path:
    """A file of the examples that ship inside libpysal."""
    import libpysal

    return Path(libpysal.__file__).parent / "examples" / name


@pytest.fixture
def mexico() -> tuple[np.ndarray, list[str]]:
    """Income per head of the Mexican states in 1940 and their regions (Hanson 1998)."""
    import csv

    with example("mexico/mexico.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return np.array([float(row["pcgdp1940"]) for row in rows]), [row["hanson98"] for row in rows]


def test_location_quotients() -> None:
    assert location_quotients(X)[0] == pytest.approx([0.5455, 1.7143, 1.0000], abs=5e-5)


def test_krugman() -> None:
    assert krugman(X) == pytest.approx([0.2778, 0.7222, 0.6667], abs=5e-5)


def test_similarity() -> None:
    found = similarity(X)
    assert [found[0, 1], found[0, 2], found[1, 2]] == pytest.approx([0.5669, 0.8733, 0.3501], abs=5e-5)


def test_gravity_of_austrian_migration() -> None:
    from spint.tests import test_gravity

    austria = test_gravity.TestGravity()
    austria.setUp()
    fit = fit_gravity(austria.f, austria.o_var, austria.d_var, austria.dij, form="exp")
    assert fit.constant == pytest.approx(-7.95447, abs=5e-6)
    assert fit.origin == pytest.approx(0.863868, abs=5e-7)
    assert fit.destination == pytest.approx(0.880475, abs=5e-7)
    assert fit.cost == pytest.approx(-0.00620545, abs=5e-9)
    assert fit.explained == pytest.approx(0.887139, abs=5e-7)
    assert fit.fitted.sum() == pytest.approx(austria.f.sum(), rel=1e-6)  # Poisson with a constant
    assert [caution.code for caution in fit.warnings] == ["few_flows"]


def test_theil_of_mexico(mexico: tuple[np.ndarray, list[str]]) -> None:
    parts = theil(*mexico)
    assert [parts.total, parts.between, parts.within] == pytest.approx([0.20894, 0.03459, 0.17435], abs=5e-6)
    assert theil(mexico[0]).total == pytest.approx(parts.total)


def test_dagum_of_two_pairs() -> None:
    parts = dagum(np.array([1.0, 4, 2, 5]), ["a", "a", "b", "b"])
    assert [parts.total, parts.within, parts.between, parts.overlap] == pytest.approx(
        [0.291667, 0.125, 0.083333, 0.083333], abs=5e-7
    )


def test_dagum_of_mexico(mexico: tuple[np.ndarray, list[str]]) -> None:
    parts = dagum(*mexico)
    assert [parts.total, parts.within, parts.between, parts.overlap] == pytest.approx(
        [0.353724, 0.059706, 0.140661, 0.153357], abs=5e-7
    )


def test_coupling() -> None:
    plain = coupling(np.array([[0.6, 0.3]]))
    assert [plain.c[0], plain.d[0]] == pytest.approx([0.942809, 0.651356], abs=5e-7)
    assert coupling(np.array([[0.6, 0.3]]), form="modified").c[0] == pytest.approx(0.591608, abs=5e-7)


def test_moran_of_homicide_around_st_louis() -> None:
    from libpysal.weights import W

    lines = example("stl/stl_hom.txt").read_text("utf-8").splitlines()
    at = next(line for line in lines if "HR8893" in line).replace('"', "").split(",").index("HR8893")
    rates = np.array([float(line.split(",")[at]) for line in lines[2:] if line.strip()])
    tokens = example("stl/stl.gal").read_text("utf-8").split()
    links, place = {}, 1
    while place < len(tokens):
        name, count = int(tokens[place]), int(tokens[place + 1])
        links[name] = [int(token) for token in tokens[place + 2 : place + 2 + count]]
        place += 2 + count
    found = moran(rates, W(links, id_order=sorted(links)))
    assert found.i == pytest.approx(0.24366, abs=5e-6)
    assert found.expected == pytest.approx(-1 / 77)
    assert found.warnings == ()


def test_dea() -> None:
    inputs = np.array([[4.0, 3], [7, 3], [8, 1], [4, 2], [2, 4], [10, 1]])
    found = efficiency(inputs, np.ones((6, 1)))
    assert found.score == pytest.approx([0.8571, 0.6316, 1, 1, 1, 1], abs=5e-5)
    assert found.slack == (False, False, False, False, False, True)  # (10, 1) wastes two of the first
    assert [caution.code for caution in found.warnings] == ["dea_few"]  # 6 units < 3 · (2 + 1)


def test_betweenness_of_the_medici() -> None:
    import networkx as nx

    florence = nx.florentine_families_graph()
    names = list(florence)
    found = centrality(nx.to_numpy_array(florence), weighted=False)
    assert found.betweenness[names.index("Medici")] == pytest.approx(0.521978, abs=5e-7)
