"""What verbs of requests, quotas and vouchers share: checked numbers and days, and whom to tell."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.accounts.queries import members_of
from langqiao.apps.computing.models import Campus
from langqiao.apps.computing.rules import INSIDERS
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.domain.values import parts_of, text
from langqiao.kit.refusals import Invalid

MODELS_AT_MOST = 20
CENT = Decimal("0.01")
YUAN_AT_MOST = Decimal(10) ** 11  # what twelve digits before the point hold, with room for sums


def whole(value: Any, field: str, *, low: int, high: int) -> int:
    """A whole number within bounds.

    Raises:
        Invalid: it is missing, no whole number, or out of bounds.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Invalid(
            _("这里应是 %(low)d 至 %(high)d 的整数。") % {"low": low, "high": high},
            mend=_("请改正数字。"),
            field=field,
        )
    return value


def yuan(value: Any, field: str, *, low: Decimal = CENT) -> Decimal:
    """An amount of money in yuan (元) with two decimals at most.

    Raises:
        Invalid: it is no such amount, or out of bounds.
    """
    mend = _("请以元为单位填写金额，最多两位小数。")
    try:
        amount = Decimal(str(value))
    except ArithmeticError as problem:
        raise Invalid(_("金额有误。"), mend=mend, field=field) from problem
    if not amount.is_finite() or not low <= amount <= YUAN_AT_MOST or amount != amount.quantize(CENT):
        raise Invalid(_("金额有误。"), mend=mend, field=field)
    return amount.quantize(CENT)


def span(starts_on: Any, ends_on: Any, *, most_days: int) -> int:
    """Days of a span, both ends included.

    Raises:
        Invalid: a day is missing, the end lies before the start, or it is longer than ``most_days``.
    """
    for value, field in ((starts_on, "starts_on"), (ends_on, "ends_on")):
        if not isinstance(value, date) or not 2000 <= value.year <= 2100:
            raise Invalid(_("日期有误。"), mend=_("请写成 2026-11-23 这样的日期。"), field=field)
    days = int((ends_on - starts_on).days) + 1
    if days < 1:
        raise Invalid(_("结束日期早于开始日期。"), mend=_("请改正日期。"), field="ends_on")
    if days > most_days:
        raise Invalid(
            _("期限最长 %(days)d 天。") % {"days": most_days},
            mend=_("请缩短期限，到期后可再次申请。"),
            field="ends_on",
        )
    return days


def model_names(value: Any, field: str = "gpu_models") -> list[str]:
    """Names of GPU models in their order, each once.

    Raises:
        Invalid: too many, or one is no short text.
    """
    clean, lookups = text(40), Lookups()
    try:
        found = list(dict.fromkeys(clean(item, lookups) for item in parts_of(value)))
    except Invalid as problem:
        problem.field = field
        raise
    if len(found) > MODELS_AT_MOST:
        raise Invalid(_("最多 %(limit)d 项。") % {"limit": MODELS_AT_MOST}, mend=_("请减少。"), field=field)
    return found


def operators_of(campus: Campus) -> set[User]:
    """Users who run the campus (算力运营方)."""
    return members_of([campus.operator_id], Role.COMPUTING_OPERATOR)


def insiders_of(organisation_id: int) -> set[User]:
    """Users who ask for computing on behalf of an organisation."""
    return members_of([organisation_id], *INSIDERS)
