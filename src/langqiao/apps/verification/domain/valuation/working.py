"""A valuation while it is a draft (草稿): begin, revise, compute anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.registry.domain.cases import next_case
from langqiao.apps.registry.models import Achievement, Organisation
from langqiao.apps.verification.domain.acts import digest, lock
from langqiao.apps.verification.domain.cases import known_case
from langqiao.apps.verification.domain.services.shared import text
from langqiao.apps.verification.domain.valuation.shared import enter_valuation, stand
from langqiao.apps.verification.domain.valuation.studies import (
    apply_study,
    apply_unfinished,
    read_study,
    study_of,
)
from langqiao.apps.verification.models import Valuation
from langqiao.apps.verification.rules import is_centre
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid

TITLE_AT_MOST = 200
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
TYPED_AT_MOST = 4000  # values of an unfinished form
TYPED_LONGEST = 2000  # characters of one

_REVISABLE = ("title", "purpose", "valuation_date", "achievement", "centre")


@transaction.atomic
def draft_valuation(
    actor: User | None,
    *,
    organisation: Organisation,
    title: str,
    valuation_date: date,
    achievement: Achievement | None = None,
    centre: Organisation | None = None,
    purpose: str = "",
    case: str = "",
    study: Mapping[str, Any] | None = None,
    illustrative: bool = False,
) -> Valuation:
    """Begin a valuation (新建估值) for an organisation.

    Args:
        centre: who appraises, when it is not the owner's own estimate (估值机构).
        case: number of the challenge or examination that this continues; a new one when empty.
        study: the inputs as ``engines.valuation.to_data`` writes them, when they are complete.

    Raises:
        NotAllowed: the actor does not work for the organisation.
        Invalid: a value is missing or wrong, or the centre is none.
    """
    require(actor, "verification.value", organisation)
    valuation = Valuation(organisation=organisation, illustrative=illustrative, created_by=actor)
    _fill(
        valuation,
        {
            "title": title,
            "purpose": purpose,
            "valuation_date": valuation_date,
            "achievement": achievement,
            "centre": centre,
        },
    )
    if study is not None:
        apply_study(valuation, read_study(study, at=valuation.valuation_date))
    valuation.case = known_case(actor, case) or next_case()
    valuation.save()
    enter_valuation(
        actor,
        "draft_valuation",
        valuation,
        data={
            "centre": centre.pk if centre else None,
            "achievement": achievement.pk if achievement else None,
            "title_sm3": digest(valuation.title),
            "illustrative": illustrative,
            **_digests(valuation),
        },
    )
    return valuation


@transaction.atomic
def revise_valuation(
    actor: User | None,
    valuation: Valuation,
    *,
    study: Mapping[str, Any] | None = None,
    unfinished: Mapping[str, list[str]] | None = None,
    **values: Any,
) -> Valuation:
    """Change a draft; with a complete ``study`` its range is computed at once.

    Args:
        study: the inputs as ``engines.valuation.to_data`` writes them.
        unfinished: instead, what was typed into a form that is not complete: name → values.
        values: any of title, purpose, valuation_date, achievement, centre.

    Raises:
        NotAllowed: the actor works neither for the owner nor for the centre.
        Refused: it is not a draft.
        Invalid: a value is wrong; a new date without a study that is dated alike.
    """
    require(actor, "verification.keep_valuation", valuation)
    lock(valuation)
    stand(valuation, Valuation.State.DRAFT)
    unknown = set(values) - set(_REVISABLE)
    if unknown:
        raise TypeError(f"not a field to revise: {sorted(unknown)}")
    changed = sorted(name for name, value in values.items() if getattr(valuation, name) != value)
    _fill(valuation, values)
    if study is not None:
        apply_study(valuation, read_study(study, at=valuation.valuation_date))
    elif unfinished is not None:
        apply_unfinished(valuation, _typed(unfinished))
    elif "valuation_date" in changed and "study" in valuation.inputs:
        study_of(valuation)  # refuses a study of another date
    valuation.save()
    data = {"fields": changed, **_digests(valuation)}
    enter_valuation(actor, "revise_valuation", valuation, data=data)
    return valuation


@transaction.atomic
def compute_valuation(actor: User | None, valuation: Valuation) -> Valuation:
    """Compute the range of a draft anew (重新计算), for instance after the engine has changed.

    Raises:
        NotAllowed: the actor works neither for the owner nor for the centre.
        Refused: it is not a draft, or its inputs are not complete.
    """
    require(actor, "verification.keep_valuation", valuation)
    lock(valuation)
    stand(valuation, Valuation.State.DRAFT)
    apply_study(valuation, study_of(valuation))
    valuation.save(update_fields=["inputs", "result", "receipt", "updated_at"])
    enter_valuation(actor, "compute_valuation", valuation, data=_digests(valuation))
    return valuation


def _fill(valuation: Valuation, values: Mapping[str, Any]) -> None:
    if "title" in values:
        valuation.title = text(values["title"], field="title", most=TITLE_AT_MOST, needed=_("请填写名称。"))
    if "purpose" in values:
        valuation.purpose = text(values["purpose"], field="purpose", most=TITLE_AT_MOST)
    if "valuation_date" in values:
        day = values["valuation_date"]
        if day is None or not EARLIEST <= day <= LATEST:
            raise Invalid(_("评估基准日须在 2000 年至 2100 年之间。"), field="valuation_date")
        valuation.valuation_date = day
    if "achievement" in values:
        valuation.achievement = values["achievement"]
    if "centre" in values:
        valuation.centre = _checked_centre(values["centre"], valuation.organisation)


def _checked_centre(centre: Organisation | None, owner: Organisation) -> Organisation | None:
    if centre is None:
        return None
    if centre.pk == owner.pk:
        raise Invalid(
            _("估值机构不能是权属单位自己。"), mend=_("自行估值时请把估值机构留空。"), field="centre"
        )
    if not is_centre(centre):
        raise Invalid(
            _("“%(name)s”不是概念验证中心。") % {"name": centre.name},
            mend=_("请从名单中选择概念验证中心。"),
            field="centre",
        )
    return centre


def _typed(unfinished: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """What was typed, within bounds and without characters that a database refuses."""
    if sum(len(values) for values in unfinished.values()) > TYPED_AT_MOST:
        raise Invalid(_("填写的内容过多。"), mend=_("请减少成本项目或案例。"))
    return {
        name: [value.replace("\0", "")[:TYPED_LONGEST] for value in values]
        for name, values in unfinished.items()
    }


def _digests(valuation: Valuation) -> dict[str, str]:
    receipt = valuation.receipt
    return {"inputs_sm3": receipt.get("inputs", ""), "result_sm3": receipt.get("result", "")}
