"""Verbs of the choice (遴选): keep a computed choice as a proposal, adopt it, set it aside, run it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.ledger.models import Visibility
from langqiao.apps.verification.domain.acts import digest, enter, lock, must_be_in
from langqiao.apps.verification.domain.layout import SCORED, is_plain
from langqiao.apps.verification.domain.rounds import chairs_of
from langqiao.apps.verification.domain.scores import CallScores, candidates_of, key_of, scores_of_call
from langqiao.apps.verification.domain.steps import choice_locked
from langqiao.apps.verification.domain.wishes import answer, outcomes_of, read_wish
from langqiao.apps.verification.models import Call, CallState, ChoiceRun, RoundState
from langqiao.apps.verification.queries.rule_words import RuleWords
from langqiao.engines.selection import SelectionError
from langqiao.engines.selection.choice import Candidate, rerun
from langqiao.engines.selection.grading import METHOD as GRADES
from langqiao.engines.selection.grading import regrade
from langqiao.engines.selection.plain import receipt_from_dict
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.words import listed

CALL = _("征集")
WHY_AT_MOST = 500


@transaction.atomic
def propose_choice(
    actor: User | None,
    call: Call,
    *,
    basis: str,
    constraints: Mapping[str, Any],
    lottery: str | None = None,
    why: str = "",
) -> ChoiceRun:
    """Compute a choice and keep it as a proposal (遴选方案) with its receipt; nothing is decided by it.

    Args:
        basis: ``raw`` (原始均分) or ``calibrated`` (校准分).
        constraints: ``{"places", "rules", "margin"}`` as :func:`.wishes.read_wish` takes them; a pin or bar
            needs its reason (``why``).
        lottery: the seed of a lottery among the near-tied, published beforehand.

    Raises:
        NotAllowed: only the office may, unless recused.
        Refused: a round is still running, nobody can be chosen, or no list keeps every constraint.
        Invalid: a constraint is wrong, or a reason is missing; ``field`` names it.
    """
    require(actor, "verification.choose", call)
    lock(call)
    must_be_in(call, CallState.RUNNING, what=CALL)
    scores = scores_of_call(call)
    _must_be_final(scores)
    note = _reason(why, required=False)
    wish = read_wish(basis=basis, constraints=constraints, lottery=lottery, reasons_needed=True)
    found = answer(scores, wish)
    if found.conflict is not None:
        words = RuleWords()
        raise Refused(
            _("没有名单能同时满足这些约束：%(rules)s。")
            % {"rules": listed(words.rule(rule) for rule in found.conflict.rules)},
            mend=_("请按页面的提示放宽一条。"),
        )
    last = call.choices.order_by("-number").values_list("number", flat=True).first() or 0
    result = found.as_dict()
    receipt = result.pop("receipt")
    run = ChoiceRun.objects.create(
        call=call,
        number=last + 1,
        basis=basis,
        why=note,
        inputs={
            "constraints": wish.as_dict(),
            "seed": wish.seed,
            "note": note,
            "candidates": [_plain(candidate) for candidate in found.candidates],
            "applications": {key_of(one.application): one.application.pk for one in scores.eligible},
            "excluded": [
                {
                    "application": one.application.pk,
                    "gates": [failure.name for failure in one.gates],
                    "lacking": list(one.lacking),
                }
                for one in scores.excluded
            ],
            "rounds": [
                {
                    "round": one.round.pk,
                    "share": one.share,
                    "reviews_sm3": one.calibration.receipt.inputs,
                    "scores_sm3": one.calibration.receipt.result,
                }
                for one in scores.rounds
            ],
        },
        receipt=receipt,
        result={**result, "outcomes": outcomes_of(scores, found)},
        created_by=actor,
    )
    lottery_data = {"lottery_sm3": result["lottery"]["commitment"]} if result.get("lottery") else {}
    _enter(actor, "propose_choice", run, basis=basis, **lottery_data)
    return run


def _must_be_final(scores: CallScores) -> None:
    if not scores.is_final:
        raise Refused(_("评审尚未结束，评分还会变化。"), mend=_("请先结束本轮评审。"))


def _reason(text: str, *, required: bool) -> str:
    reason = " ".join(text.split())
    if required and not reason:
        raise Invalid(_("请写明采用的理由。"), field="why")
    if len(reason) > WHY_AT_MOST or not is_plain(reason):
        raise Invalid(_("说明最多 %(most)d 字。") % {"most": WHY_AT_MOST}, field="why")
    return reason


def _plain(candidate: Candidate) -> dict[str, Any]:
    return {
        "id": candidate.id,
        "score": candidate.score,
        "low": candidate.low,
        "high": candidate.high,
        "cost": candidate.cost,
        "attributes": dict(candidate.attributes),
    }


def candidates_from(inputs: Mapping[str, Any]) -> list[Candidate]:
    """The candidates that a proposal was computed from."""
    return [Candidate(**row) for row in inputs["candidates"]]


def _enter(actor: User | None, verb: str, run: ChoiceRun, **data: Any) -> str:
    """Entry of an act on a proposal, for the office alone; returns the event's name for notices."""
    receipt = {"inputs_sm3": run.receipt["inputs"], "result_sm3": run.receipt["result"]}
    entry = enter(
        actor,
        verb,
        run,
        case=run.call.case,
        data={"call": run.call_id, "choice": run.number, **receipt, **data},
        visibility=Visibility.OFFICE,
    )
    return f"ledger:{entry.sequence}"


