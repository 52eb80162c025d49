"""A panel of provinces × years × variables, its damaged province names repaired with a report.

Yearbook tables that were scanned carry names such as 内蒙占 (for 内蒙古) or 全   国. A name is repaired
only when spaces alone stood in the way, or when exactly one province is one look-alike character
away and the very table the row comes from has no row of that province yet. Anything else is set
aside and told, never guessed: rows kept and rows set aside add up to the rows read.
"""

from __future__ import annotations

import csv
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .types import Array, BadInput

NATION = "全国"
PROVINCES: tuple[str, ...] = (
    "北京", "天津", "河北", "山西", "内蒙古", "辽宁", "吉林", "黑龙江", "上海", "江苏", "浙江", "安徽",
    "福建", "江西", "山东", "河南", "湖北", "湖南", "广东", "广西", "海南", "重庆", "四川", "贵州",
    "云南", "西藏", "陕西", "甘肃", "青海", "宁夏", "新疆",
)  # fmt: skip
_ENGLISH: Mapping[str, str] = {
    "北京": "Beijing", "天津": "Tianjin", "河北": "Hebei", "山西": "Shanxi", "内蒙古": "Inner Mongolia",
    "辽宁": "Liaoning", "吉林": "Jilin", "黑龙江": "Heilongjiang", "上海": "Shanghai", "江苏": "Jiangsu",
    "浙江": "Zhejiang", "安徽": "Anhui", "福建": "Fujian", "江西": "Jiangxi", "山东": "Shandong",
    "河南": "Henan", "湖北": "Hubei", "湖南": "Hunan", "广东": "Guangdong", "广西": "Guangxi",
    "海南": "Hainan", "重庆": "Chongqing", "四川": "Sichuan", "贵州": "Guizhou", "云南": "Yunnan",
    "西藏": "Tibet", "陕西": "Shaanxi", "甘肃": "Gansu", "青海": "Qinghai", "宁夏": "Ningxia",
    "新疆": "Xinjiang", "东部": "East", "中部": "Centre", "西部": "West",
}  # fmt: skip
# The three belts (三大地带) of the National Bureau of Statistics, for inequality between groups.
BELTS: Mapping[str, tuple[str, ...]] = {
    "东部": ("北京", "天津", "河北", "辽宁", "上海", "江苏", "浙江", "福建", "山东", "广东", "海南"),
    "中部": ("山西", "吉林", "黑龙江", "安徽", "江西", "河南", "湖北", "湖南"),
    "西部": (
        "内蒙古",
        "广西",
        "重庆",
        "四川",
        "贵州",
        "云南",
        "西藏",
        "陕西",
        "甘肃",
        "青海",
        "宁夏",
        "新疆",
    ),
}
# Capitals of the provinces (latitude, longitude in degrees), for spatial weights.
CAPITALS: Mapping[str, tuple[float, float]] = {
    "北京": (39.90, 116.41), "天津": (39.08, 117.20), "河北": (38.04, 114.51), "山西": (37.87, 112.55),
    "内蒙古": (40.84, 111.75), "辽宁": (41.80, 123.43), "吉林": (43.82, 125.32), "黑龙江": (45.80, 126.53),
    "上海": (31.23, 121.47), "江苏": (32.06, 118.80), "浙江": (30.27, 120.15), "安徽": (31.82, 117.23),
    "福建": (26.07, 119.30), "江西": (28.68, 115.86), "山东": (36.65, 117.12), "河南": (34.75, 113.62),
    "湖北": (30.59, 114.30), "湖南": (28.23, 112.94), "广东": (23.13, 113.26), "广西": (22.82, 108.37),
    "海南": (20.04, 110.35), "重庆": (29.56, 106.55), "四川": (30.57, 104.07), "贵州": (26.65, 106.63),
    "云南": (25.04, 102.71), "西藏": (29.65, 91.11), "陕西": (34.34, 108.94), "甘肃": (36.06, 103.83),
    "青海": (36.62, 101.78), "宁夏": (38.49, 106.23), "新疆": (43.83, 87.62),
}  # fmt: skip
COLUMNS = ("province", "year", "chn_block4", "value", "units", "variables", "src")
MOST_ROWS = 2_000_000
# Characters that scanners take for one another in these names: true → what is read for it.
_LOOKALIKES: Mapping[str, str] = {
    "西": "两四酉雨", "古": "占舌右", "江": "汀红扛", "浙": "淅折", "京": "亰宗", "津": "律", "吉": "古",
    "川": "州", "州": "川", "夏": "复", "陕": "陜峡", "青": "肯", "甘": "廿", "云": "去", "徽": "微",
    "藏": "臧", "疆": "彊", "苏": "办", "宁": "宇", "林": "材", "天": "夫", "上": "土", "海": "梅",
    "贵": "责", "建": "健", "重": "童", "庆": "床", "东": "尔车乐", "南": "雨", "北": "比", "河": "何",
}  # fmt: skip
# Groups of provinces that tables of the yearbooks carry beside the provinces.
_AGGREGATES = ("东部地区", "中部地区", "西部地区", "东北地区")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class PanelRow:
    """One figure; ``value`` is None where the table has a gap; ``line`` is its line in the file."""

    line: int
    province: str
    year: int
    variable: str
    block: str
    value: float | None
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Repair:
    """A name that was mended: from → to, in how many rows, and why."""

    wrong: str
    right: str
    count: int
    why: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that was not taken over, as it stands in the file, and why."""

    line: int
    name: str
    why: str
    raw: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """What was read. ``read == len(rows) + len(aside)``.

    Attributes:
        repeated: figures that stand more than once with the same value, from whichever table.
        conflicts: figures that stand more than once with different values: both are kept.
        units: variables given in more than one unit, each with its counts.
    """

    read: int
    rows: tuple[PanelRow, ...]
    repairs: tuple[Repair, ...]
    aside: tuple[SetAside, ...]
    repeated: int
    conflicts: int
    units: Mapping[str, Mapping[str, int]]

    def to_json(self) -> dict[str, Any]:
        """The report as plain values."""
        values = [row.value for row in self.rows]
        return {
            "read": self.read,
            "kept": len(self.rows),
            "gaps": sum(value is None for value in values),
            "set_aside": [
                {"line": row.line, "name": row.name, "why": row.why, "row": list(row.raw)}
                for row in self.aside
            ],
            "repairs": [
                {"from": repair.wrong, "to": repair.right, "count": repair.count, "why": repair.why}
                for repair in self.repairs
            ],
            "repaired": sum(repair.count for repair in self.repairs),
            "provinces": len({row.province for row in self.rows} - {NATION}),
            "years": sorted({row.year for row in self.rows}),
            "variables": len({row.variable for row in self.rows}),
            "repeated": self.repeated,
            "conflicts": self.conflicts,
            "units": {name: dict(found) for name, found in self.units.items()},
        }

    def slice(self, variable: str, year: int) -> dict[str, float]:
        """Province → figure of one variable and year; of several tables the last in the file counts.

        Raises:
            BadInput: the panel has nothing for it.
        """
        found = {
            row.province: row.value
            for row in self.rows
            if row.variable == variable and row.year == year and row.value is not None
        }
        if not found:
            raise BadInput("variable", "unknown", f"the panel has no figures of {variable} for {year}")
        return found

    def matrix(self, variables: Sequence[str], year: int) -> tuple[tuple[str, ...], Array]:
        """Provinces that have all variables in a year, and their figures (n, k); the nation left out."""
        slices = [self.slice(variable, year) for variable in variables]
        names = tuple(name for name in PROVINCES if all(name in found for found in slices))
        return names, np.array([[found[name] for found in slices] for name in names], dtype=np.float64)


def english_name(group: str) -> str:
    """A province or belt in English; another name stays as it is.

    >>> english_name("安徽"), english_name("中部"), english_name("a")
    ('Anhui', 'Centre', 'a')
    """
    return _ENGLISH.get(group, group)


def belt(province: str) -> str:
    """The belt (东部、中部、西部) of a province.

    Raises:
        BadInput: it is no province.
    """
    for name, members in BELTS.items():
        if province in members:
            return name
    raise BadInput("province", "unknown", f"{province} is not a province")


def repair_name(name: str) -> tuple[str, str]:
    """The province a damaged name stands for and why; ``("", why)`` when it cannot be told.

    >>> repair_name("内蒙占")[0], repair_name("全   国")[0], repair_name("东南")[0]
    ('内蒙古', '全国', '')
    """
    plain = _SPACES.sub("", name)
    known = (*PROVINCES, NATION)
    if plain in known:
        return plain, "" if plain == name else "spaces inside the name"
    near = [right for right in known if _one_lookalike(plain, right)]
    if len(near) == 1:
        wrong, right = next((a, b) for a, b in zip(plain, near[0], strict=True) if a != b)
        return near[0], f"{wrong} read for {right}"
    if len(near) > 1:
        return "", f"may stand for {' or '.join(near)}"
    groups = [name for name in _AGGREGATES if plain == name or _one_lookalike(plain, name)]
    if groups:
        return "", f"not a province: it reads like the group {groups[0]}"
    return "", "no province is one look-alike character away"


def read_panel(path: Path) -> Panel:
    """Read a tab-separated panel (columns ``province year chn_block4 value units variables src``).

    Raises:
        BadInput: a column is missing, the file is not UTF-8, or it has too many rows.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except UnicodeDecodeError as broken:
        raise BadInput("file", "encoding", "the panel must be UTF-8 text") from broken
    except csv.Error as broken:
        raise BadInput("file", "table", f"the panel cannot be read as a table: {broken}") from broken


