"""REST API of alliances (联盟): the same verbs and rules as the pages.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from ninja import Router, Status
from ninja.pagination import paginate

from langqiao.apps.alliances.api.alliances_schemas import (
    AllianceContactOut,
    AllianceMemberOut,
    AllianceOut,
    AllianceReasonIn,
    AttendanceIn,
    AttendanceOut,
    ExchangeCloseIn,
    ExchangeIn,
    ExchangeOut,
    ExchangeReplyIn,
    ExchangeReplyOut,
    GatheringIn,
    GatheringOut,
    Key,
    MarkIn,
    MemberIn,
    RatingOut,
    Year,
)
from langqiao.apps.alliances.domain.alliances import exchanges, gatherings, members, ratings
from langqiao.apps.alliances.models import (
    Alliance,
    Contact,
    Criterion,
    Exchange,
    Gathering,
    Member,
    Rating,
    RatingScheme,
    Reply,
)
from langqiao.apps.alliances.queries.alliances import inside
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import Organisation
from langqiao.kit.api import Paged
from langqiao.kit.refusals import Invalid

router = Router(tags=["联盟 / alliances"])


def _actor(request: HttpRequest) -> Any:
    """Who acts, for a verb; the rule refuses a stranger."""
    return request.user


def _organisation(value: str) -> Organisation:
    try:
        found = Lookups().organisation(value)
    except Invalid as problem:
        problem.field = "organisation"
        raise
    if found is None:
        raise Invalid(_("请选择单位。"), mend=_("请填写名录中的编号或全称。"), field="organisation")
    return found


def _alliance(pk: int) -> Alliance:
    return get_object_or_404(Alliance.objects.select_related("parent", "lead"), pk=pk)


def _member(request: HttpRequest, pk: int) -> Member:
    return get_object_or_404(inside.visible_members(request.user), pk=pk)


def _gathering(request: HttpRequest, pk: int) -> Gathering:
    return get_object_or_404(inside.visible_gatherings(request.user), pk=pk)


def _exchange(request: HttpRequest, pk: int) -> Exchange:
    return get_object_or_404(inside.visible_exchanges(request.user), pk=pk)


@router.get("/alliances", response=list[AllianceOut], operation_id="list_alliances")
@paginate(Paged)
def list_alliances(request: HttpRequest) -> QuerySet[Alliance]:  # noqa: ARG001  they are public
    """The tree, parents first."""
    return Alliance.objects.select_related("parent", "lead").order_by("order", "pk")


@router.get("/alliances/members", response=list[AllianceMemberOut], operation_id="list_alliance_members")
@paginate(Paged)
def list_alliance_members(request: HttpRequest) -> QuerySet[Member]:
    """Active members; applications for the parties."""
    return inside.visible_members(request.user).order_by("pk")


@router.get("/alliances/activities", response=list[GatheringOut], operation_id="list_gatherings")
@paginate(Paged)
def list_gatherings(request: HttpRequest) -> QuerySet[Gathering]:
    """Public activities; those of the caller's alliances."""
    return inside.visible_gatherings(request.user).order_by("-starts_at", "-pk")


@router.get("/alliances/exchanges", response=list[ExchangeOut], operation_id="list_exchanges")
@paginate(Paged)
def list_exchanges(request: HttpRequest) -> QuerySet[Exchange]:
    """Needs and offers inside the caller's alliances."""
    return inside.visible_exchanges(request.user).order_by("-pk")


@router.get("/alliances/contacts", response=list[AllianceContactOut], operation_id="list_alliance_contacts")
@paginate(Paged)
def list_alliance_contacts(request: HttpRequest) -> QuerySet[Contact]:
    """People who agreed, inside the caller's alliances."""
    return inside.visible_contacts(request.user).order_by("pk")


@router.get("/alliances/ratings", response=list[RatingOut], operation_id="list_alliance_ratings")
@paginate(Paged)
def list_alliance_ratings(request: HttpRequest) -> QuerySet[Rating]:
    """Published ratings; all for the office."""
    return inside.visible_ratings(request.user).order_by("-scheme__year", "pk")


@router.get("/alliances/{int:pk}", response=AllianceOut, operation_id="get_alliance")
def get_alliance(request: HttpRequest, pk: Key) -> Any:  # noqa: ARG001  they are public
    """One node of the tree."""
    return _alliance(pk)


@router.post("/alliances/{int:pk}/members", response={201: AllianceMemberOut}, operation_id="apply_alliance")
def apply_alliance(request: HttpRequest, pk: Key, values: MemberIn) -> Any:
    """Apply for membership on behalf of an organisation."""
    given = values.dict() | {"organisation": _organisation(values.organisation)}
    return Status(201, members.apply_membership(_actor(request), _alliance(pk), **given))


@router.get("/alliances/members/{int:pk}", response=AllianceMemberOut, operation_id="get_alliance_member")
def get_alliance_member(request: HttpRequest, pk: Key) -> Any:
    """One membership."""
    return _member(request, pk)


@router.post(
    "/alliances/members/{int:pk}/approve", response=AllianceMemberOut, operation_id="approve_alliance_member"
)
def approve_alliance_member(request: HttpRequest, pk: Key) -> Any:
    """Approve an application."""
    return members.approve_member(_actor(request), _member(request, pk))


