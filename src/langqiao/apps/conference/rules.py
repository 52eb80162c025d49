"""Who may do what at the joint conference (联席会议).

The office runs sessions, notices, lists and projects. Those at the table read papers and vote; who has
no seat does not know that a session exists unless it is public. Owners and their city's liaison report
on tasks. Superusers have no shortcut; the console (actor ``None``) may run things, but has no vote.
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rules.predicates import predicate

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import current_memberships, holds_role, organisation_ids
from langqiao.apps.accounts.rules import is_office, is_signed_in, is_system
from langqiao.apps.conference.models import (
    SHOWN_NOTICES,
    SHOWN_SESSIONS,
    AgendaItem,
    Ballot,
    Matter,
    Notice,
    Priority,
    Seat,
    Session,
    Task,
)
from langqiao.kit.permissions import permit

# Roles that sit for an organisation, beside its managers.
DELEGATES = (Role.OFFICE, Role.LIAISON, Role.SECRETARIAT)
# Attendance under which a seat may vote; before it is taken, nothing stands there.
VOTING_ATTENDANCE = ("", Seat.Attendance.PRESENT)


def liaison_cities(user: Any) -> set[str]:
    """Slugs of the cities of which the user is a liaison (联络员)."""
    return {
        m.organisation.city_id
        for m in current_memberships(user)
        if m.role == Role.LIAISON and m.organisation.city_id
    }


def delegate_ids(user: Any) -> set[int]:
    """Organisations for which the user sits at the table."""
    return {m.organisation_id for m in current_memberships(user) if m.is_manager or m.role in DELEGATES}


# -- the table ----------------------------------------------------------------------------------


def acts_for_seat(user: Any, seat: Seat) -> bool:
    """Say whether the user takes the seat: the person named, else the organisation's or city's delegates."""
    if not is_signed_in.test(user):
        return False
    if seat.user_id is not None:
        return bool(seat.user_id == user.pk)
    if seat.organisation_id is not None:
        return seat.organisation_id in delegate_ids(user)
    return seat.city_id in liaison_cities(user)


def sits_at(user: Any, session: Session) -> bool:
    """Say whether the user takes any seat of the session."""
    return is_signed_in.test(user) and any(acts_for_seat(user, seat) for seat in session.seats.all())


def voters(session: Session) -> dict[str, list[Seat]]:
    """Who votes (表决单位), ``city:<slug>`` or ``seat:<pk>``, with the seats that cast the vote."""
    found: dict[str, list[Seat]] = {}
    for seat in session.seats.all():
        if seat.may_vote:
            by_city = session.voters == Session.Voters.CITY
            found.setdefault(f"city:{seat.city_id}" if by_city else f"seat:{seat.pk}", []).append(seat)
    return found


def recused(item: AgendaItem) -> set[str]:
    """Voters who keep out of the decision (回避): by their own word, or as the applicant."""
    applicant = item.matter.organisation_id
    own = {r.voter for r in item.recusals.all()}
    if applicant is None:
        return own
    return own | {
        voter
        for voter, seats in voters(item.session).items()
        if all(seat.organisation_id == applicant for seat in seats)
    }


def votes_of(user: Any, item: AgendaItem) -> list[str]:
    """Voters for whom the user may cast the vote on the item.

    A member of the applicant votes for nobody; a seat marked as excused, absent or observing does not vote.
    """
    applicant = item.matter.organisation_id
    if applicant is not None and applicant in organisation_ids(user):
        return []
    out = recused(item)
    return [
        voter
        for voter, seats in voters(item.session).items()
        if voter not in out
        and any(
            seat.attendance in VOTING_ATTENDANCE
            and (applicant is None or seat.organisation_id != applicant)
            and acts_for_seat(user, seat)
            for seat in seats
        )
    ]


def _session(target: Any) -> Session | None:
    """The session that a target is or belongs to."""
    if isinstance(target, Session):
        return target
    if isinstance(target, Ballot):
        return target.item.session
    return getattr(target, "session", None)


@predicate
def attends(user: Any, target: Any = None) -> bool:
    """The office, and those who take a seat once the session is called."""
    session = _session(target)
    if session is None:
        return False
    if is_office.test(user):
        return True
    return session.state in SHOWN_SESSIONS and sits_at(user, session)


@predicate
def is_public_session(user: Any, target: Any = None) -> bool:
    """The session is public."""
    session = _session(target)
    return session is not None and session.is_public and session.state in SHOWN_SESSIONS


@predicate
def is_released(user: Any, target: Any = None) -> bool:
    """The paper has been released."""
    return getattr(target, "released_at", None) is not None


# -- matters and decisions ----------------------------------------------------------------------


@predicate
def may_propose(user: Any, target: Any = None) -> bool:
    """The office, and liaisons for their own city (the target, if any, is the matter's city)."""
    cities = liaison_cities(user)
    return is_office.test(user) or (bool(cities) if target is None else getattr(target, "pk", "") in cities)


@predicate
def knows_matter(user: Any, target: Any = None) -> bool:
    """The office, who proposed it, its city's liaisons, and those at a table that dealt with it."""
    if not isinstance(target, Matter) or not is_signed_in.test(user):
        return False
    if is_office.test(user) or target.proposed_by_id == user.pk or target.city_id in liaison_cities(user):
        return True
    items = target.items.select_related("session").prefetch_related("session__seats")
    return any(attends.test(user, item.session) for item in items)


@predicate
def has_vote(user: Any, target: Any = None) -> bool:
    """The actor casts a vote in the ballot."""
    return isinstance(target, Ballot) and bool(votes_of(user, target.item))


@predicate
def is_open_vote(user: Any, target: Any = None) -> bool:
    """The ballot is closed and was not secret."""
    return isinstance(target, Ballot) and target.state != Ballot.State.OPEN and not target.is_secret


@predicate
def may_recuse(user: Any, target: Any = None) -> bool:
    """Those at the table may step back; for which voter, the verb checks."""
    return isinstance(target, AgendaItem) and bool(votes_of(user, target))


@predicate
def is_public_resolution(user: Any, target: Any = None) -> bool:
    """The resolution is marked public."""
    return bool(getattr(target, "is_public", False))


@predicate
def knows_its_matter(user: Any, target: Any = None) -> bool:
    """The actor may read the matter that the resolution decides."""
    return target is not None and bool(knows_matter.test(user, target.matter))


# -- tasks --------------------------------------------------------------------------------------


@predicate
def owns_task(user: Any, target: Any = None) -> bool:
    """The actor works for the organisation that owns the task; without a target: one that owns any."""
    mine = organisation_ids(user)
    if target is None:
        return bool(mine) and Task.objects.filter(organisation__in=mine).exists()
    return target.organisation_id in mine


@predicate
def is_task_liaison(user: Any, target: Any = None) -> bool:
    """The actor is a liaison, with a target: of the task's city."""
    if target is None:
        return holds_role(user, Role.LIAISON)
    return bool(target.city_id) and target.city_id in liaison_cities(user)


# -- notices, lists, projects -------------------------------------------------------------------


@predicate
def is_shown_notice(user: Any, target: Any = None) -> bool:
    """The notice is or was public."""
    return isinstance(target, Notice) and target.state in SHOWN_NOTICES and target.starts_on is not None


@predicate
def takes_objections(user: Any, target: Any = None) -> bool:
    """The notice is public and its last day (inclusive, Beijing time) not over."""
    if not isinstance(target, Notice) or target.state != Notice.State.PUBLISHED:
        return False
    return target.last_day is not None and timezone.localdate() <= target.last_day


@predicate
def is_objector(user: Any, target: Any = None) -> bool:
    """The objection is the actor's own."""
    return is_signed_in.test(user) and getattr(target, "author_id", None) == user.pk


@predicate
def is_published_priority(user: Any, target: Any = None) -> bool:
    """The priority task has been published."""
    return isinstance(target, Priority) and target.state == Priority.State.PUBLISHED


@predicate
def is_status_liaison(user: Any, target: Any = None) -> bool:
    """The actor is a liaison of the city whose status is told (target: the city)."""
    cities = liaison_cities(user)
    return bool(cities) if target is None else getattr(target, "pk", "") in cities


OFFICE_ONLY = _("只有联席办可以这样做。")
_runs = is_office | is_system
for _name, _label in (
    ("run_session", _("组织会议")),
    ("run_matter", _("安排与处理议题")),
    ("publish_resolution", _("公开决议")),
    ("run_task", _("交办与调整任务")),
    ("remind", _("发送任务提醒")),
    ("run_notice", _("组织公示")),
    ("handle_objection", _("处理异议")),
    ("run_priorities", _("编制重点工作清单")),
    ("run_projects", _("登记重大项目")),
):
    permit(f"conference.{_name}", _runs, label=_label, why=OFFICE_ONLY)
permit(
    "conference.attend",
    attends,
    label=_("查看会议议程、材料与表决"),
    why=_("会议议程与材料仅参会单位与联席办可见。"),
)
permit(
    "conference.read_session",
    attends | is_public_session,
    label=_("查看会议"),
    why=_("该会议未公开，仅参会单位与联席办可见。"),
)
permit(
    "conference.read_paper",
    attends | is_released,
    label=_("下载会议材料"),
    why=_("会议材料公开前仅参会单位与联席办可见。"),
)
permit(
    "conference.propose",
    may_propose | is_system,
    label=_("提出议题"),
    why=_("只有联席办可以提出任何议题，城市联络员可以提出本市的议题。"),
)
permit(
    "conference.read_matter",
    knows_matter,
    label=_("查看议题"),
    why=_("议题仅提出者、本市联络员、参会单位与联席办可见。"),
)
permit(
    "conference.vote",
    has_vote,
    label=_("表决"),
    why=_("只有到会且无须回避的表决单位可以表决；申请单位的成员须回避。"),
)
permit(
    "conference.recuse",
    may_recuse | is_office | is_system,
    label=_("登记回避"),
    why=_("只有有表决权的参会单位可以申请回避，联席办可以代为登记。"),
)
permit(
    "conference.read_votes",
    attends & is_open_vote,
    label=_("查看各方投票"),
    why=_("各方投票在表决结束后仅参会单位与联席办可见；无记名投票只公布票数。"),
)
permit(
    "conference.read_resolution",
    is_public_resolution | attends | knows_its_matter,
    label=_("查看决议"),
    why=_("该决议未公开，仅参会单位与联席办可见。"),
)
permit(
    "conference.read_tasks",
    is_office | is_task_liaison | owns_task,
    label=_("查看督办任务清单"),
    why=_("督办任务仅责任单位、城市联络员与联席办可见。"),
)
permit(
    "conference.read_task",
    is_office | is_task_liaison | owns_task,
    label=_("查看督办任务"),
    why=_("督办任务仅责任单位、本市联络员与联席办可见。"),
)
permit(
    "conference.report_progress",
    is_office | is_task_liaison | owns_task | is_system,
    label=_("报送任务进展"),
    why=_("只有责任单位成员、本市联络员或联席办可以报送进展。"),
)
permit(
    "conference.read_notice",
    is_shown_notice | is_office,
    label=_("查看公示"),
    why=_("该公示尚未发布。"),
)
permit(
    "conference.object",
    is_signed_in & takes_objections,
    label=_("提出异议"),
    why=_("登录后可在公示期内提出异议。"),
)
permit(
    "conference.read_objection",
    is_office | is_objector,
    label=_("查看异议"),
    why=_("异议仅联席办与提出者可见。"),
)
permit(
    "conference.read_priority",
    is_published_priority | is_office,
    label=_("查看重点工作"),
    why=_("该项工作尚未发布。"),
)
permit(
    "conference.tell_status",
    is_office | is_status_liaison | is_system,
    label=_("填报分市进展"),
    why=_("只有本市联络员或联席办可以填报分市进展。"),
)