def _read(lines: Iterable[list[str]]) -> Panel:
    numbered = enumerate(lines, 1)
    head = next(numbered, (1, []))[1]
    missing = [name for name in COLUMNS if name not in head]
    if missing:
        raise BadInput("file", "columns", f"the panel lacks the column {missing[0]}")
    at = [head.index(name) for name in COLUMNS]
    raw: list[tuple[int, list[str]]] = []
    aside: list[SetAside] = []
    read = 0
    for line, cells in numbered:
        if not cells:
            continue
        read += 1
        if read > MOST_ROWS:
            raise BadInput("file", "large", f"the panel has more than {MOST_ROWS} rows")
        if len(cells) != len(head):
            aside.append(
                SetAside(line, cells[0], f"{len(cells)} cells where the head has {len(head)}", tuple(cells))
            )
        else:
            raw.append((line, [cells[place].strip() for place in at]))
    rows, repairs = _mend(raw, aside)
    aside.sort(key=lambda row: row.line)
    repeated, conflicts = _doubles(rows)
    return Panel(read, tuple(rows), repairs, tuple(aside), repeated, conflicts, _units(rows))


def _mend(
    raw: list[tuple[int, list[str]]], aside: list[SetAside]
) -> tuple[list[PanelRow], tuple[Repair, ...]]:
    """Rows with a province each, and the repairs; what cannot be mended goes to ``aside``."""
    there: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for _, (name, year, block, _value, _unit, variable, source) in raw:
        there[variable, block, year, source].add(_SPACES.sub("", name))
    found: dict[str, tuple[str, str]] = {}
    counts: Counter[tuple[str, str, str]] = Counter()
    rows = []
    for line, cells in raw:
        name, year, block, value, unit, variable, source = cells
        right, why = found.setdefault(name, repair_name(name))
        if right and _SPACES.sub("", name) != right and right in there[variable, block, year, source]:
            right, why = "", f"its table has a row of {right} already"
        number = _number(value)
        if right and not (year.isascii() and year.isdigit() and len(year) == 4):
            right, why = "", "the year is not a year"
        if right and number is not None and not math.isfinite(number):
            right, why = "", "the value is not a number"
        if not right:
            aside.append(SetAside(line, name, why, tuple(cells)))
            continue
        if right != name:
            counts[name, right, why] += 1
        rows.append(PanelRow(line, right, int(year), variable, block, number, unit, source))
    repairs = tuple(Repair(wrong, right, count, why) for (wrong, right, why), count in sorted(counts.items()))
    return rows, repairs


