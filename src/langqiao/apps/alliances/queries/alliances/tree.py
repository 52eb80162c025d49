"""Reads of the tree: its nodes in order, what is published of it, figures of one alliance."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.db.models import Count, Q, QuerySet, Sum

from langqiao.apps.alliances.models import Alliance, Attendance, Exchange, Gathering, Member, TreeFigure

ACTIVE = Q(members__state=Member.State.ACTIVE)


def alliances() -> QuerySet[Alliance]:
    """Nodes of the tree that are alliances, with what lists show."""
    rows = Alliance.objects.filter(is_group=False)
    return rows.select_related("parent", "field", "city", "lead", "secretariat").annotate(
        member_count=Count("members", filter=ACTIVE)
    )


@dataclass(slots=True)
class Branch:
    """A node of the tree with what hangs below it."""

    node: Alliance
    children: list[Branch] = field(default_factory=list)
    members: int = 0


def tree() -> Branch | None:
    """The whole tree in two queries; None before it is loaded."""
    rows = Alliance.objects.select_related("field", "city", "lead").annotate(
        member_count=Count("members", filter=ACTIVE)
    )
    branches = {row.pk: Branch(row, members=row.member_count) for row in rows}
    root = None
    for branch in branches.values():
        if branch.node.parent_id is None:
            root = branch
        else:
            branches[branch.node.parent_id].children.append(branch)
    return root


def figures() -> list[TreeFigure]:
    """Figures published of the tree."""
    return list(TreeFigure.objects.all())


@dataclass(frozen=True, slots=True)
class Year:
    """What an alliance did in a year, counted in its records; evidence for the rating."""

    gatherings: int
    attended: int
    people: int
    joined: int
    members: int
    exchanges: int
    met: int


def year_of(alliance: Alliance, year: int) -> Year:
    """Count an alliance's year."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    held = Gathering.objects.filter(
        alliance=alliance,
        state__in=(Gathering.State.HELD, Gathering.State.MINUTED),
        starts_at__year=year,
    )
    came = Attendance.objects.filter(gathering__in=held, state=Attendance.State.ATTENDED).aggregate(
        organisations=Count("pk"), people=Sum("people")
    )
    inside = Member.objects.filter(alliance=alliance, joined_on__lte=last)
    posted = Exchange.objects.filter(alliance=alliance, created_at__year=year)
    return Year(
        gatherings=held.count(),
        attended=came["organisations"],
        people=came["people"] or 0,
        joined=inside.filter(joined_on__gte=first).count(),
        members=inside.filter(Q(ended_on=None) | Q(ended_on__gt=last)).count(),
        exchanges=posted.count(),
        met=posted.filter(outcome=Exchange.Outcome.MET).count(),
    )