def stale(run: ChoiceRun, scores: CallScores) -> bool:
    """Whether scores, applications or gates have changed since the proposal was computed."""
    now: Sequence[Candidate] = candidates_of(scores, run.basis)
    return bool([_plain(candidate) for candidate in now] != run.inputs.get("candidates"))


@transaction.atomic
def adopt_choice(actor: User | None, run: ChoiceRun, *, why: str = "") -> ChoiceRun:
    """Adopt a proposal (采用方案): conference, notice and issuing speak of it; an earlier one is set aside.

    Raises:
        NotAllowed: only the office may, unless recused.
        Refused: it is adopted already, the chain forbids a change, a step that scores is not over, or the
            scores have changed since.
        Invalid: no reason, or too long a one.
    """
    call = run.call
    require(actor, "verification.choose", call)
    lock(call)
    lock(run)
    run.call = call
    if run.state == ChoiceRun.State.ADOPTED:
        raise Refused(_("这一方案已经采用。"))
    must_be_in(call, CallState.RUNNING, what=CALL)
    locked = choice_locked(call)
    if locked:
        raise Refused(locked)
    reason = _reason(why, required=True)
    closed = set(call.rounds.filter(state=RoundState.CLOSED).values_list("step", flat=True))
    if any(step["kind"] in SCORED and at not in closed for at, step in enumerate(call.chain)):
        raise Refused(_("还有评审或答辩没有结束。"), mend=_("全部评分结束之后再采用方案。"))
    if not run.receipt or stale(run, scores_of_call(call)):
        raise Refused(_("方案生成之后，评分或申报有了变化。"), mend=_("请重新计算并保存方案。"))
    call.choices.filter(state=ChoiceRun.State.ADOPTED).update(state=ChoiceRun.State.DISCARDED)
    run.state, run.why = ChoiceRun.State.ADOPTED, reason
    run.save(update_fields=["state", "why"])
    event = _enter(actor, "adopt_choice", run, why_sm3=digest(reason))
    tell(
        chairs_of(call),
        _("《%(title)s》已采用遴选方案 %(number)d。"),
        {"title": call.title, "number": run.number},
        url=run.get_absolute_url(),
        event=event,
        but=actor,
    )
    return run


@transaction.atomic
def discard_choice(actor: User | None, run: ChoiceRun) -> ChoiceRun:
    """Set a proposal aside (不采用); it stays on record.

    Raises:
        NotAllowed: only the office may, unless recused.
        Refused: it is not waiting any more.
    """
    require(actor, "verification.choose", run.call)
    lock(run)
    if run.state != ChoiceRun.State.PROPOSED:
        raise Refused(_("这一方案已经处理过。"))
    run.state = ChoiceRun.State.DISCARDED
    run.save(update_fields=["state"])
    _enter(actor, "discard_choice", run)
    return run


def rerun_choice(run: ChoiceRun) -> list[str]:
    """Run a proposal again from its receipt and inputs (复算); what differs, nothing where it is the same.

    Today's scores are compared with those that it was computed from, too.
    """
    differences = []
    try:
        receipt = receipt_from_dict(run.receipt)
        candidates = candidates_from(run.inputs)
        again = (regrade if receipt.method == GRADES else rerun)(receipt, candidates).receipt
        if again.result != receipt.result:
            differences.append(gettext("复算的名单与回执不同。"))
    except (SelectionError, KeyError, TypeError):
        differences.append(gettext("回执或输入数据不完整，或与回执的摘要不符。"))
    if stale(run, scores_of_call(run.call)):
        differences.append(gettext("评分或申报在方案生成之后有了变化。"))
    return differences
