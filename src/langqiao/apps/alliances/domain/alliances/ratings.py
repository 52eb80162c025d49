"""Verbs of the yearly rating (年度考核): set the scheme, mark, publish, reopen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.alliances.domain.alliances.common import (
    chosen,
    enter_alliance,
    keepers_of,
    line,
    must_take_members,
    notify,
    whole,
)
from langqiao.apps.alliances.models import RATING_TRANSITIONS, Alliance, Criterion, Mark, Rating, RatingScheme
from langqiao.apps.registry.domain.acts import clean_reason, digest, enter, lock, move, must_be_in
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.words import listed

CRITERIA_AT_MOST = 12
GRADES_AT_MOST = 6
YEARS = (2016, 2100)
GRADES: tuple[tuple[str, int], ...] = (("优秀", 85), ("合格", 60), ("不合格", 0))
State = Rating.State
Marker = Criterion.Marker


@transaction.atomic
def set_rating_scheme(
    actor: User | None,
    *,
    year: int,
    criteria: Sequence[Mapping[str, Any]],
    grades: Sequence[tuple[str, int]] = GRADES,
    illustrative: bool = False,
) -> RatingScheme:
    """Set the criteria and grades of a year (制定考核办法); they stand still once a mark is given.

    Args:
        criteria: ``label``, ``label_en``, ``weight`` (1 to 100), ``marker`` (secretariat or office) of each.
        grades: name and least total of each, the best first; the last begins at 0.

    Raises:
        NotAllowed: only the office may.
        Refused: the year is being marked already.
        Invalid: a value is missing or wrong; ``field`` names it.
    """
    require(actor, "alliances.keep_scheme")
    number = whole(year, "year", low=YEARS[0], high=YEARS[1])
    rows = _criteria(criteria)
    steps = _grades(grades)
    scheme = RatingScheme.objects.select_for_update().filter(year=number).first()
    if scheme is None:
        scheme = RatingScheme(year=number, illustrative=bool(illustrative))
    elif Mark.objects.filter(rating__scheme=scheme).exists():
        raise Refused(
            _("%(year)d 年度已开始评分，考核办法不能再改。") % {"year": number},
            mend=_("请在下一年度的考核办法中调整。"),
        )
    present = list(scheme.criteria.values("label", "label_en", "weight", "marker")) if scheme.pk else []
    if scheme.pk and scheme.grades == steps and present == rows:
        return scheme
    scheme.grades = steps
    scheme.save()
    scheme.criteria.all().delete()
    Criterion.objects.bulk_create(
        [Criterion(scheme=scheme, order=order, **row) for order, row in enumerate(rows, start=1)]
    )
    enter(
        actor,
        "set_rating_scheme",
        scheme,
        case="",
        data={"year": number, "criteria": rows, "grades": steps},
        public=True,
    )
    return scheme


def _criteria(criteria: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if not 1 <= len(criteria) <= CRITERIA_AT_MOST:
        raise Invalid(
            _("考核指标应有 1 至 %(most)d 项。") % {"most": CRITERIA_AT_MOST},
            mend=_("请增减指标。"),
            field="criteria",
        )
    rows = [
        {
            "label": line(row.get("label"), "criteria", 80, required=True),
            "label_en": line(row.get("label_en", ""), "criteria", 120),
            "weight": whole(row.get("weight"), "criteria", low=1, high=100),
            "marker": chosen(row.get("marker"), Marker, "criteria"),
        }
        for row in criteria
    ]
    labels = [row["label"] for row in rows]
    if len(set(labels)) < len(labels):
        raise Invalid(_("有重名的考核指标。"), mend=_("请改名或合并。"), field="criteria")
    return rows


def _grades(grades: Iterable[tuple[str, int]]) -> list[list[Any]]:
    steps: list[list[Any]] = [
        [line(name, "grades", 20, required=True), whole(least, "grades", low=0, high=100)]
        for name, least in grades
    ]
    least = [step[1] for step in steps]
    falls = all(a > b for a, b in pairwise(least))
    if not 1 <= len(steps) <= GRADES_AT_MOST or not falls or least[-1] != 0:
        raise Invalid(
            _("等次应从高到低排列，最低一档从 0 分起。"), mend=_("请改正等次的起点分。"), field="grades"
        )
    return steps


@transaction.atomic
def mark_alliance(
    actor: User | None,
    scheme: RatingScheme,
    alliance: Alliance,
    criterion: Criterion,
    *,
    value: Any,
    note: str = "",
) -> Mark:
    """Give a mark of 0 to 100 for one criterion (评分), or change it until the rating is published.

    Raises:
        NotAllowed: a self-assessment by another than the secretariat, or another criterion by another
            than the office.
        Refused: the rating is published, or the node is no alliance.
        Invalid: the criterion is of another year, or the value is wrong.
    """
    if criterion.scheme_id != scheme.pk:
        raise Invalid(_("这项指标不属于该年度。"), mend=_("请从该年度的指标中选择。"), field="criterion")
    own = criterion.marker == Marker.SECRETARIAT
    require(actor, "alliances.mark_self" if own else "alliances.mark", alliance)
    must_take_members(alliance)
    lock(scheme)
    rating, _made = Rating.objects.get_or_create(scheme=scheme, alliance=alliance)
    lock(rating)
    must_be_in(rating, State.MARKING)
    found = _mark(value)
    words = line(note, "note", 500)
    mark = Mark.objects.filter(rating=rating, criterion=criterion).first() or Mark(
        rating=rating, criterion=criterion
    )
    if mark.pk and (mark.value, mark.note) == (found, words):
        return mark
    mark.value, mark.note, mark.by = found, words, actor
    mark.save()
    enter_alliance(
        actor, "mark_alliance", rating, alliance,
        data={"year": scheme.year, "criterion": criterion.label, "mark_sm3": digest(f"{found}\n{words}")},
    )  # fmt: skip
    return mark


def _mark(value: Any) -> Decimal:
    try:
        found = Decimal("NaN") if isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or not 0 <= found <= 100 or found != round(found, 1):
        raise Invalid(_("得分应是 0 至 100，最多一位小数。"), mend=_("请改正得分。"), field="value")
    return round(found, 1)


def total_of(criteria: Sequence[Criterion], marks: Mapping[int, Mark]) -> Decimal | None:
    """The weighted mean of the marks, to two decimals; None while one is missing."""
    if not criteria or any(one.pk not in marks for one in criteria):
        return None
    weights = sum(one.weight for one in criteria)
    points = sum((one.weight * marks[one.pk].value for one in criteria), Decimal(0))
    return (points / weights).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def grade_of(scheme: RatingScheme, total: Decimal) -> str:
    """The best grade that a total earns."""
    return next(str(name) for name, least in scheme.grades if total >= least)


@transaction.atomic
def publish_rating(actor: User | None, rating: Rating) -> Rating:
    """Publish an alliance's rating (公布考核结果): total and grade enter the ledger for all to read.

    Raises:
        NotAllowed: only the office may.
        Refused: it is published, or a mark is missing; the message names the criteria.
    """
    require(actor, "alliances.publish_rating", rating)
    lock(rating)
    move(rating, State.PUBLISHED, RATING_TRANSITIONS)
    criteria = list(rating.scheme.criteria.all())
    marks = {mark.criterion_id: mark for mark in rating.marks.all()}
    total = total_of(criteria, marks)
    if total is None:
        missing = [one.label for one in criteria if one.pk not in marks]
        raise Refused(
            _("还有指标没有评分：%(labels)s。") % {"labels": listed(missing)}, mend=_("请补齐后再公布。")
        )
    rating.total, rating.grade = total, grade_of(rating.scheme, total)
    rating.published_at, rating.why = timezone.now(), ""
    rating.save()
    entry = enter_alliance(
        actor, "publish_rating", rating, rating.alliance,
        data={"year": rating.scheme.year, "total": str(total), "grade": rating.grade}, public=True,
    )  # fmt: skip
    notify(
        keepers_of(rating.alliance), rating, rating.alliance, _("“%(alliance)s”的年度考核结果已公布。"),
        entry, but=actor,
    )  # fmt: skip
    return rating


@transaction.atomic
def reopen_rating(actor: User | None, rating: Rating, *, why: str) -> Rating:
    """Take a published rating back (撤回考核结果) to correct a mark, with a public reason.

    Raises:
        NotAllowed: only the office may.
        Refused: it is not published.
        Invalid: no reason.
    """
    require(actor, "alliances.publish_rating", rating)
    lock(rating)
    move(rating, State.MARKING, RATING_TRANSITIONS)
    rating.total, rating.grade, rating.published_at = None, "", None
    rating.why = clean_reason(why)
    rating.save()
    entry = enter_alliance(
        actor, "reopen_rating", rating, rating.alliance,
        data={"year": rating.scheme.year, "why": rating.why}, public=True,
    )  # fmt: skip
    notify(
        keepers_of(rating.alliance), rating, rating.alliance, _("“%(alliance)s”的年度考核结果已撤回。"),
        entry, but=actor,
    )  # fmt: skip
    return rating
