"""Verbs of organisations (机构): register, revise, name, give and end roles."""

from __future__ import annotations

from datetime import date
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from langqiao.apps.ledger.domain import record_all
from langqiao.apps.registry import signals
from langqiao.apps.registry.domain import records
from langqiao.apps.registry.domain.kinds import ORGANISATIONS
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import City, Field, Organisation, OrganisationRole
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused


class SourceDetails(TypedDict, total=False):
    """Where a record comes from; ``illustrative`` marks it 示例."""

    code: str | None
    illustrative: bool
    source_name: str
    source_url: str
    source_date: date | str | None


class OrganisationDetails(SourceDetails, total=False):
    """Columns of an organisation; a city or field by slug, name or instance."""

    name_en: str
    short_name: str
    city: City | str | None
    credit_code: str | None
    fields: list[Field | str] | str
    description: str
    description_en: str
    website: str


class OrganisationChanges(OrganisationDetails, total=False):
    """What a revision may change."""

    name: str
    kind: str


@transaction.atomic
def register_organisation(
    actor: Any, *, name: str, kind: str, **details: Unpack[OrganisationDetails]
) -> Organisation:
    """Register an organisation (登记机构).

    Raises:
        NotAllowed: the actor is neither the office nor the city's liaison.
        Invalid: a value is missing, wrong or taken, or an organisation of this name stands in the
            registry already; ``field`` names the column.
    """
    if Organisation.objects.filter(name=" ".join(name.split())).exists():
        raise Invalid(
            _("名录中已有机构“%(name)s”。") % {"name": name.strip()[:80]},
            mend=_("请修改已有的机构；确属重名的，请在名称中加以区别。"),
            field="name",
        )
    organisation = records.add(actor, ORGANISATIONS, {"name": name, "kind": kind, **details})
    assert isinstance(organisation, Organisation)
    return organisation


def revise_organisation(
    actor: Any,
    organisation: Organisation,
    *,
    renamed_on: date | None = None,
    **changes: Unpack[OrganisationChanges],
) -> Organisation:
    """Change an organisation's details (修改机构); a changed name keeps the former one (曾用名).

    Args:
        renamed_on: the day from which the new name holds, by default today.

    Raises:
        NotAllowed: the actor is no member of it, nor liaison of its city, nor the office.
        Invalid: a value is missing, wrong or taken; ``field`` names the column.
    """
    if renamed_on is not None and renamed_on > timezone.localdate():
        raise Invalid(_("更名日期在将来。"), mend=_("请在更名当日登记。"), field="renamed_on")
    revised = records.revise(actor, organisation, changes, renamed_on=renamed_on)
    assert isinstance(revised, Organisation)
    return revised


@transaction.atomic
def give_role(
    actor: Any,
    organisation: Organisation,
    *,
    role: str,
    valid_from: date | None = None,
    valid_to: date | None = None,
    source_url: str = "",
) -> OrganisationRole:
    """Give an organisation a part in the corridor (授予机构角色), such as 联盟牵头单位.

    Raises:
        NotAllowed: the actor is neither the office nor the city's liaison.
        Invalid: no role, too long, or the end lies before the start.
        Refused: it plays this part already.
    """
    require(actor, "registry.give_role", organisation)
    word = " ".join(role.split())
    if not word or len(word) > 120:
        raise Invalid(_("请写明角色，最多 120 字。"), field="role")
    start = valid_from or timezone.localdate()
    if valid_to is not None and valid_to < start:
        raise Invalid(_("截止日期早于起始日期。"), mend=_("请改正日期。"), field="valid_to")
    overlapping = Q(valid_to=None) | Q(valid_to__gte=start)
    if organisation.roles.filter(overlapping, role=word).exists():
        raise Refused(_("该机构已担任此角色。"), mend=_("如需更改期限，请先终止原角色。"), field="role")
    given = OrganisationRole.objects.create(
        organisation=organisation,
        role=word,
        valid_from=start,
        valid_to=valid_to,
        source_url=ORGANISATIONS.columns["source_url"].clean(source_url, Lookups()),
    )
    _record(actor, organisation, "give_role", {"role": word, "from": start, "to": valid_to})
    return given


@transaction.atomic
def end_role(actor: Any, role: OrganisationRole, *, on: date | None = None) -> OrganisationRole:
    """End an organisation's part (终止机构角色), by default today.

    Raises:
        NotAllowed: the actor is neither the office nor the city's liaison.
        Invalid: the end lies before the start.
        Refused: it has ended already.
    """
    require(actor, "registry.give_role", role.organisation)
    end = on or timezone.localdate()
    if role.valid_to is not None and role.valid_to <= end:
        raise Refused(_("该角色已经终止。"))
    if role.valid_from is not None and end < role.valid_from:
        raise Invalid(_("终止日期早于起始日期。"), mend=_("请改正日期。"), field="on")
    role.valid_to = end
    role.save(update_fields=["valid_to"])
    _record(actor, role.organisation, "end_role", {"role": role.role, "to": end})
    return role


def retire_organisation(actor: Any, organisation: Organisation, *, why: str) -> Organisation:
    """Retire an organisation (注销机构); its achievements and people stay.

    Raises:
        NotAllowed: only the office may.
        Invalid: no reason is given.
    """
    retired = records.retire(actor, organisation, why=why)
    assert isinstance(retired, Organisation)
    return retired


def _record(actor: Any, organisation: Organisation, verb: str, data: dict[str, Any]) -> None:
    record_all(actor, [records.act_on(organisation, verb, data)])
    signals.acted.send(Organisation, actor=actor, verb=verb, object=organisation)
