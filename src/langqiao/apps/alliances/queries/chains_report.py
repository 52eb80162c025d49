"""The report of an import in the reader's language (导入报告): the engine's sentences are Chinese."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

_NUMBER = re.compile(r"\d+")
GAP = "…"  # stands for a number of a row
OUTCOMES = {
    "kept": _("保留"),
    "mended": _("保留，置空该列"),
    "doubled": _("重复"),
    "refused": _("拒绝"),
}
# What engines/chains/read.py says of rows, numbers left open.
REASONS = (
    _("应有 … 列，实有 … 列"),
    _("该列为空"),
    _("公司代码应为六位数字，可带 SH、SZ 或 BJ"),
    _("不是交易所名称，已置空"),
    _("不是日期，已置空"),
    _("代码已见于第 … 行"),
    _("代码已见于第 … 行，另一名称记为别名"),
    _("行业代码应为六位数字"),
    _("行业代码已有"),
    _("代码应为六位数字"),
    _("行业表中没有此代码，以代码为名保留"),
    _("该公司已有行业"),
    _("收入占比应为数字"),
    _("与第 … 行相同"),
    _("公司表中没有此代码，以代码保留"),
    _("应为 {industry, ups: {行业: 权重}}"),
    _("行业已见于第 … 行"),
    _("行业表中没有此名称，以名称为代码保留"),
    _("关系应为 上游产业"),
    _("关系应为 上游材料、产品小类、下游产品"),
    _("该行业已有上级行业"),
    _("industry_up.jsonl 已带权重给出"),
    _("产品指向自己，图中不成边"),
)


def reason_words(reason: str) -> str:
    """A reason in the reader's language; a sentence that is not known stays as it is.

    >>> reason_words("与第 7 行相同")
    '与第 7 行相同'
    """
    numbers = iter(_NUMBER.findall(reason))
    told = gettext(_NUMBER.sub(GAP, reason))
    return "".join(next(numbers, GAP) if part == GAP else part for part in re.split(f"({GAP})", told))


def reasons(issues: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """How many rows were treated alike; "the code of row 7 again" and "of row 9" are one reason."""
    counted = Counter((one["file"], one["outcome"], _NUMBER.sub(GAP, one["reason"])) for one in issues)
    return [
        {"file": file, "outcome": OUTCOMES.get(outcome, ""), "reason": gettext(reason), "rows": count}
        for (file, outcome, reason), count in counted.items()
    ]


def told(issues: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Issues in the reader's language."""
    return [
        {**one, "outcome": OUTCOMES.get(one["outcome"], ""), "reason": reason_words(one["reason"])}
        for one in issues
    ]
