"""Verbs of the yearly list (年度重点工作清单): write, import, publish, tell status, roll over, drop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.conference.models import PRIORITY_TRANSITIONS, CityStatus, Priority
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.domain import values as v
from langqiao.apps.registry.domain.acts import assign, clean_reason, digest, enter, lock, move, must_be_in
from langqiao.apps.registry.domain.bulk import REFUSALS_AT_MOST, Outcome, Summary
from langqiao.apps.registry.domain.cases import next_case
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import City
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.words import listed

MEASURE_AT_MOST = 10_000
ROWS_AT_MOST = 5_000
YEARS = (2016, 2100)  # the corridor began in 2016
State = Priority.State
Status = CityStatus.Status


def _cities(value: Any, lookups: Lookups) -> list[City]:
    found = [lookups.city(part) for part in v.parts_of(value)]
    return list(dict.fromkeys(city for city in found if city is not None))


def _lead(value: Any, lookups: Lookups) -> Any:
    return lookups.organisation(value)


# The columns of a row (docs/conference.md) and how each is cleaned.
COLUMNS: dict[str, v.Cleaner] = {
    "code": v.code,
    "year": v.whole(*YEARS),
    "number": v.whole(1, 9_999),
    "title": v.text(300),
    "measure": v.text(MEASURE_AT_MOST, lines=True),
    "lead": _lead,
    "cities": _cities,
    "starts_on": v.day,
    "due_on": v.day,
    "illustrative": v.flag,
    "source_name": v.text(200),
    "source_url": v.link(500),
    "source_date": v.day,
}


def clean_row(values: Mapping[str, Any], lookups: Lookups) -> dict[str, Any]:
    """Clean the given columns of one row.

    Raises:
        Invalid: an unknown column or a wrong value; ``field`` names it.
    """
    cleaned: dict[str, Any] = {}
    for name, value in values.items():
        if name not in COLUMNS:
            raise Invalid(
                _("没有“%(name)s”这一列。") % {"name": str(name)[:40]},
                mend=_("可用的列：%(known)s。") % {"known": listed(COLUMNS)},
                field=str(name),
            )
        try:
            cleaned[name] = COLUMNS[name](value, lookups)
        except Invalid as problem:
            problem.field = problem.field or name
            raise
    return cleaned


@transaction.atomic
def upsert_priority(
    actor: User | None, values: Mapping[str, Any], *, lookups: Lookups | None = None
) -> tuple[Priority, Outcome]:
    """Write the priority task of ``values["code"]`` or revise it (登记或更新重点工作).

    Columns that are not given keep their value; ``cities`` names all cities that take part. A row that
    says what is there already writes nothing, not even a ledger entry.

    Raises:
        NotAllowed: only the office may.
        Refused: it has been dropped.
        Invalid: no code, year or title, or a value is wrong; ``field`` names it.
    """
    require(actor, "conference.run_priorities")
    given = clean_row(values, lookups or Lookups())
    cities = given.pop("cities", None)
    code = given.get("code")
    if not code:
        raise Invalid(_("缺少编号。"), mend=_("请给每项一个不变的编号，再次导入时据此识别。"), field="code")
    priority = Priority.objects.select_for_update().filter(code=code).first()
    if priority is None:
        return _write(actor, given, cities or []), "created"
    must_be_in(priority, State.DRAFT, State.PUBLISHED)
    changed = assign(priority, given)
    if cities is not None and _take_part(priority, cities):
        changed.append("cities")
    if not changed:
        return priority, "unchanged"
    _check(priority)
    priority.save()
    _enter(actor, "revise_priority", priority, {"changed": changed})
    return priority, "changed"


def _write(actor: User | None, given: dict[str, Any], cities: Sequence[City]) -> Priority:
    priority = Priority()
    assign(priority, given)
    if priority.year is None:
        raise Invalid(_("请填写年度。"), field="year")
    if priority.number is None:
        last = Priority.objects.filter(year=priority.year).aggregate(last=Max("number"))["last"]
        priority.number = (last or 0) + 1
    _check(priority)
    priority.case = next_case()
    priority.save()
    _take_part(priority, cities)
    _enter(
        actor,
        "write_priority",
        priority,
        {"year": priority.year, "number": priority.number, "title_sm3": digest(priority.title)},
    )
    return priority


def _check(priority: Priority) -> None:
    if not priority.title:
        raise Invalid(_("请填写重点工作。"), field="title")
    if priority.year is None or priority.number is None:
        raise Invalid(_("请填写年度与序号。"), field="year")
    if priority.starts_on and priority.due_on and priority.due_on < priority.starts_on:
        raise Invalid(_("完成日期早于开始日期。"), field="due_on")
    same = Priority.objects.filter(year=priority.year, number=priority.number).exclude(pk=priority.pk)
    if same.exists():
        raise Invalid(
            _("%(year)s 年第 %(number)s 项已经登记。") % {"year": priority.year, "number": priority.number},
            mend=_("请改用其他序号。"),
            field="number",
        )


def _take_part(priority: Priority, cities: Sequence[City]) -> bool:
    """Make these the cities that take part; those that stay keep their status."""
    wanted = {city.pk for city in cities}
    present = set(priority.cities.values_list("city_id", flat=True))
    priority.cities.exclude(city__in=wanted).delete()
    CityStatus.objects.bulk_create(
        [CityStatus(priority=priority, city=city) for city in cities if city.pk not in present]
    )
    return wanted != present


def upsert_priorities(
    actor: User | None,
    rows: Sequence[Mapping[str, Any]],
    *,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Summary:
    """Write or revise many priority tasks (批量导入), all or none; idempotent by code.

    Returns:
        Counts and refusals with their 1-based rows; if any row is refused, nothing is written.

    Raises:
        NotAllowed: only the office may.
        Invalid: more than 5,000 rows.
    """
    require(actor, "conference.run_priorities")
    if len(rows) > ROWS_AT_MOST:
        raise Invalid(_("一次最多导入 5000 行。"), mend=_("请拆分后分次导入。"))
    summary, lookups, seen = Summary(), Lookups(), set[str]()
    with transaction.atomic():
        for number, row in enumerate(rows, start=1):
            try:
                with transaction.atomic():
                    _refuse_repeated(row, seen)
                    summary.count(upsert_priority(actor, row, lookups=lookups)[1])
            except Refused as refusal:
                refusal.row = number
                summary.refused += 1
                if len(summary.refusals) < REFUSALS_AT_MOST:
                    summary.refusals.append(refusal)
            if progress is not None:
                progress(number)
        summary.written = not dry_run and not summary.refused
        if not summary.written:
            transaction.set_rollback(True)
    return summary


def _refuse_repeated(row: Mapping[str, Any], seen: set[str]) -> None:
    code = str(row.get("code") or "").strip()
    if code and code in seen:
        raise Invalid(
            _("编号“%(code)s”在本次导入中重复。") % {"code": code[:80]},
            mend=_("请只保留一行。"),
            field="code",
        )
    seen.add(code)


@transaction.atomic
def publish_priorities(actor: User | None, *, year: int) -> int:
    """Publish the drafts of a year's list (发布年度清单); returns how many.

    Raises:
        NotAllowed: only the office may.
        Refused: the year has no drafts.
    """
    require(actor, "conference.run_priorities")
    drafts = list(Priority.objects.select_for_update().filter(year=year, state=State.DRAFT))
    if not drafts:
        raise Refused(_("%(year)s 年没有待发布的重点工作。") % {"year": year}, mend=_("请先登记或导入。"))
    for priority in drafts:
        move(priority, State.PUBLISHED, PRIORITY_TRANSITIONS)
        priority.save(update_fields=["state", "updated_at"])
        _enter(actor, "publish_priority", priority, {"title": priority.title, "year": year})
    return len(drafts)


@transaction.atomic
def tell_status(
    actor: User | None, priority: Priority, *, city: City, status: str, note: str = ""
) -> CityStatus:
    """Tell how far a city is (填报分市进展).

    Raises:
        NotAllowed: neither the office nor the city's liaison.
        Refused: the task is not published.
        Invalid: the city takes no part, or no such status.
    """
    require(actor, "conference.tell_status", city)
    lock(priority)
    must_be_in(priority, State.PUBLISHED)
    row = priority.cities.select_for_update().filter(city=city).first()
    if row is None:
        raise Invalid(_("“%(city)s”不参与这项工作。") % {"city": city}, field="city")
    if status not in Status.values:
        raise Invalid(_("没有这种进展。"), field="status")
    text = v.text(500)(note, Lookups())
    if assign(row, {"status": status, "note": text}):
        row.save()
        _enter(actor, "tell_status", priority, {"status": status}, city=city.pk)
    return row


@transaction.atomic
def drop_priority(actor: User | None, priority: Priority, *, why: str) -> Priority:
    """Drop a priority task from its list (撤销重点工作), with a reason.

    Raises:
        NotAllowed: only the office may.
        Refused: it has been dropped already.
        Invalid: no reason.
    """
    require(actor, "conference.run_priorities")
    lock(priority)
    was_public = priority.state == State.PUBLISHED
    move(priority, State.DROPPED, PRIORITY_TRANSITIONS)
    reason = clean_reason(why)
    priority.save(update_fields=["state", "updated_at"])
    data = {"why": reason} if was_public else {}
    enter(
        actor,
        "drop_priority",
        priority,
        case=priority.case,
        organisation=priority.lead,
        data=data,
        public=was_public,
    )
    return priority


@transaction.atomic
def roll_over(actor: User | None, *, year: int) -> list[Priority]:
    """Carry what a year's list left undone into the next year (结转), as drafts; done again, nothing new.

    A task is carried when a city that takes part has not finished; only those cities go along.

    Raises:
        NotAllowed: only the office may.
        Invalid: the next year is out of range.
    """
    require(actor, "conference.run_priorities")
    if not YEARS[0] <= year < YEARS[1]:
        raise Invalid(_("年度超出范围。"), field="year")
    rows = Priority.objects.filter(year=year, state=State.PUBLISHED, rolled_to=None).prefetch_related(
        "cities__city"
    )
    carried: list[Priority] = []
    for old in rows.order_by("number"):
        left = [row.city for row in old.cities.all() if row.status != Status.DONE]
        if not left:
            continue
        given = {
            "code": f"{(old.code or old.case)[:70]}→{year + 1}",
            "year": year + 1,
            "title": old.title,
            "measure": old.measure,
            "lead": old.lead,
            "illustrative": old.illustrative,
            "rolled_from": old,
        }
        carried.append(_write(actor, given, left))
    return carried


def _enter(
    actor: User | None, verb: str, priority: Priority, data: Mapping[str, Any], *, city: str = ""
) -> Entry:
    return enter(
        actor,
        verb,
        priority,
        case=priority.case,
        city=city,
        organisation=priority.lead,
        data=data,
        public=priority.state == State.PUBLISHED,
    )
