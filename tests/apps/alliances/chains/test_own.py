"""Firms' own tables: checked row by row, faults named, laid over a data set."""

from __future__ import annotations

import io
from typing import Any

import pytest

from langqiao.apps.alliances.domain.chains import Origin, load_table
from langqiao.apps.alliances.models import ChainDataset, ChainFirm, ChainLink, ChainProduct, ChainTie
from langqiao.apps.ledger.models import Entry
from langqiao.kit.refusals import Invalid, NotAllowed
from langqiao.kit.tables import open_table
from tests.factories.accounts import make_office, make_user
from tests.factories.chains import make_chain

pytestmark = pytest.mark.django_db
GOOD = (
    "企业,产品,收入占比,供应商,客户,城市\n"
    "湖畔辛电池有限公司,动力电池,35%,苏州丁隔膜股份有限公司,,松江\n"
    "湖畔辛电池有限公司,储能电芯,0.2,,远山壬汽车有限公司,松江\n"
    "湖畔辛电池有限公司,储能电芯,0.2,,远山壬汽车有限公司,松江\n"
)


def load(base: ChainDataset, text: str, *, actor: Any = None, dry_run: bool = False, **origin: Any) -> Any:
    file = io.BytesIO(text.encode())
    file.name = "own.csv"
    said = Origin(**{"slug": "own", "name": "自有", "version": "1", "is_public": False, **origin})
    return load_table(actor, open_table(file), base=base, origin=said, dry_run=dry_run)


def test_a_good_table_becomes_firms_products_and_ties_over_the_base() -> None:
    base = make_chain()
    report, loaded = load(base, GOOD, actor=make_office())
    assert (report.read, report.kept, report.doubled, report.refused) == (3, 2, 1, 0)
    assert loaded.written
    own = loaded.dataset
    assert (own.base, own.is_public) == (base, False)
    firm = ChainFirm.objects.get(dataset=own, code="湖畔辛电池有限公司")
    assert (firm.city_id, firm.placed) == ("songjiang", "stated")
    assert set(firm.products.values_list("name", "share", "link__node__name")) == {
        ("动力电池", 0.35, "动力电池"),
        ("储能电芯", 0.2, "储能电芯"),
    }
    assert set(ChainTie.objects.values_list("supplier__code", "customer__code", "product")) == {
        ("苏州丁隔膜股份有限公司", "湖畔辛电池有限公司", ""),
        ("湖畔辛电池有限公司", "远山壬汽车有限公司", "储能电芯"),
    }
    entry = Entry.objects.get(verb="load_chain_table")
    assert entry.visibility == "parties"
    assert "湖畔" not in entry.data


def test_a_trial_and_a_table_with_faults_write_nothing() -> None:
    base = make_chain()
    report, loaded = load(base, GOOD, dry_run=True)
    assert (report.firms, report.products, report.ties, loaded) == (3, 2, 2, None)
    bad = (
        "企业,产品,收入占比,供应商,客户,城市\n"
        ",电芯,,,,\n"
        "甲,电芯,1.5,,,\n"
        "甲,电芯,,甲,,\n"
        "甲,电芯,,,,巴黎\n"
        "甲,电芯,0.1,,,松江\n"
        "甲,电芯,0.2,,,\n"
        "甲,隔膜,,,,苏州\n"
    )
    report, loaded = load(base, bad)
    assert loaded is None
    assert [(fault.row, fault.column) for fault in report.faults] == [
        (2, "企业"), (3, "收入占比"), (4, "供应商"), (5, "城市"), (7, "收入占比"), (8, "城市"),
    ]  # fmt: skip
    assert "0.35" in report.faults[1].why
    assert not ChainDataset.objects.filter(slug="own").exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("企业,城市\n甲,松江\n", "产品"),
        ("企业,产品\n", "没有数据"),
        ("企业,公司,产品\n甲,乙,丙\n", "两次"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        load(make_chain(), text)


def test_a_slug_of_another_data_set_and_a_table_over_a_table_are_refused() -> None:
    base = make_chain("base")
    with pytest.raises(Invalid, match="已属于"):
        load(base, GOOD, slug="base")
    _report, loaded = load(base, GOOD)
    with pytest.raises(Invalid, match="完整的数据集"):
        load(loaded.dataset, GOOD, slug="second")


def test_the_same_table_again_changes_nothing_and_another_replaces_it() -> None:
    base = make_chain()
    load(base, GOOD)
    _report, again = load(base, GOOD)
    assert not again.written
    _report, other = load(base, "企业,产品\n湖畔辛电池有限公司,隔膜\n")
    assert other.written
    assert list(ChainProduct.objects.filter(firm__dataset=other.dataset).values_list("name", flat=True)) == [
        "隔膜"
    ]
    assert ChainLink.objects.filter(dataset=other.dataset).count() == 1
    assert not ChainTie.objects.exists()


def test_only_the_office_and_secretariats_hand_tables_in() -> None:
    base = make_chain()
    with pytest.raises(NotAllowed):
        load(base, GOOD, actor=make_user())
