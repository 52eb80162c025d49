"""The plan of an examination (验证方案): kind, readiness, budget, experts, milestones; and its beginning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.registry.models import Person
from langqiao.apps.verification.domain.acts import lock
from langqiao.apps.verification.domain.services.shared import (
    TEXT_AT_MOST,
    TITLE_AT_MOST,
    amount,
    enter_examination,
    level,
    members,
    say,
    stand,
    step,
    text,
)
from langqiao.apps.verification.models import Examination, ExaminationState, Milestone
from langqiao.kit.figures import money
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.words import listed

STEPS_AT_MOST = 20
EXPERTS_AT_MOST = 15


@dataclass(frozen=True, slots=True)
class Step:
    """A milestone as planned (里程碑); ``id`` names one that exists and is not decided yet.

    ``budget`` in 万元.
    """

    name: str
    criterion: str
    due: date
    budget: Decimal | None = None
    id: int | None = None


def is_open(examination: Examination, milestones: Sequence[Milestone]) -> bool:
    """Whether the plan may change: before the work, or after a milestone asked for an adjustment."""
    if examination.state == ExaminationState.PLANNED:
        return True
    decided = [m for m in milestones if m.decision]
    return (
        examination.state == ExaminationState.UNDER_WAY
        and bool(decided)
        and decided[-1].decision == Milestone.Decision.ADJUST
    )


@transaction.atomic
def plan_examination(
    actor: User | None,
    examination: Examination,
    *,
    milestones: Sequence[Step],
    kind: str = "",
    trl_before: int | None = None,
    trl_target: int | None = None,
    budget: Decimal | None = None,
    experts: Iterable[Person] = (),
) -> Examination:
    """Write the plan (编制方案), or adjust it after a milestone said so; decided milestones stay.

    Args:
        milestones: those not decided yet, in their order; one that exists and is not named is dropped.
        budget: in 万元; the milestones' sums, decided ones among them, stay within it.

    Raises:
        NotAllowed: the actor does not work for the centre.
        Refused: the state does not allow it, or a milestone with a finding would be dropped.
        Invalid: a value is missing or wrong, days run backwards, budgets exceed the whole, an expert
            is not independent.
    """
    require(actor, "verification.handle_examination", examination)
    lock(examination)
    stand(examination, ExaminationState.PLANNED, ExaminationState.UNDER_WAY)
    held = list(examination.milestones.select_for_update().order_by("order", "pk"))
    if not is_open(examination, held):
        raise Refused(
            _("验证已经开始，方案不能随意修改。"),
            mend=_("节点决策为“调整后继续”之后，可以修改尚未决策的里程碑。"),
        )
    decided = [m for m in held if m.decision]
    examination.kind = _kind(examination, kind)
    _set_levels(examination, trl_before, trl_target)
    examination.budget = amount(budget, field="budget")
    steps = _checked(milestones, decided)
    _check_sum(examination.budget, [*(m.budget for m in decided), *(s.budget for s in steps)])
    named = _independent(examination, experts)
    before = set(examination.experts.values_list("pk", flat=True))
    examination.save()
    examination.experts.set(named)
    _write(examination, decided, [m for m in held if not m.decision], steps)
    entry = enter_examination(
        actor,
        "plan_examination",
        examination,
        of=examination.centre,
        data={
            "milestones": len(decided) + len(steps),
            "experts": len(named),
            "budget": str(examination.budget) if examination.budget is not None else None,
            "trl": [examination.trl_before, examination.trl_target],
        },
    )
    fresh = {p.user for p in named if p.pk not in before and p.user is not None and p.user.is_active}
    say(fresh, _("您被指定为项目 %(case)s 的评价专家。"), examination, entry, but=actor)
    return examination


def _kind(examination: Examination, kind: str) -> str:
    if kind and kind not in Examination.Kind.values:
        raise Invalid(_("没有这种验证类别。"), field="kind")
    if not kind and examination.service == Examination.Service.TECHNICAL:
        raise Invalid(_("技术可行性分析须选择验证类别。"), field="kind")
    return kind


def _set_levels(examination: Examination, before: int | None, target: int | None) -> None:
    before, target = level(before, field="trl_before"), level(target, field="trl_target")
    if examination.service == Examination.Service.TECHNICAL and (before is None or target is None):
        missing = "trl_before" if before is None else "trl_target"
        raise Invalid(_("技术可行性分析须写明验证前与目标 TRL。"), field=missing)
    if before is not None and target is not None and target < before:
        raise Invalid(_("目标 TRL 低于验证前 TRL。"), field="trl_target")
    examination.trl_before, examination.trl_target = before, target


def _checked(steps: Sequence[Step], decided: Sequence[Milestone]) -> list[Step]:
    if len(steps) + len(decided) > STEPS_AT_MOST:
        raise Invalid(_("里程碑最多 %(most)s 个。") % {"most": STEPS_AT_MOST}, field="milestones")
    latest = max((m.due for m in decided), default=None)
    clean = []
    for number, one in enumerate(steps, start=len(decided) + 1):
        place = f"milestones.{number}"
        name = text(one.name, field=place, most=TITLE_AT_MOST, needed=_("请填写里程碑名称。"))
        criterion = text(
            one.criterion,
            field=place,
            most=TEXT_AT_MOST,
            needed=_("里程碑“%(name)s”须写明判定标准。") % {"name": name},
        )
        if latest is not None and one.due < latest:
            raise Invalid(
                _("里程碑“%(name)s”的日期早于前一个。") % {"name": name},
                mend=_("请按先后排列。"),
                field=place,
            )
        latest = one.due
        clean.append(Step(name, criterion, one.due, amount(one.budget, field=place), one.id))
    return clean


def _check_sum(whole: Decimal | None, parts: Sequence[Decimal | None]) -> None:
    planned = sum((part for part in parts if part is not None), Decimal(0))
    if whole is None and planned:
        raise Invalid(_("里程碑有经费时，请填写总经费。"), field="budget")
    if whole is not None and planned > whole:
        raise Invalid(
            _("里程碑经费合计 %(sum)s，超过总经费 %(whole)s。")
            % {"sum": money(planned), "whole": money(whole)},
            mend=_("请调整里程碑经费或总经费。"),
            field="budget",
        )


def _independent(examination: Examination, experts: Iterable[Person]) -> list[Person]:
    """Experts who do not belong to the client and did not make the achievement (回避)."""
    named = list({person.pk: person for person in experts}.values())
    if len(named) > EXPERTS_AT_MOST:
        raise Invalid(_("专家最多 %(most)s 位。") % {"most": EXPERTS_AT_MOST}, field="experts")
    makers = (
        set(examination.achievement.people.values_list("pk", flat=True)) if examination.achievement else set()
    )
    tied = [p for p in named if p.organisation_id == examination.client_id or p.pk in makers]
    if tied:
        raise Invalid(
            _("%(names)s 任职于委托单位或是成果完成人，须回避。") % {"names": listed(tied)},
            mend=_("请更换专家。"),
            field="experts",
        )
    return named


def _write(
    examination: Examination,
    decided: Sequence[Milestone],
    undecided: Sequence[Milestone],
    steps: Sequence[Step],
) -> None:
    known = {m.pk: m for m in undecided}
    kept = [one.id for one in steps if one.id is not None]
    if len(set(kept)) != len(kept) or not set(kept) <= set(known):
        raise Invalid(_("里程碑已经变化。"), mend=_("请重新打开方案页面后再修改。"), field="milestones")
    for pk, milestone in known.items():
        if pk not in kept:
            if milestone.finding:
                raise Refused(
                    _("里程碑“%(name)s”已有验证结果，不能删除。") % {"name": milestone.name},
                    mend=_("请先作出节点决策。"),
                )
            milestone.delete()
    for order, milestone in enumerate(decided, start=1):
        if milestone.order != order:
            milestone.order = order
            milestone.save(update_fields=["order"])
    for order, one in enumerate(steps, start=len(decided) + 1):
        milestone = known[one.id] if one.id is not None else Milestone(examination=examination)
        milestone.order, milestone.name, milestone.criterion = order, one.name, one.criterion
        milestone.due, milestone.budget = one.due, one.budget
        milestone.save()


@transaction.atomic
def begin(actor: User | None, examination: Examination) -> Examination:
    """Begin the work (启动验证): the plan stands, findings and the assessment may be written.

    Raises:
        NotAllowed: the actor does not work for the centre.
        Refused: it is not planned, or has no milestone.
    """
    require(actor, "verification.handle_examination", examination)
    lock(examination)
    step(examination, ExaminationState.UNDER_WAY)
    if not examination.milestones.exists():
        raise Refused(_("方案中还没有里程碑。"), mend=_("请先编制方案，至少列出一个里程碑。"))
    examination.save(update_fields=["state", "updated_at"])
    entry = enter_examination(
        actor,
        "begin_examination",
        examination,
        of=examination.centre,
        data={"milestones": examination.milestones.count()},
    )
    say(members(examination.client), _("项目 %(case)s 的验证已启动。"), examination, entry, but=actor)
    return examination
