"""Checks of what a challenge says, one sentence a fault."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TypedDict

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.challenges.models import Challenge
from langqiao.apps.registry.models import City, Field, Stage
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import listed

TITLE_AT_MOST = 300
SUMMARY_AT_MOST = 5_000
DETAILS_AT_MOST = 50_000
KEYWORDS_AT_MOST = 200
KEYWORD_AT_MOST = 80
WAN_AT_MOST = Decimal(10) ** 9  # 万元; far above any contract, far below the column's size


class Values(TypedDict, total=False):
    """What a challenge says; amounts in 万元 (10,000 yuan)."""

    title: str
    summary: str
    details: str
    city: City | None
    field: Field | None
    keywords: list[str]
    stage: str
    budget_min: Decimal | None
    budget_max: Decimal | None
    deadline: date | None
    confidentiality: str


class Source(TypedDict, total=False):
    """Where a challenge was read: outside code, source, and whether it is illustrative (示例)."""

    code: str | None
    illustrative: bool
    source_name: str
    source_url: str
    source_date: date | None


# The firm's wording; never in the ledger, only its digest is.
SEALABLE = "details"


def assign(challenge: Challenge, values: Mapping[str, object]) -> list[str]:
    """Set the fields that differ; returns their names, sorted."""
    changed = []
    for name, value in values.items():
        new = value.strip() if isinstance(value, str) else value
        if getattr(challenge, name) != new:
            setattr(challenge, name, new)
            changed.append(name)
    return sorted(changed)


def check_draft(challenge: Challenge) -> None:
    """Check what even a draft must satisfy.

    Raises:
        Invalid: the field and what is wrong with it.
    """
    for name in ("title", "summary", "details"):
        if getattr(challenge, name) is None:
            raise Invalid(_("此项必填。"), mend=_("请填写后重试。"), field=name)
    if not challenge.title.strip():
        raise Invalid(_("请填写题目。"), field="title")
    for name, most in (("title", TITLE_AT_MOST), ("summary", SUMMARY_AT_MOST), ("details", DETAILS_AT_MOST)):
        length = len(getattr(challenge, name))
        if length > most:
            raise Invalid(
                _("内容过长：%(length)s 字，最多 %(most)s 字。") % {"length": length, "most": most},
                mend=_("请精简，或改用附件。"),
                field=name,
            )
    _check_choices(challenge)
    _check_keywords(challenge.keywords)
    _check_budget(challenge.budget_min, challenge.budget_max)


def _check_choices(challenge: Challenge) -> None:
    if challenge.stage and challenge.stage not in Stage.values:
        raise Invalid(
            _("没有“%(value)s”这一阶段。") % {"value": challenge.stage},
            mend=_("可选：%(values)s。") % {"values": listed(str(label) for label in Stage.labels)},
            field="stage",
        )
    levels = Challenge.Confidentiality
    if challenge.confidentiality not in levels.values:
        raise Invalid(
            _("没有“%(value)s”这一保密级别。") % {"value": challenge.confidentiality},
            mend=_("可选：%(values)s。") % {"values": listed(str(label) for label in levels.labels)},
            field="confidentiality",
        )


def _check_keywords(keywords: object) -> None:
    if not isinstance(keywords, list) or not all(isinstance(word, str) for word in keywords):
        raise Invalid(_("关键词应为一组词。"), field="keywords")
    if len(keywords) > KEYWORDS_AT_MOST or any(len(word) > KEYWORD_AT_MOST for word in keywords):
        raise Invalid(
            _("关键词最多 %(count)s 个，每个最多 %(length)s 字。")
            % {"count": KEYWORDS_AT_MOST, "length": KEYWORD_AT_MOST},
            field="keywords",
        )


def _check_budget(low: Decimal | None, high: Decimal | None) -> None:
    for name, amount in (("budget_min", low), ("budget_max", high)):
        if amount is not None and not 0 <= amount <= WAN_AT_MOST:
            raise Invalid(_("预算须为 0 以上的金额（万元）。"), field=name)
    if low is not None and high is not None and low > high:
        raise Invalid(_("最低预算高于最高预算。"), mend=_("请交换或改正。"), field="budget_min")


def is_collected(challenge: Challenge) -> bool:
    """Say whether it is a requirement collected elsewhere (征集需求) that no firm here has claimed."""
    return challenge.organisation_id is None and bool(challenge.code)


def check_publishable(challenge: Challenge) -> None:
    """Check what a published challenge must say.

    A requirement collected elsewhere needs neither organisation nor deadline: it is matched, but
    takes no answers until a firm claims it.

    Raises:
        Invalid: the first missing or wrong field.
    """
    check_draft(challenge)
    openly = challenge.confidentiality == Challenge.Confidentiality.OPEN
    if not challenge.summary.strip() and not (openly and challenge.details.strip()):
        raise Invalid(
            _("发布前请填写公开摘要。"), mend=_("摘要向所有人公开，请勿写入保密内容。"), field="summary"
        )
    if not openly and not challenge.details.strip():
        raise Invalid(_("保密题目须填写详细内容。"), mend=_("或将保密级别改为公开。"), field="details")
    if not is_collected(challenge):
        if challenge.organisation_id is None:
            raise Invalid(_("发布前请写明出题企业。"), field="organisation")
        if challenge.deadline is None:
            raise Invalid(_("发布前请填写答题截止日期。"), field="deadline")
    check_deadline(challenge.deadline)


def check_deadline(deadline: date | None) -> None:
    """Check that a deadline lies ahead (the day itself still counts).

    Raises:
        Invalid: it is over.
    """
    if deadline is not None and deadline < timezone.localdate():
        raise Invalid(
            _("答题截止日期 %(day)s 已过。") % {"day": deadline.isoformat()},
            mend=_("请改为今天以后的日期。"),
            field="deadline",
        )
