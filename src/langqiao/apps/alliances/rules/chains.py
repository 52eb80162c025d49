"""Who may do what with industry chains (产业链).

Chains are public, but for a table of firms that was handed in as not public. Loading data and judging
links is the work of the office and of an alliance's secretariat.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rules.predicates import predicate

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.rules import holds, is_office, is_system
from langqiao.apps.alliances.models.chains import ChainDataset
from langqiao.kit.permissions import permit

keeps_chains = is_office | holds(Role.SECRETARIAT) | is_system


@predicate
def is_public(user: Any, target: Any = None) -> bool:
    """The data set is public; without a target, some chain may be read by everybody."""
    dataset = target if target is None or isinstance(target, ChainDataset) else target.dataset
    return dataset is None or dataset.is_public


permit(
    "chains.read",
    is_public | keeps_chains,
    label=_("查看产业链"),
    why=_("这份企业自有表格未公开，只有联席办和联盟秘书处可以查看。"),
)
permit(
    "chains.load",
    keeps_chains,
    label=_("导入产业链数据"),
    why=_("只有联席办和联盟秘书处可以导入产业链数据。"),
)
permit(
    "chains.judge_link",
    keeps_chains,
    label=_("核实产品归类"),
    why=_("只有联席办和联盟秘书处可以确认或否定产品归类。"),
)
