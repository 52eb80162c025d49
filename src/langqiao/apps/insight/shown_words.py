"""How figures, units, vintages and shipped sources are written for the reader."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from langqiao.apps.insight.models import Value
from langqiao.kit.words import is_english

# Units of shipped indicators; other units are shown as they were defined.
_UNITS = {
    "亿元": pgettext_lazy("unit", "亿元"),
    "万元": pgettext_lazy("unit", "万元"),
    "万人": pgettext_lazy("unit", "万人"),
    "万户": pgettext_lazy("unit", "万户"),
    "家": pgettext_lazy("unit", "家"),
    "件": pgettext_lazy("unit", "件"),
    "人": pgettext_lazy("unit", "人"),
    "项": pgettext_lazy("unit", "项"),
    "人年": pgettext_lazy("unit", "人年"),
    "百万美元": pgettext_lazy("unit", "百万美元"),
}
# English says amounts and multitudes in thousands: what a stored figure is multiplied by for the unit above.
_SCALES = {
    "亿元": Decimal("0.1"), "万元": Decimal("0.01"), "万人": Decimal("0.01"), "万户": Decimal("0.01"),
}  # fmt: skip
# Sources of shipped figures that are words, not addresses.
_SOURCES = {
    "廊桥名录": _("廊桥名录"),
    "公开页面（项目事实表未载明网页）": _("公开页面（项目事实表未载明网页）"),
    "项目事实表（未载明网页）": _("项目事实表（未载明网页）"),
    "走廊公布的比重（项目事实表，2023-05）": _("走廊公布的比重（项目事实表，2023-05）"),
    "项目事实表复算（九城合计含湖州、宣城、松江三城未核实数）": _(
        "项目事实表复算（九城合计含湖州、宣城、松江三城未核实数）"
    ),
    "项目事实表复算（九城合计中除苏州外均为未核实数）": _("项目事实表复算（九城合计中除苏州外均为未核实数）"),
    "项目事实表复算（2018 年；分母约数）": _("项目事实表复算（2018 年；分母约数）"),
    "项目事实表复算（只有苏州、杭州两城）": _("项目事实表复算（只有苏州、杭州两城）"),
    "项目事实表复算（分母按约 960 万 km²）": _("项目事实表复算（分母按约 960 万 km²）"),
    "sjcfw.com.cn；另见 jrtbxg.com、techappsinsider.com、steelnails.cn": _(
        "sjcfw.com.cn；另见 jrtbxg.com、techappsinsider.com、steelnails.cn"
    ),
    "sjcfw.com.cn，2021-10": _("sjcfw.com.cn，2021-10"),
    "jrtbxg.com，2024-05": _("jrtbxg.com，2024-05"),
    "jingji.weishan.cc，2023-05-25": _("jingji.weishan.cc，2023-05-25"),
    "news.cnstock.com，2019-02": _("news.cnstock.com，2019-02"),
    "m.yybnet.net，2021-11": _("m.yybnet.net，2021-11"),
    "g60.chinadevelopment.com.cn，2024-05": _("g60.chinadevelopment.com.cn，2024-05"),
    "xhby.net，2024-05": _("xhby.net，2024-05"),
    "ce.cn，2025-12（t20251202_2614622）": _("ce.cn，2025-12（t20251202_2614622）"),
}


def is_scaled(unit: str) -> bool:
    """Whether the reader sees figures in another unit than the one they are stored in."""
    return is_english() and unit in _SCALES


def scaled(value: Decimal, unit: str) -> Decimal:
    """A stored figure in the unit that the reader sees (``unit``): 亿元 stay, in English they are CNY bn."""
    return (value * _SCALES[unit]).normalize() if is_scaled(unit) else value


def figures(value: Decimal | None, unit: str = "") -> str:
    """A stored figure in the reader's unit, grouped by three; from a hundred on two decimals are enough.

    >>> figures(Decimal("23958.3")), figures(Decimal("3.55")), figures(Decimal(79043))
    ('23,958.3', '3.55', '79,043')
    """
    if value is None:
        return "—"
    shown = round(value, 2) if abs(value) >= 100 else value
    return f"{scaled(shown, unit).normalize():,f}"


def unit(text: str) -> str:
    """A unit in the reader's language; English counts things without a word for them.

    Figures go with it through ``scaled``.
    """
    if text == "个" and is_english():
        return ""
    return str(_UNITS.get(text, text))


def vintage(text: str) -> str:
    """A vintage in the reader's language."""
    return str(dict(Value.Vintage.choices).get(text, text))


def source(text: str) -> str:
    """A source in the reader's language, where it is one of those shipped."""
    return str(_SOURCES.get(text, text))
