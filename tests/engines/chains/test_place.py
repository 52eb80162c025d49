"""Cities by registered name: what is written counts, what is not stays unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from langqiao.engines.chains.place import Decision, Places, with_cities
from langqiao.engines.chains.types import ChainData, ChainError, Firm


@pytest.mark.parametrize(
    ("name", "decision"),
    [
        ("苏州固锝电子股份有限公司", Decision("320500", "苏州", "starts")),
        ("昆山科森科技股份有限公司", Decision("320500", "昆山", "starts")),
        ("张家港富瑞特种装备股份有限公司", Decision("320500", "张家港", "starts")),
        ("江苏常熟农村商业银行股份有限公司", Decision("320500", "常熟", "starts")),
        ("浙江省东阳市某某股份有限公司", Decision("330700", "东阳", "starts")),
        ("上海松江某某有限公司", Decision("310117", "松江", "starts")),
        ("八方电气（苏州）股份有限公司", Decision("320500", "苏州", "bracket")),
        ("中新苏州工业园区开发集团股份有限公司", Decision("320500", "苏州", "contains")),
        ("深圳市金华某某有限公司", Decision("", "深圳", "elsewhere")),
        ("湖南苏州某某有限公司", Decision("", "湖南", "elsewhere")),
        ("普冉半导体（上海）股份有限公司", Decision("", "上海", "elsewhere")),
        ("浙江永太科技股份有限公司", Decision("", "浙江", "province")),
        ("东阳光药业股份有限公司", Decision("", "", "unknown")),
        ("横店集团东磁股份有限公司", Decision("", "", "unknown")),
        ("浙江西湖某某股份有限公司", Decision("", "浙江", "province")),
        ("浙江西湖区某某股份有限公司", Decision("330100", "西湖", "starts")),
        ("", Decision("", "", "unknown")),
    ],
)
def test_what_a_name_says(name: str, decision: Decision) -> None:
    assert Places.built_in().decide(name) == decision


def test_other_cities_come_from_a_table(tmp_path: Path) -> None:
    table = tmp_path / "codes.csv"
    table.write_text("adcode,name\n210200000000,大连市\n320500000000,苏州市\n", encoding="utf-8")
    places = Places.read(table)
    assert places.decide("大连港股份有限公司") == Decision("", "大连", "elsewhere")
    assert Places.built_in().decide("大连港股份有限公司").how == "unknown"
    table.write_text("code\n1\n", encoding="utf-8")
    with pytest.raises(ChainError, match="adcode"):
        Places.read(table)


def test_a_stated_city_is_not_overruled() -> None:
    data = ChainData(firms=(Firm("1", fullname="苏州甲"), Firm("2", fullname="苏州乙", city="340100")))
    assert [firm.city for firm in with_cities(data, Places.built_in()).firms] == ["320500", "340100"]
