"""What a choice is asked for (遴选条件): basis, places, rules, margin, checked; and the engine's answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import City
from langqiao.apps.verification.domain.layout import is_plain
from langqiao.apps.verification.domain.scores import Basis, CallScores, candidates_of, key_of
from langqiao.apps.verification.models import Call
from langqiao.engines.selection import SelectionError
from langqiao.engines.selection.choice import (
    AtLeast,
    AtMost,
    Bar,
    Budget,
    Candidate,
    Choice,
    Conflict,
    Gate,
    Lottery,
    Pin,
    Places,
    Rule,
    choose,
    rule_as_dict,
    rule_from_dict,
)
from langqiao.engines.selection.grading import Grading, Threshold, grade
from langqiao.engines.selection.plain import choice_as_dict, grading_as_dict
from langqiao.kit.refusals import Invalid, Refused

ATTRIBUTES = ("city", "field", "kind")
RULES_AT_MOST = 60
PLACES_AT_MOST = 10_000
MARGIN_AT_MOST = 100.0  # points of a hundred
WHY_AT_MOST = 300
SEED_AT_MOST = 200
VALUE_AT_MOST = 60


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for.

    Attributes:
        places: None where everybody who keeps the rules is chosen, or where grades are given.
        reasons: ``pin:007`` or ``bar:007`` → why that application is fixed.
        seed: of the lottery among the near-tied; empty for none.
    """

    basis: str
    places: int | None
    rules: tuple[Rule, ...] = ()
    margin: float = 0.0
    reasons: Mapping[str, str] = field(default_factory=dict)
    seed: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As :func:`read_wish` takes the constraints."""
        rows = []
        for rule in self.rules:
            row = rule_as_dict(rule)
            row.pop("among", None)
            if rule.text in self.reasons:
                row["why"] = self.reasons[rule.text]
            rows.append(row)
        return {"places": self.places, "rules": rows, "margin": self.margin}


@dataclass(frozen=True, slots=True)
class Answer:
    """The engine's answer to a wish: a choice, a conflict that leaves none, or grades."""

    wish: Wish
    candidates: Sequence[Candidate]
    choice: Choice | None = None
    conflict: Conflict | None = None
    grading: Grading | None = None

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON; ``kind`` says which it is."""
        if self.grading is not None:
            return {"kind": "grades", **grading_as_dict(self.grading)}
        found = self.choice or self.conflict
        assert found is not None
        return {"kind": "choice", **choice_as_dict(found)}


def usual_wish(call: Call) -> Wish:
    """What the call itself says (遴选约束), by calibrated scores."""
    rules = [rule_from_dict(row) for row in call.choice.get("rules", [])]
    if call.budget is not None and not any(isinstance(rule, Budget) for rule in rules):
        rules.append(Budget(float(call.budget)))
    return Wish(Basis.CALIBRATED, call.places, tuple(rules), float(call.choice.get("margin") or 0.0))


def read_wish(
    *, basis: str, constraints: Mapping[str, Any], lottery: str | None = None, reasons_needed: bool = False
) -> Wish:
    """Check what is asked for.

    Args:
        constraints: ``{"places": 12, "rules": [rule], "margin": 0.5}``, rules as ``engines.selection``
            takes them; a pin or bar may carry ``why``.
        lottery: the seed of a lottery, None for none.
        reasons_needed: whether a pin or bar without a reason is refused.

    Raises:
        Invalid: a value is missing or wrong; ``field`` names it.
    """
    if basis not in Basis.values:
        raise Invalid(_("依据须为原始均分或校准分。"), field="basis")
    unknown = set(constraints) - {"places", "rules", "margin"}
    if unknown:
        raise Invalid(_("没有“%(key)s”这一项。") % {"key": str(min(unknown))[:40]}, field="constraints")
    places = constraints.get("places")
    is_count = isinstance(places, int) and not isinstance(places, bool) and 0 < places <= PLACES_AT_MOST
    if places is not None and not is_count:
        raise Invalid(_("名额须为 1 至 %(most)d 的整数。") % {"most": PLACES_AT_MOST}, field="places")
    margin = constraints.get("margin") or 0.0
    if isinstance(margin, bool) or not isinstance(margin, int | float) or not 0 <= margin <= MARGIN_AT_MOST:
        raise Invalid(_("并列分差须为 0 至 100 分。"), field="margin")
    rules, reasons = _rules(constraints.get("rules") or [], reasons_needed=reasons_needed)
    seed = (lottery or "").strip()
    is_line = 0 < len(seed) <= SEED_AT_MOST and is_plain(seed) and len(seed.splitlines()) == 1
    if lottery is not None and not is_line:
        raise Invalid(
            _("抽签种子须为 1 至 %(most)d 字的一行文字。") % {"most": SEED_AT_MOST},
            mend=_("请取事先公布、届时才揭晓的公开数字，例如某日的开奖号码。"),
            field="seed",
        )
    return Wish(basis, places, rules, float(margin), reasons, seed)


def _rules(rows: Any, *, reasons_needed: bool) -> tuple[tuple[Rule, ...], dict[str, str]]:
    if not isinstance(rows, list | tuple) or len(rows) > RULES_AT_MOST:
        raise Invalid(_("最多 %(most)d 条约束。") % {"most": RULES_AT_MOST}, field="rules")
    rules: dict[str, Rule] = {}
    reasons: dict[str, str] = {}
    for row in rows:
        if not isinstance(row, Mapping):
            raise Invalid(_("约束的写法有误。"), field="rules")
        rule = _rule(row)
        if rule.text in rules:
            raise Invalid(_("有两条相同的约束：%(rule)s。") % {"rule": rule.text[:80]}, field="rules")
        rules[rule.text] = rule
        if isinstance(rule, Pin | Bar):
            reasons[rule.text] = _why(rule, str(row.get("why") or "").strip(), needed=reasons_needed)
    return tuple(rules.values()), reasons


def _rule(row: Mapping[str, Any]) -> Rule:
    wrong = Invalid(_("约束的类别或数值有误。"), mend=_("请核对后重填。"), field="rules")
    try:
        rule = rule_from_dict({name: value for name, value in row.items() if name != "why"})
    except SelectionError as error:
        raise wrong from error
    if isinstance(rule, AtLeast | AtMost):
        if rule.attribute not in ATTRIBUTES:
            raise Invalid(_("约束只能针对城市、产业领域或机构类别。"), field="rules")
        if rule.value is not None and (len(rule.value) > VALUE_AT_MOST or not is_plain(rule.value)):
            raise wrong
    if isinstance(rule, Places):
        raise wrong
    return rule


def _why(rule: Pin | Bar, why: str, *, needed: bool) -> str:
    if len(why) > WHY_AT_MOST or not is_plain(why):
        raise Invalid(_("原因最多 %(most)d 字。") % {"most": WHY_AT_MOST}, field="rules")
    if needed and not why:
        raise Invalid(
            _("请写明申报 %(key)s 指定入选或不予入选的原因。") % {"key": rule.candidate[:10]}, field="rules"
        )
    return why


def answer(scores: CallScores, wish: Wish) -> Answer:
    """Let the engine answer: grades where the call gives grades and no places are asked for, else a choice.

    Raises:
        Refused: nobody can be chosen, or the rules are too hard to solve exactly.
        Invalid: a pin or bar names an application that cannot be chosen.
    """
    candidates = candidates_of(scores, wish.basis)
    if not candidates:
        raise Refused(
            _("没有可以遴选的申报。"), mend=_("须已受理、每轮都有已提交的评审意见，并通过全部门槛。")
        )
    keys = {candidate.id for candidate in candidates}
    for rule in wish.rules:
        if isinstance(rule, Pin | Bar) and rule.candidate not in keys:
            raise Invalid(
                _("申报 %(key)s 不在可以遴选之列。") % {"key": rule.candidate[:10]},
                mend=_("请去掉这一条。"),
                field="rules",
            )
    if scores.call.grades and wish.places is None:
        thresholds = [Threshold(row["name"], row["at_least"]) for row in scores.call.grades]
        return Answer(wish, candidates, grading=grade(candidates, thresholds, margin=wish.margin))
    places = wish.places if wish.places is not None else _all_who_pass(candidates, wish.rules)
    cities = tuple(City.objects.values_list("pk", flat=True))
    rules = [
        # Cities that nobody applied from are to be named as well.
        replace(rule, among=cities)
        if isinstance(rule, AtLeast) and rule.attribute == "city" and rule.value is None
        else rule
        for rule in wish.rules
    ]
    lottery = Lottery(wish.seed) if wish.seed else None
    try:
        found = choose(candidates, places=places, rules=rules, margin=wish.margin, lottery=lottery)
    except SelectionError as wrong:
        if wrong.kind == "hard":
            raise Refused(_("约束过多，一分钟内没有算出结果。"), mend=_("请减少约束后重试。")) from wrong
        raise Invalid(_("约束的数值有误。"), mend=_("请核对后重填。"), field="rules") from wrong
    if isinstance(found, Conflict):
        return Answer(wish, candidates, conflict=found)
    return Answer(wish, candidates, choice=found)


def _all_who_pass(candidates: Sequence[Candidate], rules: Sequence[Rule]) -> int:
    """How many there are above the lowest score and not barred: all of them, where no number is asked."""
    lowest = max((rule.score for rule in rules if isinstance(rule, Gate)), default=None)
    barred = {rule.candidate for rule in rules if isinstance(rule, Bar)}
    return sum(
        candidate.id not in barred and (lowest is None or candidate.score >= lowest)
        for candidate in candidates
    )


def outcomes_of(scores: CallScores, found: Answer) -> dict[str, dict[str, Any]]:
    """How each application in play comes out, by its key in the database; who is excluded is not chosen.

    A grade is kept by its name; the last one is the failing one where there are several.
    """
    names = [row["name"] for row in scores.call.grades]
    graded = {} if found.grading is None else {one.candidate: one.grade for one in found.grading.graded}
    chosen = set() if found.choice is None else set(found.choice.final)
    by_raw = found.wish.basis == Basis.RAW
    rows: dict[str, dict[str, Any]] = {}
    for score in scores.eligible:
        key = key_of(score.application)
        given = graded.get(key, "")
        rows[str(score.application.pk)] = {
            "chosen": (len(names) == 1 or given != names[-1]) if graded else key in chosen,
            "grade": given,
            "rank": score.rank_raw if by_raw else score.rank_calibrated,
            "raw": round(score.raw, 6),
            "calibrated": round(score.calibrated, 6),
        }
    for one in scores.excluded:
        rows[str(one.application.pk)] = {
            "chosen": False,
            "grade": names[-1] if graded else "",
            "rank": None,
            "raw": None,
            "calibrated": None,
        }
    return rows
