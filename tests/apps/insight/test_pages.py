"""Pages of indicators: both languages, who sees what, imports, methods, a bounded number of queries."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.translation import override

from langqiao.apps.accounts.models import Role
from langqiao.apps.insight import shown_words
from langqiao.apps.insight.domain.loading import load_shipped
from langqiao.apps.insight.drawing import draw_series, scale, when
from langqiao.apps.insight.models import Indicator, Value
from langqiao.apps.insight.queries.indicators import cells, live_values
from langqiao.apps.registry.models import Organisation
from langqiao.engines.regional.methods import METHODS
from tests.factories import insight_indicators as make

pytestmark = pytest.mark.django_db

GDP = "/insight/indicators/gdp/"
RUN = "run=1&indicators=gdp&periods=2022&scopes=" + "&scopes=".join(
    f"city:{city}" for city in ("suzhou", "hangzhou", "hefei", "jinhua", "wuhu", "huzhou")
)


@pytest.fixture(autouse=True)
def _figures() -> None:
    make.corridor()
    load_shipped()


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_is_drawn_in_both_languages(language: str) -> None:
    guest, office = Client(), signed_in(make.office())
    public = [
        "/insight/", "/insight/?subject=finance", "/insight/?export=csv", "/insight/values/",
        "/insight/values/?indicator=gdp&vintage=final&scope=city:jinhua", "/insight/values/?export=xlsx",
        "/insight/values/template.csv", GDP, "/insight/indicators/area/", "/insight/claims/", "/insight/methods/",
        *(f"/insight/methods/{key}/" for key in list(METHODS)[:: 4 if language == "en" else 1]),
        f"/insight/methods/zipf/?{RUN}",
    ]  # fmt: skip
    value = Value.objects.first()
    assert value is not None
    own = [
        "/insight/values/import/", "/insight/indicators/new/", f"{GDP}edit/", f"/insight/values/{value.pk}/withdraw/",
    ]  # fmt: skip
    for client, paths in ((guest, public), (office, [*public[:1], GDP, *own])):
        client.cookies["django_language"] = language
        for path in paths:
            response = client.get(path)
            assert response.status_code == 200, path
            response.close()
    for path in own:
        assert guest.get(path).status_code == 302
    firm = signed_in(make.make_user(Role.ENTERPRISE, kind=Organisation.Kind.ENTERPRISE))
    for path in own:
        assert firm.get(path).status_code == 403, path


def test_the_claims_page_shows_verdict_figures_gaps_and_sources() -> None:
    page = text(Client().get("/insight/claims/"))
    for words in (
        "1/15.3", "79,043 ÷ 1,210,207", "四舍五入后可复算", "还缺：松江、湖州、宣城", "71,528.35",
        "份额至少为 1/16.9", "6,549.52", "11,934.2", "1/13.7", "不能复算", "没有数据，未复算", "1/11.4",
        "仅能复算基年", "≥ 1/6.8", "下限，只计杭州、苏州", "约 1/7", "1/28", "1/9",
        "30.6", "1/124", "https://news.cnstock.com/news,bwkx-201902-4336696", "查阅日期未注明",
    ):  # fmt: skip
        assert words in page, words
    assert "3,850" not in page  # what is only recollected is nowhere


def test_an_indicator_shows_vintages_side_by_side_with_the_revision() -> None:
    page = text(Client().get(GDP))
    assert page.index("5,592.02") < page.index("5,562.47")
    assert "较前一版 +29.55" in page
    assert "最终数" in page
    assert "初步数" in page
    assert page.count("<circle") == 10  # five cities have 2022 and 2023
    assert "苏州 2023: 24,653.4 亿元" in page


def test_a_withdrawn_value_stays_to_be_read() -> None:
    value = Value.objects.get(indicator="gdp", scope="wuhu", period="2022")
    office = signed_in(make.office())
    address = f"/insight/values/{value.pk}/withdraw/"
    assert office.post(address, {"why": ""}).status_code == 422
    assert office.post(address, {"why": "来源更正"}).status_code == 302
    page = text(Client().get(GDP))
    assert "来源更正" in page
    assert "<del" in page
    assert "撤回" not in text(Client().get("/insight/values/"))


def table(*lines: str) -> SimpleUploadedFile:
    head = "指标,范围,时期,数值,单位,来源"
    return SimpleUploadedFile("t.csv", "\n".join([head, *lines]).encode(), content_type="text/csv")


def test_an_import_is_checked_then_written() -> None:
    tank = signed_in(make.think_tank())
    good = "地区生产总值,湖州,2022,1234.5,亿元,示例公报"
    checked = tank.post("/insight/values/import/", {"file": table(good)})
    assert checked.status_code == 200
    assert "检查通过：共 1 行，将新增 1" in text(checked)
    assert not Value.objects.filter(scope="huzhou").exists()
    written = tank.post("/insight/values/import/", {"file": table(good), "write": "1"})
    assert written.status_code == 302
    value = Value.objects.get(scope="huzhou")
    assert value.entered_by is not None
    wrong = tank.post(
        "/insight/values/import/",
        {"file": table(good, "gdp,巢湖,2022,1,亿元,x", "gdp,宣城,2022,1,万元,x"), "write": "1"},
    )
    assert wrong.status_code == 422
    page = text(wrong)
    assert "2 行需要改正，什么也没有写入" in page
    assert re.search(r"<td class=\"tabular\">3</td> ?<td>scope</td>", page)
    assert re.search(r"<td class=\"tabular\">4</td> ?<td>unit</td>", page)
    for bad in (
        table(),
        SimpleUploadedFile("t.csv", b"a,b\n1,2\n"),
        SimpleUploadedFile("t.xlsx", b"PK\x03\x04x"),
    ):
        assert tank.post("/insight/values/import/", {"file": bad}).status_code == 422


def test_a_strange_figure_is_confirmed_before_it_is_written() -> None:
    office, address = signed_in(make.office()), "/insight/values/import/"
    assert "accept_differences" not in text(office.get(address))
    impossible = office.post(address, {"file": table("gdp,huzhou,2022,-5,亿元,示例公报")})
    assert impossible.status_code == 422
    assert "数值 -5 超出“地区生产总值”的取值范围：不小于 0。" in text(impossible)
    strange = "gdp,suzhou,2022,1,亿元,示例博客"
    checked = office.post(address, {"file": table(strange)})
    assert checked.status_code == 200
    page = text(checked)
    assert "检查通过：" not in page.replace("其余检查通过：", "")
    assert "1 行与已有的数相差悬殊或不合常情，请核对" in page
    assert (
        "数值 1 亿元（来源：示例博客）与已有的 23958.3 亿元（来源：公开页面（项目事实表未载明网页））" in page
    )
    assert 'name="accept_differences"' in page
    unconfirmed = office.post(address, {"file": table(strange), "write": "1"})
    assert unconfirmed.status_code == 422
    assert not Value.objects.filter(source_name="示例博客").exists()
    sent = {"file": table(strange), "write": "1", "accept_differences": "on"}
    assert office.post(address, sent).status_code == 302
    assert Value.objects.filter(source_name="示例博客").exists()


def test_an_export_comes_back_unchanged() -> None:
    export = Client().get("/insight/values/?export=csv")
    body = b"".join(export.streaming_content) if export.streaming else export.content
    office = signed_in(make.office())
    back = office.post("/insight/values/import/", {"file": SimpleUploadedFile("v.csv", body)})
    assert back.status_code == 200, text(back)
    assert f"将新增 0，{Value.objects.count()} 行此前已有" in text(back)


def test_indicators_are_defined_and_revised_on_pages() -> None:
    tank = signed_in(make.think_tank())
    given = {"slug": "patents", "name": "发明专利", "unit": "件", "subject": "technology"}
    assert tank.post("/insight/indicators/new/", given).status_code == 302
    assert tank.post("/insight/indicators/new/", given).status_code == 422  # there already
    assert tank.post("/insight/indicators/new/", {**given, "slug": "Ä"}).status_code == 422
    assert (
        tank.post(
            "/insight/indicators/patents/edit/", {**given, "slug": "other", "name": "发明专利授权"}
        ).status_code
        == 302
    )
    assert Indicator.objects.get(pk="patents").name == "发明专利授权"
    assert not Indicator.objects.filter(pk="other").exists()
    assert "单位不能再改" in text(tank.post(f"{GDP}edit/", {**given, "unit": "件"}))


def test_a_method_shows_warnings_beside_its_figures() -> None:
    page = text(Client().get(f"/insight/methods/zipf/?{RUN}"))
    for words in (
        "1.0793",
        "只有 5 个地区",
        "缺少数值，未计入：湖州",
        "用到的 5 个数值与来源",
        "数据版本（SM3）",
    ):
        assert words in page
    refused = Client().get("/insight/methods/zipf/?run=1&indicators=gdp&periods=2022&scopes=city:suzhou")
    assert refused.status_code == 422
    assert "数据太少" in text(refused)
    assert Client().get("/insight/methods/zipf/?run=1").status_code == 422
    assert Client().get("/insight/methods/alchemy/").status_code == 404


def test_lists_ask_a_bounded_number_of_queries(django_assert_max_num_queries: Any) -> None:
    client = Client()
    client.get("/insight/")
    for path, most in (("/insight/", 6), ("/insight/values/", 12), (GDP, 8), ("/insight/claims/", 8)):
        with django_assert_max_num_queries(most):
            client.get(path)


def test_drawings() -> None:
    assert scale(0, 24653.4) == [0, 10000, 20000, 30000]
    assert scale(0, 0.035)[-1] >= 0.035
    assert scale(-3, 5)[0] <= -3
    assert [when(period) for period in ("2022", "2022-Q1", "2022-H2", "2021-01/09")] == [
        2022.5, 2022.125, 2022.75, 2021.375,
    ]  # fmt: skip
    drawing = draw_series(cells(live_values().filter(indicator="gdp")), {}, {("city", "suzhou"): 4})
    assert drawing is not None
    assert [line.hue for line in drawing.lines if line.name == "suzhou"] == [4]
    assert [tick.text for tick in drawing.across] == ["2022", "2023"]
    # One period of each scope makes no line.
    assert draw_series(cells(live_values().filter(indicator="alliances", period="2024-05")), {}, {}) is None


def test_a_figure_of_an_organisation_bears_its_name() -> None:
    laser = Organisation.objects.create(
        name="示例激光", name_en="Example Laser", kind="enterprise", code="L-1"
    )
    make.indicator("staff", name="员工", unit="人", subject="talent")
    make.enter(make.row(indicator="staff", scope="organisation:L-1", value="12", unit="人"))
    assert "示例激光" in text(Client().get("/insight/indicators/staff/"))
    assert Value.objects.get(scope=str(laser.pk)).value == 12


def in_english(path: str, user: Any = None) -> str:
    client = signed_in(user) if user else Client()
    client.cookies["django_language"] = "en"
    return text(client.get(path))


def test_english_says_amounts_in_billions_and_numbers_of_people_in_millions() -> None:
    with override("en"):
        assert [shown_words.figures(Decimal(figure), unit) for figure, unit in (
            ("71528.35", "亿元"), ("23958.3", "亿元"), ("1598", "亿元"), ("250", "万元"), ("4900", "万人"),
            ("3.55", "%"), ("84", "家"),
        )] == ["7,152.835", "2,395.83", "159.8", "2.5", "49", "3.55", "84"]  # fmt: skip
        assert [shown_words.unit(unit) for unit in ("亿元", "万元", "万人")] == [
            "CNY bn",
            "CNY m",
            "m people",
        ]
    with override("zh-hans"):
        assert shown_words.figures(Decimal("71528.35"), "亿元") == "71,528.35"
        assert shown_words.unit("亿元") == "亿元"


def test_stored_figures_are_scaled_wherever_english_shows_them() -> None:
    page = in_english(GDP)
    assert "2,395.83" in page
    assert "23,958.3" not in page
    assert "Suzhou 2023: 2,465.34" in page  # the point of the drawing
    assert "+2.955" in page  # the revision
    assert "亿元" in page  # how an import writes the unit
    values = in_english("/insight/values/?indicator=gdp&scope=city:suzhou")
    assert "2,465.34" in values
    assert "24,653.4" not in values
    claims = in_english("/insight/claims/")
    assert "7,904.3 ÷ 121,020.7" in claims
    assert "7,152.835" in claims
    assert "71,528.35" not in claims
    method = in_english(f"/insight/methods/zipf/?{RUN}")
    assert "2,395.83" in method
    exported = Client().get("/insight/values/?export=csv&indicator=gdp", headers={"accept-language": "en"})
    assert "23958.3,亿元" in b"".join(exported.streaming_content).decode()  # a table is as it is stored


def test_english_has_no_wide_brackets_of_the_templates() -> None:
    for path in ("/insight/claims/", GDP, f"/insight/methods/zipf/?{RUN}"):
        page = in_english(path)
        assert not re.search(r"（[^<>]{0,20}）|\w：", re.sub(r"<[^>]*>|\d{4}-\d\d（", "", page)), path


def test_an_indicator_without_a_unit_prints_none() -> None:
    page = in_english("/insight/indicators/alliances/")
    assert "()" not in page
    assert "（）" not in page
    assert "Unit: <" not in page
    assert "· Unit:" not in page
    assert "· 单位：个" in text(Client().get("/insight/indicators/alliances/"))


def test_the_value_axis_carries_its_unit() -> None:
    svg = text(Client().get(GDP)).partition('<svg class="lq-chart"')[2].partition("</svg>")[0]
    assert re.search(r"<text [^>]*>亿元</text>", svg)
