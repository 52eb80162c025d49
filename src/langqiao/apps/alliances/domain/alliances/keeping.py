"""Verbs of the tree: load it from its file, register and revise an alliance, appoint its secretariat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.alliances.domain.alliances.common import (
    chosen,
    day,
    enter_alliance,
    insiders_of,
    keepers_of,
    line,
    notify,
    partial_day,
    referred,
    whole,
)
from langqiao.apps.alliances.domain.alliances.tree_file import read_tree
from langqiao.apps.alliances.models import Alliance, TreeFigure, Vintage
from langqiao.apps.registry.domain.acts import assign, clean, enter, lock
from langqiao.apps.registry.domain.cases import next_case
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import City, Field, Organisation
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

DESCRIPTION_AT_MOST = 5_000
UNITS_AT_MOST = 1_000_000
Tier = Alliance.Tier


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading did: records made, changed, left as they were."""

    made: int
    changed: int
    unchanged: int


@transaction.atomic
def load_tree(actor: User | None, *, path: Path | None = None) -> Loaded:
    """Bring the tree in line with its file (载入联盟体系); loading again changes nothing.

    Keys that the file leaves out keep what was entered by hand, such as the secretariat. A node that left
    the file stays: records refer to it. A lead firm that the registry knows by that name is referred to.

    Raises:
        NotAllowed: only the office or the console may.
        Invalid: the file is wrong, or names a city, field or secretariat that is not there; ``field`` names
            table and key.
        Refused: a name stands under another slug already.
    """
    require(actor, "alliances.load_tree")
    nodes, figures = read_tree(path)
    lookups = Lookups()
    outcomes = [_bring_node(actor, i, node, lookups) for i, node in enumerate(nodes, start=1)]
    outcomes += [_bring_figure(actor, i, figure) for i, figure in enumerate(figures, start=1)]
    return Loaded(outcomes.count("made"), outcomes.count("changed"), outcomes.count("unchanged"))


def _bring_node(actor: User | None, number: int, node: Mapping[str, Any], lookups: Lookups) -> str:
    values = {**node, "order": number}
    try:
        for key, look in (("field", lookups.field), ("city", lookups.city)):
            if key in values:
                values[key] = look(values[key])
        if "secretariat" in values:
            values["secretariat"] = lookups.organisation(values["secretariat"])
    except Invalid as problem:
        problem.field = f"nodes[{number}]"
        raise
    if "parent" in values:
        values["parent"] = Alliance.objects.get(slug=values["parent"])
    if "lead_name" in values:
        values["lead"] = _known_firm(values["lead_name"])
    alliance = Alliance.objects.select_for_update().filter(slug=node["slug"]).first()
    is_new = alliance is None
    alliance = alliance or Alliance()
    changed = assign(alliance, values)
    if not changed:
        return "unchanged"
    _save(alliance)
    verb = "register_alliance" if is_new else "revise_alliance"
    enter_alliance(
        actor, verb, alliance, alliance, data={"changed": changed, "tier": alliance.tier}, public=True
    )
    return "made" if is_new else "changed"


def _known_firm(name: str) -> Organisation | None:
    """The registered organisation of this full or short name, where there is exactly one."""
    rows = list(Organisation.objects.filter(name=name)[:2]) or list(
        Organisation.objects.filter(short_name=name)[:2]
    )
    return rows[0] if len(rows) == 1 else None


def _bring_figure(actor: User | None, number: int, values: Mapping[str, Any]) -> str:
    figure = TreeFigure.objects.select_for_update().filter(key=values["key"]).first()
    is_new = figure is None
    figure = figure or TreeFigure()
    changed = assign(figure, {**values, "order": number})
    if not changed:
        return "unchanged"
    figure.save()
    enter(
        actor,
        "state_figure",
        figure,
        case="",
        data={"key": figure.key, "value": figure.value, "period": figure.period},
        public=True,
    )
    return "made" if is_new else "changed"


def _save(alliance: Alliance) -> None:
    """Save an alliance whose name nobody else bears; one with members has a case of its own.

    Raises:
        Refused: the name is taken.
    """
    if Alliance.objects.filter(name=alliance.name).exclude(pk=alliance.pk).exists():
        raise Refused(
            _("名称“%(name)s”已属于另一个联盟。") % {"name": alliance.name},
            mend=_("请改用其他名称，或沿用原来的代号（slug）。"),
        )
    if not alliance.case and not alliance.is_group:
        alliance.case = next_case()
    alliance.save()


def _units(value: Any, field: str) -> int | None:
    return None if value is None else whole(value, field, low=0, high=UNITS_AT_MOST)


def _text(value: Any, field: str) -> str:
    return clean(value, field, most=DESCRIPTION_AT_MOST, required=False)


