"""Who could fill a gap: the data set's firms outside the home city, and the registry by the matching engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from langqiao.apps.alliances.models import ChainNode
from langqiao.apps.alliances.queries import chains_gaps
from langqiao.apps.alliances.queries.chains_gaps import chain_partners, registry_partners
from langqiao.apps.registry.models import City
from langqiao.engines.matching.index import MatchingIndex
from langqiao.engines.matching.types import Document
from tests.factories.chains import RELATIONS, make_chain, make_data
from tests.factories.registry import make_city, make_organisation, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def index(settings: Any, tmp_path: Path) -> Iterator[MatchingIndex]:
    settings.INDEX_DIR = tmp_path / "index"
    chains_gaps.matching_index.cache_clear()
    yield MatchingIndex.open(settings.INDEX_DIR)
    chains_gaps.matching_index.cache_clear()


def test_partners_of_the_data_set_come_from_other_cities() -> None:
    dataset = make_chain()
    node, home = ChainNode.objects.get(name="电芯"), City.objects.get(slug="jiaxing")
    everywhere = chain_partners(dataset, node, None, cities=list(City.objects.all()))
    assert {row.title for row in everywhere} >= {"嘉兴乙电芯股份有限公司", "嘉兴丙电芯股份有限公司"}
    others = [city for city in City.objects.all() if city != home]
    rows = chain_partners(dataset, node, None, cities=others, home=home)
    assert home not in {row.city for row in rows}
    assert all(row.km is not None and row.km > 0 for row in rows)


def test_related_products_alone_are_weak_evidence_and_come_last() -> None:
    relations = (*RELATIONS, *(("材料", "产品小类", name) for name in ("隔膜", "正极材料")))
    dataset = make_chain(data=make_data(relations=relations))
    node = ChainNode.objects.get(name="隔膜")
    rows = chain_partners(dataset, node, None, cities=list(City.objects.all()))
    assert (rows[0].title, rows[0].reason, rows[0].weak) == ("苏州丁隔膜股份有限公司", "makes", False)
    weak = [row for row in rows if row.weak]
    assert weak
    assert rows[-len(weak) :] == weak
    assert {row.reason for row in weak} == {"sibling"}
    assert (
        "只生产相关产品：正极材料；共同的大类、材料或用途："
        in {row.title: row for row in weak}["杭州己材料股份有限公司"].why
    )
    page = Client().get(node.get_absolute_url()).content.decode()
    assert "依据弱" in page
    assert "名称归类把握" in page
    assert "不说这家企业多合适" in page


def test_partners_of_the_registry_come_from_the_matching_index(index: MatchingIndex) -> None:
    suzhou, hefei = make_city("suzhou"), make_city("hefei")
    firm = make_organisation(name="甲隔膜", city=suzhou, kind="enterprise")
    product = make_product(organisation=firm, name="湿法隔膜", direction="product")
    other = make_organisation(name="乙印染", city=hefei, kind="enterprise")
    with index.writer() as writer:
        writer.add([
            Document(f"registry.product:{product.pk}", "product", product.name, "锂电池用", cities=("suzhou",)),
            Document(f"registry.organisation:{other.pk}", "enterprise", other.name, "印染", cities=("hefei",)),
            Document("registry.product:99999999", "product", "隔膜", "已经不在", cities=("suzhou",)),
        ])  # fmt: skip
        writer.commit("1")
    rows = registry_partners("隔膜", cities=[suzhou, hefei], home=hefei)
    assert [(row.title, row.city) for row in rows] == [("甲隔膜", suzhou)]
    assert "可供货：湿法隔膜" in rows[0].why
    assert registry_partners("隔膜", cities=[hefei]) == []


def test_without_an_index_nobody_is_found(index: MatchingIndex) -> None:
    assert registry_partners("隔膜", cities=[make_city()]) == []
