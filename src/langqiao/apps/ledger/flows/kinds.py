"""The five kinds of flows between cities (要素流动) and how each is counted."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class FlowKind:
    """A kind of flow.

    Attributes:
        label: its name for readers.
        unit: the unit in which it is shown.
        per: how many of the smallest unit, in which it is kept as a whole number, make one shown.
        counts: what is counted, in words.
    """

    slug: str
    label: Any
    unit: Any
    per: int
    counts: Any

    def value(self, quantity: int) -> Decimal:
        """A kept quantity in the unit shown, exactly where it can be, else to 28 digits."""
        return Decimal(quantity) / self.per


KINDS: dict[str, FlowKind] = {
    kind.slug: kind
    for kind in (
        FlowKind("technology", _("技术"), _("份合同"), 1, _("已签约的技术合作，从答题方城市流向出题方城市")),
        FlowKind("talent", _("人才"), _("人次"), 1, _("专家更换所在城市，以及专家为他城评审，按城市合计")),
        FlowKind(
            "capital", _("资金"), _("万元"), 1_000_000,  # kept in 分, a hundredth of a yuan
            _("重大项目投资从投资方城市流向项目城市，算力券从发券城市流向园区城市"),
        ),
        FlowKind(
            "computing", _("算力"), _("GPU 时"), 3600,  # kept in GPU seconds
            _("已出账的用量，从园区所在城市流向用户所在城市"),
        ),
        FlowKind("keys", _("密钥"), _("把"), 1, _("已签收的密封传送所用的量子密钥，从发送城市流向接收城市")),
    )
}  # fmt: skip
"""By slug, in the order in which they are shown."""
