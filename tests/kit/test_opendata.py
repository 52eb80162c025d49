"""Registration of data sets, and graphs as GraphML and JSON-LD."""

from __future__ import annotations

import io
import json
from typing import Any

import networkx as nx
import pytest

from langqiao.kit.opendata import (
    Column,
    Dataset,
    Distribution,
    Edge,
    Node,
    datasets,
    graphml,
    jsonld,
    publish,
)

N = (Column("n", "integer", "n"),)


def test_slugs_are_unique_and_their_form_is_fixed() -> None:
    taken = datasets()[0].slug
    with pytest.raises(KeyError, match=taken):
        publish(Dataset(taken, "t", "d", "eye", N, rows=list))
    for slug in ("Has-Capitals", "under_score", "-x", "a--b", "", "数据"):
        with pytest.raises(ValueError, match="slug"):
            Dataset(slug, "t", "d", "eye", N, rows=list)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"columns": N}, "either records or rows"),
        ({"columns": N, "rows": list, "records": list}, "either records or rows"),
        ({}, "offers nothing"),
        ({"columns": N + N, "rows": list}, "twice"),
    ],
)
def test_a_data_set_that_makes_no_sense_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Dataset("x", "t", "d", "eye", **given)


def test_columns_have_plain_names_and_known_types() -> None:
    with pytest.raises(ValueError, match="lower-case"):
        Column("Name", "text", "n")
    with pytest.raises(ValueError, match="type"):
        Column("n", "string", "n")  # type: ignore[arg-type]


def test_a_graph_alone_is_a_data_set_without_rows() -> None:
    one = Dataset("x", "t", "d", "eye", more=(Distribution("graphml", "x/y", "g", lambda: [b""]),))
    assert one.size() is None
    assert one.changed() is None


def nodes() -> list[Node]:
    return [
        Node(
            "a",
            "Firm",
            {"name": "<甲> & 乙\x0b", "size": 3, "share": 0.5, "is_demo": True, "tags": ["x", "y"]},
        ),
        Node('b"', "Firm", {"name": "", "size": None}),
    ]


def edges() -> list[Edge]:
    return [Edge("a", 'b"', "sells", {"weight": 2}), Edge('b"', "a", "knows")]


COLUMNS = (
    Column("name", "text", "名称"), Column("size", "integer", "大小"), Column("share", "number", "份额"),
    Column("is_demo", "boolean", "示例"), Column("tags", "list", "标签"),
)  # fmt: skip


def test_graphml_is_read_back_with_types() -> None:
    text = b"".join(
        graphml(nodes, edges, node_columns=COLUMNS, edge_columns=(Column("weight", "integer", "权"),))
    )
    graph = nx.read_graphml(io.BytesIO(text))
    assert dict(graph.nodes["a"]) == {
        "kind": "Firm", "name": "<甲> & 乙", "size": 3, "share": 0.5, "is_demo": True, "tags": "x;y",
    }  # fmt: skip
    assert dict(graph.nodes['b"']) == {"kind": "Firm"}
    assert dict(graph.edges["a", 'b"']) == {"kind": "sells", "weight": 2}


def test_jsonld_states_nodes_and_edges() -> None:
    document = json.loads(b"".join(jsonld(nodes, edges, context={"name": "schema:name"}, base="urn:x:")))
    assert document["@context"] == {"name": "schema:name"}
    assert document["@graph"][0]["@id"] == "urn:x:a"
    assert document["@graph"][1] == {"@id": 'urn:x:b"', "@type": "Firm"}
    assert document["@graph"][2] == {
        "@id": "urn:x:a", "sells": {"target": {"@id": 'urn:x:b"'}, "weight": 2},
    }  # fmt: skip
    assert document["@graph"][3] == {"@id": 'urn:x:b"', "knows": {"@id": "urn:x:a"}}
