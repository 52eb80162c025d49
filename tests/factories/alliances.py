"""Alliances with members, activities, needs, contacts and ratings, saved straight to the database.

No ledger entries and no checks: what the verbs of ``apps.alliances.domain.alliances`` do is tested on top.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.alliances.models import (
    Alliance,
    Attendance,
    Contact,
    Criterion,
    Exchange,
    Gathering,
    Member,
    Rating,
    RatingScheme,
    Reply,
)
from langqiao.apps.registry.models import Organisation
from tests.factories.accounts import make_member as make_person
from tests.factories.registry import make_city, make_organisation

_numbers = count(1)
MARKER = "联盟青瓦七二九四"  # stands in what only members may read; must never reach anybody else


def today() -> date:
    """The date in the site's time zone."""
    return timezone.localdate()


def make_root() -> Alliance:
    """The root of the tree, made once."""
    return Alliance.objects.get_or_create(
        slug="one", defaults={"tier": "one", "is_group": True, "name": "示例联盟体系"}
    )[0]


def make_alliance(**values: Any) -> Alliance:
    """An alliance below the root, with a secretariat of its own unless given."""
    number = next(_numbers)
    if "secretariat" not in values:
        values["secretariat"] = make_organisation(name=f"示例秘书处{number}", kind="institute")
    return Alliance.objects.create(
        **{
            "slug": f"alliance-{number}",
            "case": f"LQ-2019-{700_000 + number:06}",
            "tier": "sub",
            "parent": make_root(),
            "name": f"示例联盟{number}",
            "city": make_city(),
            "order": number,
            "illustrative": True,
            **values,
        }
    )


def make_secretary(alliance: Alliance) -> User:
    """A person of the alliance's secretariat (联盟秘书处)."""
    return make_person(alliance.secretariat, Role.SECRETARIAT)


def make_membership(alliance: Alliance | None = None, **values: Any) -> Member:
    """An active membership of a new organisation since ten days ago."""
    if "organisation" not in values:
        values["organisation"] = make_organisation()
    since = today() - timedelta(days=10)
    return Member.objects.create(
        alliance=alliance or make_alliance(),
        **{"state": "active", "applied_on": since, "joined_on": since, "illustrative": True, **values},
    )


def make_insider(organisation: Organisation, role: Role = Role.ENTERPRISE) -> User:
    """A person who acts for the organisation."""
    return make_person(organisation, role)


def make_gathering(alliance: Alliance | None = None, **values: Any) -> Gathering:
    """An activity for members in two weeks, of three hours."""
    start = timezone.now() + timedelta(days=14)
    return Gathering.objects.create(
        alliance=alliance or make_alliance(),
        **{
            "title": f"示例活动{next(_numbers)}",
            "starts_at": start,
            "ends_at": values.get("starts_at", start) + timedelta(hours=3),
            "illustrative": True,
            **values,
        },
    )


def make_attendance(gathering: Gathering, organisation: Organisation, **values: Any) -> Attendance:
    """A registration of one person."""
    return Attendance.objects.create(gathering=gathering, organisation=organisation, **values)


def make_exchange(member: Member | None = None, **values: Any) -> Exchange:
    """An open need of a member, valid for a month."""
    member = member or make_membership()
    return Exchange.objects.create(
        alliance=member.alliance,
        organisation=member.organisation,
        **{
            "kind": "need",
            "title": f"示例需求{next(_numbers)}",
            "valid_to": today() + timedelta(days=30),
            "illustrative": True,
            **values,
        },
    )


def make_reply(exchange: Exchange, organisation: Organisation, **values: Any) -> Reply:
    """A reply that waits."""
    return Reply.objects.create(
        exchange=exchange, organisation=organisation, **{"text": "我们可以提供", **values}
    )


def make_contact(member: Member | None = None, user: User | None = None, **values: Any) -> Contact:
    """A contact who agreed."""
    member = member or make_membership()
    return Contact.objects.create(
        alliance=member.alliance,
        organisation=member.organisation,
        user=user or make_insider(member.organisation),
        **{
            "name": f"示例联系人{next(_numbers)}",
            "phone": "021-00000000",
            "consent_sm3": "0" * 64,
            "given_at": timezone.now(),
            "illustrative": True,
            **values,
        },
    )


def make_scheme(year: int = 2025, **values: Any) -> RatingScheme:
    """Two criteria: the secretariat marks the first (weight 40), the office the second (60)."""
    scheme = RatingScheme.objects.create(
        year=year, **{"grades": [["优秀", 85], ["合格", 60], ["不合格", 0]], "illustrative": True, **values}
    )
    for order, (label, weight, marker) in enumerate(
        (("成员服务", 40, "secretariat"), ("活动成效", 60, "office")), start=1
    ):
        Criterion.objects.create(scheme=scheme, order=order, label=label, weight=weight, marker=marker)
    return scheme


def make_rating(
    scheme: RatingScheme | None = None, alliance: Alliance | None = None, **values: Any
) -> Rating:
    """A rating that is being marked."""
    return Rating.objects.create(
        scheme=scheme or make_scheme(), alliance=alliance or make_alliance(), **values
    )