# How each column that may be given is cleaned.
_CLEANERS: dict[str, Callable[[Any, str], Any]] = {
    "name": lambda value, field: line(value, field, 120, required=True),
    "name_en": lambda value, field: line(value, field, 160),
    "field": lambda value, field: referred(value, Field, field, required=False),
    "city": lambda value, field: referred(value, City, field, required=False),
    "lead": lambda value, field: referred(value, Organisation, field, required=False),
    "lead_name": lambda value, field: line(value, field, 200),
    "founded_on": partial_day,
    "stated_units": _units,
    "description": _text,
    "description_en": _text,
    "note": lambda value, field: line(value, field, 500),
    "note_en": lambda value, field: line(value, field, 500),
    "source_name": lambda value, field: line(value, field, 200),
    "source_url": lambda value, field: line(value, field, 500),
    "read_on": lambda value, field: day(value, field, required=False),
    "vintage": lambda value, field: chosen(value, Vintage, field),
    "illustrative": lambda value, _field: bool(value),
}


def _values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Cleaned values of the columns that are given."""
    return {name: _CLEANERS[name](value, name) for name, value in values.items()}


def _check(alliance: Alliance) -> None:
    """A founding date of a real alliance says where it was published."""
    if alliance.founded_on and not alliance.illustrative and not alliance.source_name:
        raise Invalid(_("成立日期须写明来源。"), mend=_("请填写来源，或标为示例。"), field="source_name")


@transaction.atomic
def register_alliance(
    actor: User | None, *, slug: str, parent: Alliance, name: str, **values: Any
) -> Alliance:
    """Register an alliance (登记联盟) below the root or an industry.

    Args:
        slug: lower-case code name, stays the same for good.
        values: ``name_en``, ``field``, ``city``, ``lead`` or ``lead_name``, ``founded_on``,
            ``stated_units``, ``description``, ``note``, the source.

    Raises:
        NotAllowed: only the office may.
        Refused: the name is taken.
        Invalid: a value is missing or wrong; ``field`` names it.
    """
    require(actor, "alliances.keep")
    referred(parent, Alliance, "parent")
    if parent.tier == Tier.SUB:
        raise Invalid(_("上级应是总盟或产业。"), mend=_("请另选上级。"), field="parent")
    code = line(slug, "slug", 40, required=True)
    if not code.isascii() or not code.replace("-", "").isalnum() or code != code.lower():
        raise Invalid(_("代号只含小写字母、数字和连字符。"), mend=_("请改正代号。"), field="slug")
    if Alliance.objects.filter(slug=code).exists():
        raise Invalid(
            _("代号“%(slug)s”已被使用。") % {"slug": code}, mend=_("请改用其他代号。"), field="slug"
        )
    last = Alliance.objects.aggregate(last=Max("order"))["last"] or 0
    alliance = Alliance(slug=code, tier=Tier.SUB, parent=parent, order=last + 1)
    assign(alliance, _values({**values, "name": name}))
    _check(alliance)
    _save(alliance)
    enter_alliance(actor, "register_alliance", alliance, alliance, data={"parent": parent.slug}, public=True)
    return alliance


@transaction.atomic
def revise_alliance(actor: User | None, alliance: Alliance, **values: Any) -> Alliance:
    """Revise an alliance (修改联盟). Nothing is written where nothing differs.

    The secretariat may change the description; everything else is the office's.

    Raises:
        NotAllowed: the actor may not.
        Refused: the name is taken.
        Invalid: a value is wrong; ``field`` names it.
    """
    texts_only = set(values) <= {"description", "description_en"}
    require(actor, "alliances.describe" if texts_only else "alliances.keep", alliance)
    lock(alliance)
    changed = assign(alliance, _values(values))
    if changed:
        _check(alliance)
        _save(alliance)
        enter_alliance(actor, "revise_alliance", alliance, alliance, data={"changed": changed}, public=True)
    return alliance


@transaction.atomic
def appoint_secretariat(actor: User | None, alliance: Alliance, *, organisation: Organisation) -> Alliance:
    """Appoint the organisation that runs an alliance (指定秘书处).

    Its people act for it by the role 联盟秘书处, which the office or its manager grants.

    Raises:
        NotAllowed: only the office may.
        Refused: the node only groups others.
        Invalid: no organisation is named.
    """
    require(actor, "alliances.keep", alliance)
    referred(organisation, Organisation, "organisation")
    lock(alliance)
    if alliance.is_group:
        raise Refused(
            _("“%(name)s”只是体系中的分组，没有秘书处。") % {"name": alliance.name},
            mend=_("请选择其下的联盟。"),
        )
    if alliance.secretariat_id == organisation.pk:
        return alliance
    alliance.secretariat = organisation
    alliance.save(update_fields=["secretariat", "updated_at"])
    entry = enter_alliance(
        actor, "appoint_secretariat", alliance, alliance, organisation=organisation, public=True
    )
    told = keepers_of(alliance) | insiders_of(organisation.pk)
    notify(told, alliance, alliance, _("贵单位已被指定为“%(alliance)s”的秘书处。"), entry, but=actor)
    return alliance