def _number(text: str) -> float | None:
    """The value of a cell; None when it is empty, NaN when it is no number."""
    if text in {"", "NA"}:
        return None
    try:
        return float(text)
    except ValueError:
        return math.nan


def _doubles(rows: Iterable[PanelRow]) -> tuple[int, int]:
    values: dict[tuple[str, int, str, str], list[float | None]] = defaultdict(list)
    for row in rows:
        values[row.province, row.year, row.variable, row.block].append(row.value)
    several = [found for found in values.values() if len(found) > 1]
    conflicts = sum(len(set(found)) > 1 for found in several)
    return len(several) - conflicts, conflicts


def _units(rows: Iterable[PanelRow]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        counts[row.variable][row.unit] += 1
    return {name: dict(found) for name, found in sorted(counts.items()) if len(found) > 1}


def _one_lookalike(wrong: str, right: str) -> bool:
    """Whether one character differs, and it is one that is read for the other."""
    if not _differs_once(wrong, right):
        return False
    read, true = next((a, b) for a, b in zip(wrong, right, strict=True) if a != b)
    return read in _LOOKALIKES.get(true, "")


def _differs_once(wrong: str, right: str) -> bool:
    return len(wrong) == len(right) and sum(a != b for a, b in zip(wrong, right, strict=True)) == 1
