"""What a product's name says once its clerical dress is off (产品名称规整).

Annual reports write "(1)锂电池业务", "其中：锂电池产品", "锂电池系列" where the product graph has "锂电池".
:func:`core` takes off numbering, brackets and endings that say nothing about the thing; endings that change
what a firm does with the thing (贸易, 租赁, 维修, 运输 …) stay.
"""

from __future__ import annotations

import re
from functools import lru_cache

import rjieba

from langqiao.engines.matching import tokenise

from .vague import VAGUE

_NUMBERING = re.compile(
    r"^(?:[\s\d.、．]*[、.．)）](?=\D)|[(（]?[一二三四五六七八九十\d]{1,2}[)）、]|"
    r"其中[:：]?|减[:：]|加[:：]|(?:主营|自产|自制|主要|其他|其它)(?=.{2}))+"
)
_CIRCLED = re.compile(r"^\s*[①-⑳❶-❿㈠-㈩]+")  # before normalising makes plain digits of them
_BRACKETS = re.compile(r"[(（\[【〔《<][^)）\]】〕》>]*[)）\]】〕》>]?|[\]】〕》>)）]")
_MARKS = re.compile(r"[\s*+≥≤≦…·,，。;；:：?？!！\"“”'‘’\u200b-\u200f\ufffd#《》]+")
_ENDING = re.compile(
    r"(?:等?(?:系列)?产品(?:及服务|类|系列|销售|的销售|制造|业务)?|系列|业务(?:板块|分部|收入|类)?|"
    r"(?:业务)?(?:板块|分部|事业部|收入|类别)|的?(?:生产|研发|制造|产销|加工)?(?:和|与|及|、)销售|"
    r"的?(?:产销|销售|制造业?|生产)|行业|产业|等|类|件(?<=[轮轴]件)|合计|小计)$"
)
_BALANCE = re.compile(
    r"平衡项目|调整项目|抵销|抵消|内部交易|未分配|分部间|^[合小总]计$|汇总差异|合并调整|抵减|^调整$|^其他(?:业务|收入)?$"
)
_JOINTS = re.compile(r"[、/,;]|以?及(?:其(?:他|它)?)?(?:相关)?|[与和]")
_COMPOUND = re.compile(r"[烷烯醇酸酯胺酮醛苯酚炔钠钾钙铵盐]$")  # 二氯丙烷 is no 丙烷
_RADICAL = re.compile(r"[氯溴氟碘氧硫硝氨羟甲乙丙丁戊己辛苯基代一二三四五六双多聚偏酸磷胺酯腈酮异环]$")
_HANDLING = re.compile(
    r"(?:租赁|出租|贸易|维修|修理|运输|物流|施工|安装|咨询|设计|检测|代理|批发|零售|培训|承包|开发|装卸|仓储|经营|"
    r"工程|服务|管理|运营|回收|处理|采购|购销|经销|分销|代销|进出口|设备|机械|装备|广告|印刷)$"
)
_LENDING = re.compile(r"^(?:租赁|出租|转租|承租|代理|代订|代办|维修|修理|托管|承揽|拆除)")
_LEAST = 2  # characters a name keeps

# The same thing written two ways (异形写法), right-hand side is used on both sides of a comparison.
_VARIANTS = (
    ("通讯", "通信"),
    ("粘", "黏"),
    ("锂离子电池", "锂电池"),
    ("冋", "同"),
    ("藉", "籍"),
    ("帐", "账"),
    ("抽油烟机", "吸油烟机"),
    ("集成线路", "集成电路"),
    ("已内酰胺", "己内酰胺"),
    ("已二酸", "己二酸"),
    ("呢龙", "尼龙"),
    ("零配件", "零部件"),
    ("轨交", "轨道交通"),
)

_VERBS = frozenset(
    {"v", "vd", "vi", "vg", "ad", "d", "r", "m", "p", "c", "f", "s", "t", "b", "q", "ns", "nr"}
)
_NOUNS = frozenset({"开关", "包装", "印刷", "照明", "多元醇", "输送", "电路", "铸造"})


@lru_cache(maxsize=1 << 17)
def plain(name: str) -> str:
    """Width, case and marks folded and spellings unified; nothing is taken off.

    >>> plain("ＰＶＣ 材料"), plain("移动通讯")
    ('pvc材料', '移动通信')
    """
    folded = _MARKS.sub("", tokenise.normalise(name))
    for written, meant in _VARIANTS:
        if written in folded:
            folded = folded.replace(written, meant)
    return folded


@lru_cache(maxsize=1 << 17)
def core(name: str) -> str:
    """:func:`plain` without numbering, brackets and empty endings, at least two characters long.

    >>> core("(1)锂离子电池业务"), core("其中：钢材销售"), core("聚酰胺6(PA6)")
    ('锂电池', '钢材', '聚酰胺6')
    """
    text = tokenise.normalise(_CIRCLED.sub("", name)).strip()
    text = _cut(_NUMBERING, text)
    text = _cut(_BRACKETS, text)
    text = plain(text)
    while (shorter := _cut(_ENDING, text)) != text:
        text = shorter
    return text


def _cut(pattern: re.Pattern[str], text: str) -> str:
    shorter = pattern.sub("", text).strip("-—_/、和及与的")
    return shorter if len(shorter) >= _LEAST else text


def is_balance(name: str) -> bool:
    """Whether a line of a segment table balances the books (平衡项目, 分部间抵销) and names no product."""
    return _BALANCE.search(tokenise.normalise(name)) is not None


def is_vague(name: str) -> bool:
    """Whether a name says nothing of the thing (服务, 配件, 销售 …)."""
    return core(name) in VAGUE or plain(name) in VAGUE


@lru_cache(maxsize=1 << 16)
def kind_of_word(text: str) -> str:
    """The word class (词性) of a text's last word in rjieba's dictionary: n, v, vn …, as its tags."""
    tagged = rjieba.tag(text)
    return str(tagged[-1][1]) if tagged else ""


def can_be_head(name: str, start: int) -> bool:
    """Whether ``name[start:]`` can be the thing that the whole name is a kind of.

    A plain verb cannot (电影发行), nor the parent compound of a derivative (二氯丙烷), nor a thing that is
    let, repaired or carried (出租房屋): the revenue comes from a service.

    >>> [can_be_head(name, 2) for name in ("电影发行", "二氯丙烷", "出租房屋", "手机天线")]
    [False, False, False, True]
    """
    head = name[start:]
    if _LENDING.search(name):
        return False
    if kind_of_word(head) in _VERBS and head not in _NOUNS:
        return False
    return not (_COMPOUND.search(head) and _RADICAL.search(name[:start]))


def joined(name: str) -> list[str]:
    """The parts that a name joins by 及, 与, 和 or a mark; none when the whole is done to all of them.

    >>> joined("中央空调及相关备件"), joined("土地及设备租赁")
    (['中央空调', '备件'], [])
    """
    if _HANDLING.search(name):
        return []
    parts = [core(part) for part in _JOINTS.split(name) if len(part) >= _LEAST]
    return list(dict.fromkeys(parts)) if len(parts) > 1 else []
