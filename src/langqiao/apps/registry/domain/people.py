"""Verbs of people (专家) and achievements (成果)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Unpack

from django.db import transaction
from django.utils.translation import gettext as _

from langqiao.apps.accounts.models import User
from langqiao.apps.ledger.domain import record_all
from langqiao.apps.ledger.models import Visibility
from langqiao.apps.registry import signals
from langqiao.apps.registry.domain import records
from langqiao.apps.registry.domain.kinds import ACHIEVEMENTS, PEOPLE
from langqiao.apps.registry.domain.organisations import SourceDetails
from langqiao.apps.registry.models import Achievement, City, Field, Organisation, Person
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Refused


class PersonDetails(SourceDetails, total=False):
    """Columns of a person; references by code, unique name or instance."""

    name_en: str
    title: str
    organisation: Organisation | str | None
    city: City | str | None
    fields: list[Field | str] | str
    expertise: list[str] | str
    bio: str


class PersonChanges(PersonDetails, total=False):
    """What a revision may change."""

    name: str


class AchievementDetails(SourceDetails, total=False):
    """Columns of an achievement; ``trl`` from 1 to 9 (技术就绪度, GB/T 22900)."""

    abstract: str
    keywords: list[str] | str
    field: Field | str | None
    discipline: str
    trl: int | str | None
    owner: Organisation | str | None
    city: City | str | None
    date: date | str | None
    people: list[Person | str] | str
    licence: str
    language: str


class AchievementChanges(AchievementDetails, total=False):
    """What a revision may change."""

    kind: str
    title: str


def add_person(actor: Any, *, name: str, **details: Unpack[PersonDetails]) -> Person:
    """Register a person as an expert (登记专家).

    Raises:
        NotAllowed: the actor is no member of the organisation, nor the city's liaison, nor the office.
        Invalid: a value is missing, wrong or taken; ``field`` names the column.
    """
    person = records.add(actor, PEOPLE, {"name": name, **details})
    assert isinstance(person, Person)
    return person


def revise_person(actor: Any, person: Person, **changes: Unpack[PersonChanges]) -> Person:
    """Change an expert's details (修改专家).

    Raises:
        NotAllowed: it is neither the actor's own record nor one of the actor's organisation or city.
        Invalid: a value is missing, wrong or taken; ``field`` names the column.
    """
    revised = records.revise(actor, person, changes)
    assert isinstance(revised, Person)
    return revised


@transaction.atomic
def link_person(actor: Any, person: Person, user: User | None) -> Person:
    """Say which account is an expert's own (关联专家与账号); None undoes it.

    The account may then keep the expert's own record.

    Raises:
        NotAllowed: the actor is no manager of the organisation, nor the city's liaison, nor the office.
        Refused: the account is another expert's already, or the expert has been retired.
    """
    require(actor, "registry.link_person", person)
    locked = Person.everything.select_for_update().get(pk=person.pk)
    if locked.retired_at is not None:
        raise Refused(_("这条记录已注销。"), mend=_("请联系联席办。"))
    if user is not None and Person.everything.filter(user=user).exclude(pk=locked.pk).exists():
        raise Refused(_("该账号已关联另一位专家。"), mend=_("请先解除原来的关联。"), field="username")
    if locked.user_id == (user.pk if user else None):
        return locked
    locked.user = user
    locked.save(update_fields=["user", "updated_at"])
    # Which account is whose is for the office to know; the public record does not change.
    act = records.act_on(locked, "link_person", {"user": user.pk if user else None})
    record_all(actor, [replace(act, visibility=Visibility.OFFICE)])
    signals.acted.send(Person, actor=actor, verb="link_person", object=locked)
    return locked


def retire_person(actor: Any, person: Person, *, why: str) -> Person:
    """Retire an expert (注销专家).

    Raises:
        NotAllowed: only the office may.
        Invalid: no reason is given.
    """
    retired = records.retire(actor, person, why=why)
    assert isinstance(retired, Person)
    return retired


def add_achievement(
    actor: Any, *, kind: str, title: str, **details: Unpack[AchievementDetails]
) -> Achievement:
    """Register an achievement (登记成果): paper, patent, prototype or technology.

    Raises:
        NotAllowed: the actor is no member of the owner, nor the city's liaison, nor the office.
        Invalid: a value is missing, wrong or taken; ``field`` names the column.
    """
    achievement = records.add(actor, ACHIEVEMENTS, {"kind": kind, "title": title, **details})
    assert isinstance(achievement, Achievement)
    return achievement


def revise_achievement(
    actor: Any, achievement: Achievement, **changes: Unpack[AchievementChanges]
) -> Achievement:
    """Change an achievement (修改成果).

    Raises:
        NotAllowed: the actor may not for its owner, as it was or as it would be.
        Invalid: a value is missing, wrong or taken; ``field`` names the column.
    """
    revised = records.revise(actor, achievement, changes)
    assert isinstance(revised, Achievement)
    return revised


def retire_achievement(actor: Any, achievement: Achievement, *, why: str) -> Achievement:
    """Retire an achievement (注销成果).

    Raises:
        NotAllowed: only the office may.
        Invalid: no reason is given.
    """
    retired = records.retire(actor, achievement, why=why)
    assert isinstance(retired, Achievement)
    return retired
