"""The graph as GraphML and JSON-LD: what may be passed on, complete, and read by another program."""

from __future__ import annotations

import io
import json

import networkx as nx
import pytest

from langqiao.apps.alliances.datasets.chains import CHAINS
from langqiao.apps.alliances.domain.chains import reject_link
from langqiao.apps.alliances.models import ChainFirm, ChainLink
from langqiao.apps.alliances.queries.chains_export import graphml, jsonld, public_datasets
from tests.factories.chains import make_chain, make_data

pytestmark = pytest.mark.django_db
DEALS = (("600004", "600002", "隔膜"),)


def test_networkx_reads_every_node_and_tie() -> None:
    dataset = make_chain(data=make_data(deals=DEALS))
    graph = nx.read_graphml(io.BytesIO(b"".join(graphml(dataset))))
    kinds = [data["kind"] for _node, data in graph.nodes(data=True)]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"firm": 6, "industry": 3, "product": 8}
    edges = [data["kind"] for _a, _b, data in graph.edges(data=True)]
    linked = ChainLink.objects.exclude(node=None).count()
    assert edges.count("makes") >= linked
    assert edges.count("has_material") == 5
    assert edges.count("part_of") == 2 + 6
    firm = ChainFirm.objects.get(code="600004")
    assert graph.nodes[f"firm:{firm.pk}"]["city"] == "320500"
    assert edges.count("supplies") == 1


def test_a_rejected_link_is_not_handed_on() -> None:
    dataset = make_chain()
    link = ChainLink.objects.get(name="锂电池隔膜")
    before = b"".join(graphml(dataset)).count(b"makes")
    reject_link(None, link, reason="不是")
    assert b"".join(graphml(dataset)).count(b"makes") == before - 1


def test_json_ld_says_the_same() -> None:
    dataset = make_chain()
    told = json.loads(b"".join(jsonld(dataset)))
    assert told["@context"]["name"] == "https://schema.org/name"
    assert sum(one.get("@type") == "firm" for one in told["@graph"]) == 6


def test_only_what_may_be_passed_on_is_open_data() -> None:
    make_chain("closed")
    make_chain("hidden", may_be_passed_on=True, is_public=False)
    shared = make_chain("open", may_be_passed_on=True)
    assert public_datasets() == [shared]
    rows = list(CHAINS.lines())
    assert len(rows) == CHAINS.size() == 8
    assert {row[0] for row in rows} == {"open"}
    assert ("open", "600004", "苏州丁隔膜股份有限公司", "320500", "starts", "锂电池隔膜", 0.8, "隔膜") in {
        row[:8] for row in rows
    }
