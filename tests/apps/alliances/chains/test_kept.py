"""Graphs in memory and on disk: built once for each revision, read back whole, built again when damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from langqiao.apps.alliances.domain.chains import reject_link
from langqiao.apps.alliances.models import ChainLink
from langqiao.apps.alliances.queries import chains_graph, chains_kept
from langqiao.apps.alliances.queries.chains_graph import graph_of
from tests.factories.accounts import make_office
from tests.factories.chains import make_chain

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def place(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "chains"


def test_a_graph_is_shared_until_something_changes() -> None:
    dataset = make_chain()
    first = graph_of(dataset, None)
    assert graph_of(dataset, None) is first
    reject_link(None, ChainLink.objects.get(name="锂电池隔膜"), reason="不是")
    dataset.refresh_from_db()
    second = graph_of(dataset, None)
    assert second is not first
    number = second.product("隔膜")
    assert (first.makers.row(number).size, second.makers.row(number).size) == (1, 0)


def test_a_table_that_is_not_public_is_in_the_offices_graph_alone() -> None:
    base = make_chain()
    make_chain("own", base=base, is_public=False)
    assert len(graph_of(base, None).firms) == 6
    assert len(graph_of(base, make_office()).firms) == 12


def test_a_graph_is_read_back_whole_and_a_damaged_file_counts_as_none(place: Path) -> None:
    graph = graph_of(make_chain(), None)
    assert chains_kept.read("x") is None
    chains_kept.keep("x", graph)
    back = chains_kept.read("x")
    assert back is not None
    assert (back.products, back.firms) == (graph.products, graph.firms)
    assert (back.tier == graph.tier).all()
    chains_kept.path_of("x").write_bytes(b"broken")
    assert chains_kept.read("x") is None
    for number in range(6):
        chains_kept.keep(str(number), graph)
    assert len(list(place.iterdir())) == chains_kept.FILES_KEPT


def test_a_large_graph_is_kept_and_a_small_one_is_not(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph_of(make_chain(), None)
    assert not place.exists()
    monkeypatch.setattr(chains_graph, "WORTH_KEEPING", 1)
    dataset = make_chain()
    graph = graph_of(dataset, None)
    assert len(list(place.iterdir())) == 1
    chains_graph.forget()
    assert graph_of(dataset, None).products == graph.products
