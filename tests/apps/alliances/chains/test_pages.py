"""Pages of chains: what stands on them, who sees what, how many queries they take."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from langqiao.apps.accounts.models import User
from langqiao.apps.alliances.models import ChainDataset, ChainFirm, ChainIndustry, ChainLink, ChainNode
from langqiao.apps.alliances.queries.chains_report import reason_words, reasons, told
from tests.factories.accounts import make_office, make_user
from tests.factories.chains import RELATIONS, make_chain, make_data
from tests.factories.registry import make_organisation

pytestmark = pytest.mark.django_db
OWN = "企业,产品,供应商,城市\n湖畔辛电池有限公司,电解液,杭州己材料股份有限公司,松江\n"


def client_of(user: User | None = None, *, english: bool = False) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    if english:
        client.cookies["django_language"] = "en"
    return client


def text_of(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.status_code
    body = response.getvalue() if response.streaming else response.content
    return str(body.decode())


def battery() -> ChainIndustry:
    return ChainIndustry.objects.get(name="电池")


def test_an_empty_house_says_what_to_do() -> None:
    for name in ("chain_list", "chain_node_list", "chain_firm_list", "chain_link_list"):
        assert "langqiao chains load" in text_of(client_of().get(reverse(name)))
    assert "请先用命令" in text_of(client_of(make_office()).get(reverse("chain_own")))


def test_the_list_leads_to_the_map_and_counts_firms() -> None:
    make_chain()
    shown = text_of(client_of().get(reverse("chain_list")))
    assert battery().get_absolute_url() in shown
    assert "导入企业自有表格" not in shown
    assert "导入企业自有表格" in text_of(client_of(make_office()).get(reverse("chain_list")))
    assert "electricity" not in text_of(client_of(english=True).get(reverse("chain_list")))


def test_the_map_and_the_list_of_gaps_say_the_same_of_a_product() -> None:
    make_chain()
    url = reverse("chain_gaps", args=[battery().pk])
    listed: dict[str, set[str]] = {}
    for row in csv.reader(io.StringIO(text_of(client_of().get(url, {"export": "csv"})).lstrip("\ufeff"))):
        listed.setdefault(row[1], set()).add(row[0])
    shown = text_of(client_of().get(battery().get_absolute_url()))
    told = re.findall(r"<title>([^，<]+)，([^<]+)，\d+ 家企业</title>", shown)
    assert len(told) >= 5
    for product, words in told:
        for kind in ("断链", "短链", "低链"):
            assert (kind in words) == (kind in listed.get(product, set())), (product, words)
    # Nobody makes electric cars, and nobody waits for them: that is told, and is no gap.
    assert ("电动汽车", "无企业，也无本地需求") in told
    assert "无企业，也无本地需求" in shown.split('class="lq-cmap-key"')[1].split("</div>")[0]


def test_the_map_is_drawn_by_layer_with_a_table_of_the_same() -> None:
    make_chain()
    shown = text_of(client_of().get(battery().get_absolute_url()))
    cell, electrolyte = (ChainNode.objects.get(name=name) for name in ("电芯", "电解液"))
    assert shown.count(f'href="{cell.get_absolute_url()}?up=2"') == 2  # in the map and in the table
    assert "电解液，断链：有需求、无企业" in shown
    assert f'hx-get="{electrolyte.get_absolute_url()}?up=2"' in shown
    assert "本产业" in shown
    assert "上游 1 层" in shown


def test_only_the_chosen_cities_count() -> None:
    make_chain()
    url = battery().get_absolute_url()
    assert "电芯，断链：有需求、无企业" not in text_of(client_of().get(url))
    assert "电芯，断链：有需求、无企业" in text_of(client_of().get(url, {"city": "songjiang"}))
    # What is unknown counts as not said, and an unknown city is told.
    assert "电芯，断链：有需求、无企业" not in text_of(
        client_of().get(url, {"city": "x", "up": "99", "most": "-1"})
    )


def test_a_city_outside_the_corridor_is_told_and_not_exported() -> None:
    make_chain()
    gaps = reverse("chain_gaps", args=[battery().pk])
    notice = "走廊没有名为“paris”的城市，下面按九城计算。"
    for url in (battery().get_absolute_url(), gaps, ChainNode.objects.all()[0].get_absolute_url()):
        assert notice in text_of(client_of().get(url, {"city": "paris"}))
        assert "走廊没有名为" not in text_of(client_of().get(url, {"city": "songjiang"}))
    both = text_of(client_of().get(gaps, {"city": ["paris", "songjiang", "<b>\0"]}))
    assert "走廊没有名为“paris、&lt;b&gt;”的城市，下面按松江计算。" in both
    refused = text_of(client_of().get(gaps, {"city": "paris", "export": "csv"}), 422)
    assert "没有导出" in refused


def test_a_product_shows_its_makers_how_sure_each_is_and_partners() -> None:
    make_chain()
    node = ChainNode.objects.get(name="隔膜")
    shown = text_of(client_of().get(node.get_absolute_url()))
    link = ChainLink.objects.get(name="锂电池隔膜")
    for words in (
        "苏州丁隔膜股份有限公司",
        "锂电池隔膜",
        "名称含节点名",
        f"{round(100 * link.certainty)}%",
        "80.0%",
    ):
        assert words in shown
    part = text_of(client_of().get(node.get_absolute_url(), headers={"HX-Request": "true"}))
    assert "<html" not in part
    assert "苏州丁隔膜股份有限公司" in part
    home = text_of(client_of().get(node.get_absolute_url(), {"city": "songjiang"}))
    assert "其他八城中可为松江补链的企业" in home


def test_gaps_are_told_by_kind_in_words_and_exported() -> None:
    make_chain()
    url = reverse("chain_gaps", args=[battery().pk])
    missing = text_of(client_of().get(url, {"kind": "missing"}))
    assert "电解液" in missing
    assert "数据集中另有 1 家企业生产" in missing
    thin = text_of(client_of().get(url, {"kind": "thin"}))
    assert "只有一家企业生产" in thin
    for kind in ("low", "cut", "nonsense"):
        text_of(client_of().get(url, {"kind": kind}))
    sheet = load_workbook(io.BytesIO(client_of().get(url, {"export": "xlsx"}).getvalue())).active
    assert sheet is not None
    rows = [tuple(row[:2]) for row in sheet.iter_rows(values_only=True)]
    assert rows[0] == ("类别", "产品")
    assert ("断链", "电解液") in rows
    assert "断链,电解液" in text_of(client_of().get(url, {"export": "csv"}))


def test_what_only_a_kind_needs_is_told_by_its_share_and_stands_last() -> None:
    kinds = [("动力电池", "产品小类", name) for name in ("甲型电池", "乙型电池", "丙型电池")]
    make_chain(data=make_data(relations=(*RELATIONS, *kinds, ("甲型电池", "上游材料", "石墨烯"))))
    url = reverse("chain_gaps", args=[battery().pk])
    missing = text_of(client_of().get(url, {"kind": "missing"}))
    assert "没有企业直接需要，折合 0.33 家" in missing
    assert "动力电池的 3 种小类中有 1 种需要（甲型电池）。" in missing
    assert "生产这些产品的另 1 家企业按小类占比折算，未必需要。" in missing
    assert "2 家企业直接需要" in missing
    assert missing.index("电解液") < missing.index("石墨烯")
    rows = list(
        csv.DictReader(io.StringIO(text_of(client_of().get(url, {"export": "csv"})).lstrip("\ufeff")))
    )
    found = {row["产品"]: row for row in rows if row["类别"] == "断链"}
    assert [found["石墨烯"][head] for head in ("直接需要的企业（家）", "加权需求（家）")] == ["0", "0.3333"]
    assert [found["电解液"][head] for head in ("直接需要的企业（家）", "加权需求（家）")] == ["2", "2.0"]


def test_a_firm_shows_its_products_and_what_its_failure_cuts_off() -> None:
    make_chain()
    firm = ChainFirm.objects.get(code="600004")
    shown = text_of(client_of().get(firm.get_absolute_url()))
    for words in ("失去唯一的生产企业", "隔膜", "注册名称以地名开头", "名录中没有同名机构"):
        assert words in shown
    assert text_of(client_of().get(firm.get_absolute_url(), {"scope": "country"}))
    first = text_of(client_of().get(ChainFirm.objects.get(code="600001").get_absolute_url()))
    assert "报表抵销项，不是产品" in first


def test_the_office_judges_links_on_the_page() -> None:
    make_chain()
    link = ChainLink.objects.get(name="锂电池隔膜")
    assert "confirm-link" not in text_of(client_of(make_user()).get(link.get_absolute_url()))
    office = client_of(make_office())
    assert "confirm-link" in text_of(office.get(link.get_absolute_url()))
    act = reverse("chain_link_act", args=[link.pk, "confirm"])
    shown = text_of(office.post(act, {"node": "没有这个", "reason": ""}, follow=True))
    assert "图谱中没有产品" in shown
    shown = text_of(office.post(act, {"node": "隔膜", "reason": "看过年报"}, follow=True))
    assert "已由人确认" in shown
    assert "确认产品归类" in shown
    reject = reverse("chain_link_act", args=[link.pk, "reject"])
    assert "已由人否定" in text_of(office.post(reject, {"reason": "不是"}, follow=True))
    # Nobody makes it now, as far as the next reader's graph knows.
    missing = reverse("chain_gaps", args=[battery().pk]) + "?kind=missing"
    assert ChainNode.objects.get(name="隔膜").get_absolute_url() in text_of(client_of().get(missing))


def test_a_data_set_tells_every_row_and_hides_what_is_not_public() -> None:
    base = make_chain(source_name="某年报", licence="CC BY 4.0")
    shown = text_of(client_of().get(base.get_absolute_url()))
    for words in ("某年报", "CC BY 4.0", "company.tsv", base.digest, "导入产业链数据"):
        assert words in shown
    hidden = make_chain(is_public=False)
    assert client_of().get(hidden.get_absolute_url()).status_code == 404
    assert client_of(make_office()).get(hidden.get_absolute_url()).status_code == 200
    firm = hidden.firms.first()
    assert firm is not None
    assert client_of().get(firm.get_absolute_url()).status_code == 404


def test_reasons_of_an_import_are_told_together_and_row_by_row() -> None:
    issue = {"file": "company.tsv", "field": "code", "value": "600001", "outcome": "doubled"}
    issues = [{**issue, "row": row, "reason": f"代码已见于第 {row - 1} 行"} for row in (7, 9)]
    assert [(one["reason"], one["rows"]) for one in reasons(issues)] == [("代码已见于第 … 行", 2)]
    assert [(one["row"], one["reason"]) for one in told(issues)] == [
        (7, "代码已见于第 6 行"),
        (9, "代码已见于第 8 行"),
    ]
    assert reason_words("没有人说过的话 5") == "没有人说过的话 5"


def test_the_ledgers_address_of_a_data_set_leads_to_its_page() -> None:
    base = make_chain()
    response = client_of().get(reverse("chain_dataset_detail", args=[base.pk]))
    assert (response.status_code, response.url) == (302, base.get_absolute_url())
    hidden = make_chain(is_public=False)
    assert client_of().get(reverse("chain_dataset_detail", args=[hidden.pk])).status_code == 404


def own(client: Client, act: str, text: str = OWN, **more: Any) -> Any:
    file = SimpleUploadedFile("own.csv", text.encode())
    values = {"act": act, "file": file, "name": "自有", "slug": "own", "base": "base", **more}
    return client.post(reverse("chain_own"), values, headers={"HX-Request": "true"})


def test_an_own_table_is_checked_then_taken_and_stays_hidden_unless_public() -> None:
    make_chain("base")
    office = client_of(make_office())
    assert "检查通过，可以导入" in text_of(own(office, "check"))
    assert not ChainDataset.objects.filter(slug="own").exists()
    wrong = text_of(own(office, "load", "企业,产品,城市\n甲,,松江\n"))
    assert "有错误，没有导入" in wrong
    assert "<td>产品</td>" in wrong
    assert "缺少" in text_of(own(office, "check", "甲\n乙\n"), 422)
    assert "已导入" in text_of(own(office, "load"))
    url = reverse("chain_gaps", args=[battery().pk])
    assert "电解液" in text_of(client_of().get(url, {"kind": "missing"}))
    assert "电解液" not in text_of(office.get(url, {"kind": "missing"}))
    assert client_of(make_user()).get(reverse("chain_own")).status_code == 403


def test_an_organisation_says_in_which_chains_it_is() -> None:
    firm = make_organisation(name="苏州丁隔膜股份有限公司", kind="enterprise")
    make_chain()
    shown = text_of(client_of().get(firm.get_absolute_url()))
    assert "所在产业链" in shown
    assert ChainFirm.objects.get(code="600004").get_absolute_url() in shown


def test_every_page_speaks_english(django_assert_max_num_queries: Any) -> None:
    base = make_chain()
    client = client_of(english=True)
    pages = [
        reverse("chain_list"), reverse("chain_node_list"), reverse("chain_firm_list"), reverse("chain_link_list"),
        battery().get_absolute_url(), reverse("chain_gaps", args=[battery().pk]), base.get_absolute_url(),
        ChainNode.objects.get(name="隔膜").get_absolute_url(), ChainFirm.objects.all()[0].get_absolute_url(),
        ChainLink.objects.get(name="锂电池隔膜").get_absolute_url(),
    ]  # fmt: skip
    client.get(battery().get_absolute_url())  # the graph is built
    for page in pages:
        with django_assert_max_num_queries(30):
            text_of(client.get(page))
