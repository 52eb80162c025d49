"""The capacity plan of a campus (容量规划) from what is registered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from langqiao.apps.computing.models import Campus, Grant, Server
from langqiao.engines.scheduling.campus import (
    KEYS,
    MONTHS_AT_MOST,
    Assumed,
    Block,
    Changes,
    Demand,
    Hall,
    Plan,
    Site,
    month_of,
    plan,
    read_changes,
    read_month,
)
from langqiao.engines.scheduling.campus.checks import YEARS
from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import listed, named

MONTHS = 36

# What the engine refuses, in words: what is wrong, and how to mend it. %(names)s are its subjects.
_REFUSED: dict[str, tuple[str, str]] = {
    "assumption": (gettext_noop("还缺少假设：%(names)s。"), gettext_noop("请先在园区页填写这项假设。")),
    "range": (gettext_noop("数值超出范围：%(names)s。"), gettext_noop("请改正后重试。")),
    "no_building": (
        gettext_noop("没有这栋楼：%(names)s。"),
        gettext_noop("请写楼号，如 2=6 表示 2 号楼延期 6 个月。"),
    ),
    "no_hall": (
        gettext_noop("没有这个机房：%(names)s。"),
        gettext_noop("请写“楼号/机房”，如 1/A=20 表示降额百分之 20。"),
    ),
    "month": (gettext_noop("“%(names)s”不是月份。"), gettext_noop("请写成 2027-03。")),
    "change": (
        gettext_noop("读不懂“%(names)s”。"),
        gettext_noop("延期写作 2=6，降额写作 1/A=20，新租户写作 名称=64@2027-03。"),
    ),
    "changes": (gettext_noop("一次推演的变动太多。"), gettext_noop("每类至多 50 项。")),
}  # fmt: skip
FIELDS = {"no_building": "slip", "no_hall": "derate", "month": "start"}


def refused(error: SchedulingError) -> Invalid:
    """The engine's refusal as one that a person reads."""
    if error.kind == "months":
        return Invalid(
            _("规划期超出范围。"),
            mend=_("请从 %(first)s 至 %(last)s 年间开始，至多 %(most)s 个月。")
            % {"first": YEARS[0], "last": YEARS[1] - 1, "most": MONTHS_AT_MOST},
            field="months",
        )
    # A malformed change names its text and the layout, which the mend gives in words.
    names = error.subjects[:1] if error.kind == "change" else error.subjects
    why, mend = _REFUSED.get(error.kind, (gettext_noop("无法推演：%(names)s。"), ""))
    return Invalid(
        _(why) % {"names": listed(names)}, mend=_(mend) if mend else "", field=FIELDS.get(error.kind, "")
    )


def _demand(campus: Campus) -> tuple[Demand, ...]:
    """GPUs granted to tenants from the month of the first to that of the last day; one entry a grant."""
    grants = Grant.objects.filter(tenant__campus=campus, state=Grant.State.ACTIVE).select_related(
        "tenant__organisation"
    )
    return tuple(
        Demand(named(one.tenant.organisation), one.gpus, month_of(one.starts_on), month_of(one.ends_on))
        for one in grants.order_by("starts_on", "pk")
    )


def site_of(campus: Campus) -> Site:
    """The campus as the plan's engine takes it; four queries.

    A building without halls counts with its designed racks, which power and cooling do not limit.
    """
    counted = dict(
        Server.objects.filter(rack__hall__building__campus=campus)
        .exclude(state=Server.State.RETIRED)
        .values_list("rack__hall")
        .annotate(gpus=Sum("gpus"))
    )
    blocks = []
    for building in campus.buildings.order_by("number").prefetch_related("halls"):
        halls = tuple(
            Hall(one.name, one.racks, one.power_kw, one.cooling_kw, one.derating, counted.get(one.pk) or 0)
            for one in building.halls.all()
        )
        blocks.append(
            Block(
                str(building.number),
                building.delivered_on or building.planned_on,
                building.delivered_on is not None,
                halls or (Hall("", building.racks_designed),),
            )
        )
    return Site(
        name=named(campus),
        blocks=tuple(blocks),
        assumptions={
            one.key: Assumed(one.key, one.low, one.middle, one.high, one.unit, one.why)
            for one in campus.assumptions.all()
        },
        demand=_demand(campus),
    )


@dataclass(frozen=True, slots=True)
class Worked:
    """A plan without and with the changes asked for."""

    site: Site
    base: Plan
    found: Plan
    changes: Changes

    @property
    def is_changed(self) -> bool:
        """Whether anything was asked for."""
        return bool(self.changes.slips or self.changes.deratings or self.changes.arrivals)


def worked_out(
    campus: Campus,
    *,
    start: str = "",
    months: int = MONTHS,
    slips: Iterable[str] = (),
    deratings: Iterable[str] = (),
    arrivals: Iterable[str] = (),
) -> Worked:
    """Plan a campus's capacity from a month on (the present one when empty), with what-ifs as short texts.

    Raises:
        Invalid: an assumption is missing, a text cannot be read, or a number is out of range.
    """
    site = site_of(campus)
    try:
        first = read_month(start) if start else month_of(timezone.localdate())
        changes = read_changes(slips=slips, deratings=deratings, arrivals=arrivals)
        base = plan(site, start=first, months=months)
        found = plan(site, start=first, months=months, changes=changes)
    except SchedulingError as error:
        raise refused(error) from error
    return Worked(site, base, found, changes)


def missing_assumptions(campus: Campus) -> list[str]:
    """Assumptions that a plan still needs."""
    present = set(campus.assumptions.values_list("key", flat=True))
    return [key for key in KEYS if key not in present]
