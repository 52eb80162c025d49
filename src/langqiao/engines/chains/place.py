"""The city of a firm by its registered name (按登记名称判断城市); what a name does not say stays unknown.

A registered name begins with the administrative division (行政区划) by rule (企业名称登记管理规定,
article 6), but national and provincial registrations may leave the city out: 横店集团东磁 says nothing,
浙江永太 only the province. Only what is written is used.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from .types import NINE, ChainData, ChainError

_PROVINCE: Final = {
    "310117": "上海",
    "330400": "浙江",
    "330100": "浙江",
    "330700": "浙江",
    "320500": "江苏",
    "330500": "浙江",
    "341800": "安徽",
    "340200": "安徽",
    "340100": "安徽",
}
_COUNTIES: Final = {
    "330100": "上城 下城 江干 拱墅 西湖 滨江 萧山 余杭 富阳 临安 桐庐 淳安 建德 临平 钱塘",
    "330400": "南湖 秀洲 嘉善 海盐 海宁 平湖 桐乡",
    "330500": "吴兴 南浔 德清 长兴 安吉",
    "330700": "婺城 金东 武义 浦江 磐安 兰溪 义乌 东阳 永康",
    "320500": "虎丘 吴中 相城 姑苏 吴江 常熟 张家港 昆山 太仓",
    "340100": "瑶海 庐阳 蜀山 包河 长丰 肥东 肥西 庐江 巢湖",
    "340200": "镜湖 弋江 鸠江 三山 南陵 繁昌 无为",
    "341800": "宣州 郎溪 泾县 旌德 绩溪 宁国 广德",
}
_WORDS = """
上城 下城 江干 西湖 滨江 建德 南湖 平湖 长兴 安吉 金东 武义 兰溪 东阳 永康 虎丘 吴中 三山 无为 宁国 广德 钱塘
"""
_MISTAKABLE: Final = frozenset(_WORDS.split())
"""County names that are also ordinary words or elsewhere: they count only after the province, or written out
as 区, 县 or 市.
"""
_WORDS_TOO: Final = frozenset({"上城", "下城", "西湖", "滨江", "南湖", "三山", "钱塘"})
"""Of those, names that count only when written out, even after the province."""
_STATES = """
北京 天津 河北 山西 内蒙古 辽宁 吉林 黑龙江 上海 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 广西 海南
重庆 四川 贵州 云南 西藏 陕西 甘肃 青海 宁夏 新疆 台湾 香港 澳门
"""
_PROVINCES: Final = tuple(_STATES.split())
_BRACKET = re.compile(r"[(（]([^)）]+)[)）]")
_OTHER_CITY = re.compile(r"^([\u4e00-\u9fff]{2,3})市")


@dataclass(frozen=True, slots=True)
class Decision:
    """``city`` (GB/T 2260 code of one of the nine, or ""), the ``place`` read, and ``how`` it was read.

    ``starts``: the name begins with the place (after the province, if any); ``bracket``: it stands in
    brackets; ``contains``: the city's name stands elsewhere in it; ``elsewhere``: it begins with a place
    outside the nine; ``province``: it names only a province that has cities inside and outside the nine;
    ``unknown``: it names no place.
    """

    city: str
    place: str
    how: str


class Places:
    """The names of the nine cities and their counties, and of other places.

    >>> places = Places.built_in()
    >>> places.decide("昆山科森科技股份有限公司").city, places.decide("浙江海宁皮城股份有限公司").city
    ('320500', '330400')
    >>> places.decide("东阳光药业股份有限公司").how
    'unknown'
    """

    def __init__(self, elsewhere: Mapping[str, str] | None = None) -> None:
        self._elsewhere = dict(elsewhere or {})
        self._cities = {name: code for code, name in NINE.items()}
        self._counties = {county: code for code, counties in _COUNTIES.items() for county in counties.split()}

    @classmethod
    def built_in(cls) -> Places:
        """The nine cities, their counties and the provinces; other cities only by 市 at the beginning."""
        return cls()

    @classmethod
    def read(cls, path: str | Path) -> Places:
        """With the cities and counties outside the nine, from a table with columns adcode and name.

        Raises:
            ChainError: the file cannot be read or lacks a column.
        """
        try:
            with Path(path).open(encoding="utf-8-sig", newline="") as file:
                rows = [(row["adcode"][:6], row["name"]) for row in csv.DictReader(file)]
        except (OSError, KeyError, UnicodeDecodeError) as error:
            raise ChainError(
                f"行政区划表 {Path(path).name} 读不出 adcode、name 两列 / cannot read adcode and name"
            ) from error
        inside = {code[:4] for code in NINE if code != "310117"}
        elsewhere = {}
        for code, name in rows:
            short = re.sub(r"(?:自治州|地区|[市盟])$", "", name)
            if code.endswith("00") and code[:4] not in inside and len(short) > 1:
                elsewhere[short] = code
        return cls(elsewhere)

    def decide(self, fullname: str) -> Decision:
        """The city that a registered name says."""
        name = fullname.strip()
        province = next((p for p in _PROVINCES if name.startswith(p)), "")
        rest = re.sub(r"^(?:省|市|自治区|壮族自治区|维吾尔自治区)", "", name[len(province) :])
        if found := self._starts(rest, province):
            return found
        for inside in _BRACKET.findall(name):
            if found := self._starts(inside, ""):
                return Decision(found.city, found.place, "bracket")
            outside = next((p for p in _PROVINCES if inside.startswith(p)), "") or self._other(inside)
            if outside and not province:
                return Decision("", outside, "elsewhere")
        if province and province not in _PROVINCE.values():
            return Decision("", province, "elsewhere")
        if other := self._other(rest if province else name):
            return Decision("", other, "elsewhere")
        for place, city in self._cities.items():
            if place in name and (not province or _PROVINCE[city] == province):
                return Decision(city, place, "contains")
        if province:
            return Decision("", province, "elsewhere" if province == "上海" else "province")
        return Decision("", "", "unknown")

    def _starts(self, rest: str, province: str) -> Decision | None:
        for place, city in self._cities.items():
            if rest.startswith(place) and (not province or _PROVINCE[city] == province):
                if place == "松江" and not (province or rest.startswith("松江区")):
                    continue
                return Decision(city, place, "starts")
        for length in (3, 2):
            place = rest[:length]
            found = self._counties.get(place)
            if found is None or (province and _PROVINCE[found] != province):
                continue
            is_written_out = rest[length : length + 1] in {"区", "县", "市"}
            is_plain = place not in _MISTAKABLE if not province else place not in _WORDS_TOO
            if is_written_out or is_plain:
                return Decision(found, place, "starts")
        return None

    def _other(self, name: str) -> str:
        for length in (4, 3, 2):
            if name[:length] in self._elsewhere:
                return name[:length]
        found = _OTHER_CITY.match(name)
        return found.group(1) if found else ""


def with_cities(data: ChainData, places: Places) -> ChainData:
    """Decide the city of every firm that has none, by its registered name."""
    firms = []
    for firm in data.firms:
        if firm.city:
            firms.append(firm)
            continue
        decision = places.decide(firm.fullname or firm.name)
        firms.append(replace(firm, city=decision.city, decided=decision.how, place=decision.place))
    return replace(data, firms=tuple(firms))
