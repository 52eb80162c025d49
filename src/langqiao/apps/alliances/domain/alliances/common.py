"""What the verbs of alliances share: checked values, entries in the alliance's case, whom to tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import Role, User
from langqiao.apps.accounts.queries import members_of
from langqiao.apps.alliances.models import Alliance
from langqiao.apps.alliances.rules.alliances import INSIDERS, member_ids
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.domain import values as v
from langqiao.apps.registry.domain.acts import clean, enter
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import Organisation
from langqiao.kit.refusals import Invalid, Refused

YEARS = (2000, 2100)


def whole(value: Any, field: str, *, low: int, high: int) -> int:
    """A whole number within bounds.

    Raises:
        Invalid: it is missing, no whole number, or out of bounds.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Invalid(
            _("这里应是 %(low)d 至 %(high)d 的整数。") % {"low": low, "high": high},
            mend=_("请改正数字。"),
            field=field,
        )
    return value


def chosen(value: Any, kind: type[models.TextChoices], field: str) -> str:
    """One of the choices.

    Raises:
        Invalid: it is none of them.
    """
    if value not in kind.values:
        raise Invalid(_("没有这一选项。"), mend=_("请从列表中选择。"), field=field)
    return str(value)


def referred(value: Any, kind: type[models.Model], field: str, *, required: bool = True) -> Any:
    """A record of the kind; None where it may be missing.

    Raises:
        Invalid: it is none.
    """
    if value is None and not required:
        return None
    if not isinstance(value, kind):
        raise Invalid(
            _("请选择%(what)s。") % {"what": kind._meta.verbose_name},
            mend=_("请从列表中选择。"),
            field=field,
        )
    return value


def day(value: Any, field: str, *, required: bool = True) -> date | None:
    """A calendar day of this age.

    Raises:
        Invalid: it is no such day, or missing though required.
    """
    try:
        found = v.day(value, Lookups())
    except Invalid as problem:
        problem.field = field
        raise
    if found is None and not required:
        return None
    if found is None or not YEARS[0] <= found.year <= YEARS[1]:
        raise Invalid(_("日期有误。"), mend=_("请写成 2026-11-23 这样的日期。"), field=field)
    return found


def moment(value: Any, field: str) -> datetime:
    """A time of this age, with its zone.

    Raises:
        Invalid: it is none.
    """
    if not isinstance(value, datetime) or not YEARS[0] <= value.year <= YEARS[1]:
        raise Invalid(_("时间有误。"), mend=_("请写成 2026-11-23 14:00 这样的时间。"), field=field)
    return timezone.make_aware(value) if timezone.is_naive(value) else value


def partial_day(value: Any, field: str) -> str:
    """A year, month or day as far as it is known.

    Raises:
        Invalid: it is none.
    """
    try:
        return v.partial_day(value, Lookups())
    except Invalid as problem:
        problem.field = field
        raise


def line(value: Any, field: str, most: int, *, required: bool = False) -> str:
    """A text on one line."""
    return clean(value, field, most=most, lines=False, required=required)


def must_take_members(alliance: Alliance) -> None:
    """Refuse acts of members on a node that only groups others.

    Raises:
        Refused: it has no members.
    """
    if alliance.is_group:
        raise Refused(
            _("“%(name)s”只是体系中的分组，没有成员。") % {"name": alliance.name},
            mend=_("请选择其下的联盟。"),
        )


def enter_alliance(
    actor: User | None,
    verb: str,
    thing: models.Model,
    alliance: Alliance,
    *,
    organisation: Organisation | None = None,
    data: Mapping[str, Any] | None = None,
    public: bool = False,
) -> Entry:
    """Write the entry of an act in an alliance's case; it counts for the organisation's city, or its own."""
    return enter(
        actor,
        verb,
        thing,
        case=alliance.case,
        city=(organisation.city_id if organisation is not None else None) or alliance.city_id,
        organisation=organisation,
        data={"alliance": alliance.slug, **(data or {})},
        public=public,
    )


def keepers_of(alliance: Alliance) -> set[User]:
    """Users of the secretariat; the office while there is none."""
    if alliance.secretariat_id is not None:
        return members_of([alliance.secretariat_id], Role.SECRETARIAT)
    offices = Organisation.objects.filter(memberships__role=Role.OFFICE).values_list("pk", flat=True)
    return members_of(set(offices), Role.OFFICE)


def insiders_of(*organisation_ids: int) -> set[User]:
    """Users who act for the organisations inside alliances."""
    return members_of(sorted(set(organisation_ids)), *INSIDERS)


def members_users(alliance: Alliance) -> set[User]:
    """Users who act for any member of the alliance."""
    return insiders_of(*member_ids(alliance))


def notify(
    users: set[User], thing: Any, alliance: Alliance, text: object, entry: Entry, *, but: User | None
) -> None:
    """Tell users of an act; the words name only the alliance."""
    tell(
        users,
        text,
        {"alliance": alliance.name},
        url=thing.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=but,
    )
