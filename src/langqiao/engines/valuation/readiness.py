"""Technology readiness (技术就绪水平, TRL) and an assumed probability of success at each level.

The nine levels are those of ISO 16290:2013; names and evidence are written here in our own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .types import BadInput, Basis, Quantity, Shape, Unit


@dataclass(frozen=True, slots=True)
class Level:
    """One level: its name and what has to be on the table to claim it, in Chinese and English."""

    level: int
    zh: str
    en: str
    evidence_zh: str
    evidence_en: str


LEVELS: tuple[Level, ...] = (
    Level(1, "发现基本原理", "Principle found",
          "论文或报告写明原理，可供同行查验",
          "a paper or report states the principle so that peers can check it"),
    Level(2, "提出应用设想", "Use conceived",
          "写明用在哪里、解决什么问题、预期性能",
          "where it is used, what it solves and how well is written down"),
    Level(3, "关键功能得到初步证明", "Key function shown to be possible",
          "分析或试验证明关键功能可行",
          "analysis or experiment shows that the key function can work"),
    Level(4, "实验室中验证功能", "Function tested in the laboratory",
          "试验样件在实验室达到功能要求",
          "a test piece performs its function in the laboratory"),
    Level(5, "模拟环境中验证关键部分", "Key parts tested under like conditions",
          "关键部分在接近使用的条件下试验，尺寸或规模可缩小",
          "key parts are tested under conditions like those of use, perhaps at a smaller scale"),
    Level(6, "模拟环境中演示样机", "Model shown under like conditions",
          "能代表成品的样机在接近使用的条件下达到性能",
          "a model that stands for the product reaches its figures under conditions like those of use"),
    Level(7, "实际环境中演示样机", "Prototype shown in real use",
          "样机在实际使用条件下运行并有记录",
          "a prototype runs under the conditions of use, on record"),
    Level(8, "成品定型并通过验收", "Product final and accepted",
          "定型产品通过试验、检测或认证，可以交付",
          "the final product passes tests or certification and can be delivered"),
    Level(9, "成品经实际使用证明", "Product proven in use",
          "交付用户后按要求运行，有使用记录",
          "delivered and running as required, with records of use"),
)  # fmt: skip

Chances = Mapping[int, tuple[float, float, float]]
"""Level → probability that it ends as a product on the market: low, base, high."""

ASSUMED_CHANCES: Chances = {
    1: (0.01, 0.03, 0.08),
    2: (0.02, 0.05, 0.12),
    3: (0.05, 0.10, 0.20),
    4: (0.10, 0.18, 0.30),
    5: (0.18, 0.28, 0.42),
    6: (0.28, 0.40, 0.56),
    7: (0.42, 0.56, 0.72),
    8: (0.60, 0.74, 0.88),
    9: (0.80, 0.90, 0.97),
}
"""Our starting assumption (假设), from no study: whoever values should put in what the field knows."""


def level_of(trl: int) -> Level:
    """The level of that number.

    Raises:
        BadInput: ``trl`` is not between 1 and 9.
    """
    if not 1 <= trl <= 9:
        raise BadInput("trl", "limits", "the technology readiness level lies between 1 and 9")
    return LEVELS[trl - 1]


def success_at(trl: int, *, chances: Chances = ASSUMED_CHANCES, source: str = "") -> Quantity:
    """The probability of success at a level, as an input marked as assumed.

    ``source`` replaces the text that says so, for instance when ``chances`` are the user's own.

    Raises:
        BadInput: ``trl`` is not between 1 and 9, or ``chances`` lacks it.
    """
    level = level_of(trl)
    if trl not in chances:
        raise BadInput("trl", "missing", f"the table of chances has no level {trl}")
    low, base, high = chances[trl]
    text = source or f"假设：按技术就绪水平 {level.level} 级（{level.zh}）取值，非统计结果"
    return Quantity(low, base, high, Unit.SHARE, text, Basis.ASSUMED, Shape.PERT)