@router.post(
    "/alliances/members/{int:pk}/refuse", response=AllianceMemberOut, operation_id="refuse_alliance_member"
)
def refuse_alliance_member(request: HttpRequest, pk: Key, values: AllianceReasonIn) -> Any:
    """Refuse an application with a reason."""
    return members.refuse_member(_actor(request), _member(request, pk), why=values.why)


@router.post(
    "/alliances/members/{int:pk}/withdraw",
    response=AllianceMemberOut,
    operation_id="withdraw_alliance_member",
)
def withdraw_alliance_member(request: HttpRequest, pk: Key) -> Any:
    """Withdraw an application."""
    return members.withdraw_membership(_actor(request), _member(request, pk))


@router.post("/alliances/members/{int:pk}/leave", response=AllianceMemberOut, operation_id="leave_alliance")
def leave_alliance(request: HttpRequest, pk: Key) -> Any:
    """Leave an alliance."""
    return members.leave_alliance(_actor(request), _member(request, pk))


@router.post(
    "/alliances/members/{int:pk}/remove", response=AllianceMemberOut, operation_id="remove_alliance_member"
)
def remove_alliance_member(request: HttpRequest, pk: Key, values: AllianceReasonIn) -> Any:
    """Remove a member with a reason."""
    return members.remove_member(_actor(request), _member(request, pk), why=values.why)


@router.post(
    "/alliances/{int:pk}/activities", response={201: GatheringOut}, operation_id="announce_gathering"
)
def announce_gathering(request: HttpRequest, pk: Key, values: GatheringIn) -> Any:
    """Announce an activity."""
    given = values.dict()
    try:
        given["city"] = Lookups().city(given["city"])
    except Invalid as problem:
        problem.field = "city"
        raise
    return Status(201, gatherings.announce_gathering(_actor(request), _alliance(pk), **given))


@router.get("/alliances/activities/{int:pk}", response=GatheringOut, operation_id="get_gathering")
def get_gathering(request: HttpRequest, pk: Key) -> Any:
    """One activity."""
    return _gathering(request, pk)


@router.post(
    "/alliances/activities/{int:pk}/register", response=AttendanceOut, operation_id="attend_gathering"
)
def attend_gathering(request: HttpRequest, pk: Key, values: AttendanceIn) -> Any:
    """Register an organisation for an activity."""
    given = values.dict() | {"organisation": _organisation(values.organisation)}
    return gatherings.register_attendance(_actor(request), _gathering(request, pk), **given)


@router.post("/alliances/activities/{int:pk}/cancel", response=GatheringOut, operation_id="cancel_gathering")
def cancel_gathering(request: HttpRequest, pk: Key, values: AllianceReasonIn) -> Any:
    """Cancel an activity with a reason."""
    return gatherings.cancel_gathering(_actor(request), _gathering(request, pk), why=values.why)


@router.post("/alliances/{int:pk}/exchanges", response={201: ExchangeOut}, operation_id="post_exchange")
def post_exchange(request: HttpRequest, pk: Key, values: ExchangeIn) -> Any:
    """Post a need or an offer."""
    given = values.dict() | {"organisation": _organisation(values.organisation)}
    return Status(201, exchanges.post_exchange(_actor(request), _alliance(pk), **given))


@router.get("/alliances/exchanges/{int:pk}", response=ExchangeOut, operation_id="get_exchange")
def get_exchange(request: HttpRequest, pk: Key) -> Any:
    """One need or offer."""
    return _exchange(request, pk)


@router.post("/alliances/exchanges/{int:pk}/close", response=ExchangeOut, operation_id="close_exchange")
def close_exchange(request: HttpRequest, pk: Key, values: ExchangeCloseIn) -> Any:
    """Close a need or an offer."""
    return exchanges.close_exchange(_actor(request), _exchange(request, pk), **values.dict())


@router.get(
    "/alliances/exchanges/{int:pk}/replies", response=list[ExchangeReplyOut], operation_id="list_replies"
)
@paginate(Paged)
def list_replies(request: HttpRequest, pk: Key) -> QuerySet[Reply]:
    """Replies that the caller may read."""
    return inside.visible_replies(request.user, _exchange(request, pk)).order_by("pk")


@router.post(
    "/alliances/exchanges/{int:pk}/replies", response={201: ExchangeReplyOut}, operation_id="send_reply"
)
def send_reply(request: HttpRequest, pk: Key, values: ExchangeReplyIn) -> Any:
    """Reply to a need or an offer."""
    given = values.dict() | {"organisation": _organisation(values.organisation)}
    return Status(201, exchanges.send_reply(_actor(request), _exchange(request, pk), **given))


@router.post("/alliances/{int:pk}/ratings/{int:year}/marks", response=RatingOut, operation_id="mark_alliance")
def mark_alliance(request: HttpRequest, pk: Key, year: Year, values: MarkIn) -> Any:
    """Give a mark for one criterion of a year."""
    scheme = get_object_or_404(RatingScheme, year=year)
    criterion = get_object_or_404(Criterion.objects.filter(scheme=scheme), pk=values.criterion)
    mark = ratings.mark_alliance(
        _actor(request), scheme, _alliance(pk), criterion, value=values.value, note=values.note
    )
    return mark.rating


@router.post(
    "/alliances/ratings/{int:pk}/publish", response=RatingOut, operation_id="publish_alliance_rating"
)
def publish_alliance_rating(request: HttpRequest, pk: Key) -> Any:
    """Publish a rating."""
    rating = get_object_or_404(inside.visible_ratings(request.user), pk=pk)
    return ratings.publish_rating(_actor(request), rating)
