"""The tree as published, and one illustrative alliance (示例) that is in use.

No illustrative member is put into an alliance that is real.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from langqiao.apps.accounts.models import User
from langqiao.apps.alliances.domain.alliances import (
    contacts,
    exchanges,
    gatherings,
    keeping,
    members,
    ratings,
)
from langqiao.apps.alliances.models import Alliance, Contact, Exchange, Gathering, Member, Rating
from langqiao.apps.registry.models import City, Field, Organisation

SLUG = "demo-magnets"
SECRETARIAT = "B-ORG-004"
FIRM = "B-ORG-026"
MEMBERS = (FIRM, "B-ORG-027", "B-ORG-028", "B-ORG-001", "B-ORG-009")
APPLICANT, REFUSED = "B-ORG-030", "B-ORG-038"
CONTACTS = (("demo-firm", FIRM, "示例·企业研发主管"), ("demo-secretariat", SECRETARIAT, "示例·联盟秘书处"))
CRITERIA: tuple[dict[str, Any], ...] = (
    {
        "label": "组织建设与成员服务", "label_en": "Organisation and service", "weight": 25,
        "marker": "secretariat",
    },
    {"label": "活动开展", "label_en": "Activities", "weight": 25, "marker": "office"},
    {"label": "供需对接成效", "label_en": "Needs and offers met", "weight": 30, "marker": "office"},
    {"label": "跨城市协同", "label_en": "Work across cities", "weight": 20, "marker": "office"},
)  # fmt: skip
MARKS = (88, 86.5, 82, 90)


def _organisation(code: str) -> Organisation:
    return Organisation.objects.get(code=code)


def play() -> None:
    """Load the tree; make the illustrative alliance where it is not there."""
    keeping.load_tree(None)
    if Alliance.objects.filter(slug=SLUG).exists():
        return
    alliance = keeping.register_alliance(
        None,
        slug=SLUG,
        parent=Alliance.objects.get(slug="seven-materials"),
        name="软磁材料联盟（示例）",
        name_en="Soft magnets alliance (example)",
        field=Field.objects.get(slug="materials"),
        city=City.objects.get(slug="jinhua"),
        lead=_organisation(FIRM),
        founded_on=str(timezone.localdate().year - 1),
        description="演示用的联盟：成员、活动、供需与考核都是示例，与任何真实联盟无关。",
        description_en="An alliance for demonstration: members, activities, needs and ratings are examples.",
        illustrative=True,
    )
    keeping.appoint_secretariat(None, alliance, organisation=_organisation(SECRETARIAT))
    for code in MEMBERS:
        members.approve_member(None, _application(alliance, code))
    _application(alliance, APPLICANT)
    members.refuse_member(None, _application(alliance, REFUSED), why="示例：主营业务与联盟产业无关。")
    _gatherings(alliance)
    _exchanges(alliance)
    _contacts(alliance)
    _rating(alliance)


def _application(alliance: Alliance, code: str) -> Member:
    return members.apply_membership(
        None,
        alliance,
        organisation=_organisation(code),
        statement="示例：希望参与联合攻关。",
        illustrative=True,
    )


def _gatherings(alliance: Alliance) -> None:
    """One held today with its minutes, one in two weeks."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    city = City.objects.get(slug="jinhua")
    held = _announce(
        alliance, "软磁材料技术交流会（示例）", now - timedelta(hours=2), city=city, place="示例会议室"
    )
    for code, people in zip(MEMBERS[:3], (2, 1, 3), strict=True):
        gatherings.register_attendance(None, held, organisation=_organisation(code), people=people)
    came = [_organisation(code).pk for code in MEMBERS[:2]]
    gatherings.close_gathering(None, held, attended=came)
    gatherings.publish_minutes(None, held, minutes="示例纪要：交流了损耗测试方法，约定互相开放测试设备。")
    _announce(
        alliance,
        "九城磁材供需对接会（示例）",
        now + timedelta(days=14),
        city=city,
        audience="public",
        seats=60,
    )


def _announce(alliance: Alliance, title: str, start: Any, **values: Any) -> Gathering:
    return gatherings.announce_gathering(
        None, alliance, title=title, starts_at=start, ends_at=start + timedelta(hours=4),
        summary="示例：介绍进展，讨论供需。", illustrative=True, **values,
    )  # fmt: skip


def _exchanges(alliance: Alliance) -> None:
    last = timezone.localdate() + timedelta(days=60)
    need: Exchange = exchanges.post_exchange(
        None, alliance, organisation=_organisation(FIRM), kind="need",
        title="高频低损耗磁芯的测试能力（示例）", text="示例：需要 1 MHz 以上的损耗测试。",
        valid_to=last, illustrative=True,
    )  # fmt: skip
    exchanges.send_reply(None, need, organisation=_organisation("B-ORG-001"), text="示例：实验室可以测试。")
    exchanges.post_exchange(
        None, alliance, organisation=_organisation("B-ORG-028"), kind="offer", title="电驱台架共享（示例）",
        text="示例：每周两天向成员开放。", valid_to=last, illustrative=True,
    )  # fmt: skip


def _contacts(alliance: Alliance) -> None:
    """The demo's users agree for themselves, where they are there."""
    for username, code, name in CONTACTS:
        user = User.objects.filter(username=username).first()
        if user is None or Contact.objects.filter(alliance=alliance, user=user).exists():
            continue
        contacts.give_consent(
            user, alliance, organisation=_organisation(code), agreed=True, name=name, duty="示例",
            phone="000-0000-0000", illustrative=True,
        )  # fmt: skip


def _rating(alliance: Alliance) -> None:
    """Last year's rating, published."""
    scheme = ratings.set_rating_scheme(
        None, year=timezone.localdate().year - 1, criteria=CRITERIA, illustrative=True
    )
    for criterion, value in zip(scheme.criteria.all(), MARKS, strict=True):
        ratings.mark_alliance(None, scheme, alliance, criterion, value=value, note="示例")
    ratings.publish_rating(None, Rating.objects.get(scheme=scheme, alliance=alliance))
