"""Loading a data set: everything kept, nothing twice, a new version in the place of the old."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from langqiao.apps.alliances.domain.chains import Origin, confirm_link, load_folder, loading
from langqiao.apps.alliances.domain.chains.loading import report_of
from langqiao.apps.alliances.models import (
    ChainDataset,
    ChainFirm,
    ChainIndustry,
    ChainLink,
    ChainNode,
    ChainProduct,
    ChainRelation,
)
from langqiao.apps.ledger.models import Entry
from langqiao.kit.refusals import Invalid, NotAllowed
from tests.factories.accounts import make_user
from tests.factories.chains import FIRMS, RELATIONS, make_chain, make_data, write_tables
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db


def test_every_record_stands_as_it_was_read() -> None:
    dataset = make_chain()
    assert dataset.nodes.count() == 8
    assert set(dataset.relations.values_list("head__name", "kind", "tail__name")) == {
        (head, {"上游材料": "material", "产品小类": "variety", "下游产品": "downstream"}[kind], tail)
        for head, kind, tail in RELATIONS
    }
    assert list(
        ChainIndustry.objects.values_list("code", "tier", "parent__code", "firm_count", "corridor_count")
    ) == [
        ("10", 1, None, 6, 5),
        ("1001", 2, "10", 3, 3),
        ("1002", 2, "10", 3, 2),
    ]
    made = set(ChainProduct.objects.values_list("firm__code", "name", "share", "is_balance"))
    assert made == {
        (key, product, share, "抵销" in product)
        for key, _name, _city, _of, products in FIRMS
        for product, share in products
    }


def test_names_are_linked_with_their_certainty_and_figures_of_the_accounts_are_not() -> None:
    make_chain()
    links = {link.name: link for link in ChainLink.objects.select_related("node")}
    assert links["电芯"].node is not None
    assert (links["电芯"].node.name, links["电芯"].how) == ("电芯", "exact")
    assert links["电芯"].certainty > 0.9
    assert links["动力电池业务"].node is not None
    assert links["动力电池业务"].node.name == "动力电池"
    assert links["完全无关之物"].node is None
    assert (links["分部间抵销"].node, links["分部间抵销"].uses) == (None, 0)
    assert links["电芯"].uses == 2


def test_a_firm_of_the_registry_is_found_by_its_exact_name_and_lends_its_city() -> None:
    firm = make_organisation(name="北京戊材料股份有限公司", city=make_city("hefei"), kind="enterprise")
    make_chain()
    found = ChainFirm.objects.get(code="600005")
    assert (found.organisation, found.city_id, found.placed) == (firm, "hefei", "registry")
    other = ChainFirm.objects.get(code="600001")
    assert (other.organisation, other.city_id, other.placed) == (None, "songjiang", "starts")


def test_the_same_digest_again_changes_nothing() -> None:
    first = make_chain("one", digest="a" * 64)
    entries = Entry.objects.count()
    again = make_chain("one", digest="a" * 64, data=make_data(firms=FIRMS[:1]))
    assert (again.pk, again.revision) == (first.pk, 1)
    assert ChainFirm.objects.count() == len(FIRMS)
    assert Entry.objects.count() == entries


def test_a_new_version_takes_the_place_of_the_old_and_keeps_keys_and_decisions() -> None:
    dataset = make_chain("one")
    kept = ChainNode.objects.get(name="电芯").pk
    link = ChainLink.objects.get(name="完全无关之物")
    confirm_link(None, link, node=ChainNode.objects.get(name="隔膜"))
    firms = [
        *FIRMS[:-2],
        ("600009", "苏州庚股份有限公司", "320500", "1002", (("完全无关之物", 0.5), ("新品", None))),
    ]
    make_chain("one", data=make_data(firms=firms, relations=RELATIONS[1:]))
    dataset.refresh_from_db()
    assert dataset.revision == 3  # loaded, judged, loaded anew
    assert ChainNode.objects.get(name="电芯").pk == kept
    assert not ChainFirm.objects.filter(code__in=("600005", "600006")).exists()
    assert ChainRelation.objects.count() == len(RELATIONS) - 1
    link = ChainLink.objects.get(name="完全无关之物")
    assert (link.state, link.node and link.node.name) == ("confirmed", "隔膜")
    assert not ChainLink.objects.filter(name="正极材料").exists()


def test_the_ledger_says_what_was_loaded() -> None:
    dataset = make_chain("one", digest="b" * 64)
    entry = Entry.objects.get(verb="load_chain")
    assert entry.object == f"alliances.chaindataset:{dataset.pk}"
    data = json.loads(entry.data)
    assert (data["sm3"], data["firms"], data["relations"], data["products"]) == ("b" * 64, 6, 7, 9)
    assert data["files"] == [{"file": "company.tsv", "read": 6, "kept": 6, "doubled": 0, "refused": 0}]


def test_only_the_office_secretariats_and_the_console_load() -> None:
    with pytest.raises(NotAllowed):
        load_folder(make_user(), Path(), origin=Origin("x", "x", "1"))


def test_nothing_stays_when_the_ledger_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("no ledger")

    monkeypatch.setattr(loading, "record", broken)
    with pytest.raises(RuntimeError):
        make_chain()
    assert not ChainDataset.objects.exists()
    assert not ChainNode.objects.exists()


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    return write_tables(tmp_path)


def test_a_folder_is_loaded_with_every_row_accounted_for(tables: Path) -> None:
    make_city("songjiang")
    told: list[str] = []
    origin = Origin("folder", "文件夹", "1")
    loaded = load_folder(None, tables, origin=origin, told=lambda stage, _n, _of: told.append(stage))
    assert loaded.written
    counts = {one["file"]: one for one in report_of(loaded.dataset)["files"]}
    assert counts["company.tsv"] == {"file": "company.tsv", "read": 3, "kept": 1, "doubled": 1, "refused": 1}
    assert counts["company_product.tsv"]["doubled"] == 1
    firm = ChainFirm.objects.get()
    assert (firm.name, firm.other_names, str(firm.listed_on), firm.city_id) == (
        "甲电",
        ["松江甲旧名股份有限公司", "甲旧"],
        "2020-01-02",
        "songjiang",
    )
    assert told[0] == "读取"
    assert told[-1] == "完成"
    assert not load_folder(None, tables, origin=replace(origin, version="2")).written


def test_a_broken_folder_is_refused_with_the_file_named(tables: Path) -> None:
    (tables / "industry.tsv").write_text("wrong\theading\n", "utf-8")
    with pytest.raises(Invalid, match=r"industry\.tsv"):
        load_folder(None, tables, origin=Origin("folder", "文件夹", "1"))
    with pytest.raises(Invalid, match="文件夹"):
        load_folder(None, tables / "nowhere", origin=Origin("folder", "文件夹", "1"))


@pytest.mark.slow
def test_the_real_data_are_kept_with_nothing_lost(shared_data: Path) -> None:
    folder = shared_data / "product_chain"
    loaded = load_folder(None, folder, origin=Origin("product-chain", "上市公司产业链", "1"))
    counts = {one["file"]: one for one in report_of(loaded.dataset)["files"]}
    for name in (
        "company",
        "company_industry",
        "company_product",
        "industry",
        "industry_industry",
        "product_product",
    ):
        lines = (folder / f"{name}.tsv").read_text("utf-8").count("\n") - 1
        one = counts[f"{name}.tsv"]
        assert one["read"] == lines == one["kept"] + one["doubled"] + one["refused"]
    kept = {name: one["kept"] for name, one in counts.items()}
    assert ChainRelation.objects.count() == kept["product_product.tsv"] == 110_153
    assert ChainProduct.objects.count() == kept["company_product.tsv"]
    assert ChainFirm.objects.count() >= kept["company.tsv"]
    assert ChainFirm.objects.exclude(industry=None).count() == kept["company_industry.tsv"]
