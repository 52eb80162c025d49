"""The kinds of records in the registry: their columns, cleaners and permissions, as one table.

Column names are those of the import layouts (docs/data-formats.md), the forms and the REST API.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langqiao.apps.registry import models
from langqiao.apps.registry.domain import values as v
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import listed


@dataclass(frozen=True, slots=True)
class Column:
    """One column: how a value is cleaned, and the model it refers to (one record, or ``many``)."""

    clean: v.Cleaner
    required: bool = False
    many: bool = False
    refers: Any = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record.

    Attributes:
        name: the kind's name in imports and the API, such as ``achievements``.
        title: the column that names a record; an illustrative one says 示例 there.
        owner: the attribute with the organisation it belongs to, empty for organisations.
        add_permission, keep_permission: asked before a record is added or changed.
        verbs: the ledger's words for adding, revising and retiring one.
    """

    name: str
    model: Any  # a model that is Retirable and Sourced
    label: object
    title: str
    owner: str
    add_permission: str
    keep_permission: str
    verbs: tuple[str, str, str]
    columns: Mapping[str, Column]
    check: Callable[[Any], None] | None = field(default=None)


def _city(value: Any, lookups: Lookups) -> models.City | None:
    return lookups.city(value)


def _field(value: Any, lookups: Lookups) -> models.Field | None:
    return lookups.field(value)


def _organisation(value: Any, lookups: Lookups) -> models.Organisation | None:
    return lookups.organisation(value)


def _each(one: Callable[[Lookups, Any], Any]) -> v.Cleaner:
    def clean(value: Any, lookups: Lookups) -> list[Any]:
        found = [one(lookups, item) for item in v.parts_of(value)]
        return list({record.pk: record for record in found if record is not None}.values())

    return clean


def _figures(value: Any, lookups: Lookups) -> list[dict[str, str]]:
    """Stated figures: each with label, value, unit, date and source, kept as they were stated."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else []
        except json.JSONDecodeError as problem:
            raise Invalid(
                _("公布数据不是有效的 JSON。"), mend=_('请写成 [{"label": …, "value": …}] 的列表。')
            ) from problem
    if value is None:
        return []
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, Mapping) for item in value):
        raise Invalid(_("公布数据应是列表，每项含 label 与 value。"), mend=_("请改正后重试。"))
    clean = {
        "label": v.text(120),
        "label_en": v.text(120),
        "value": v.text(60),
        "unit": v.text(40),
        "date": v.text(40),
        "source_url": v.link(500),
    }
    figures = [{name: one(item.get(name), lookups) for name, one in clean.items()} for item in value]
    for figure in figures:
        if not figure["label"] or not figure["value"]:
            raise Invalid(_("每项公布数据都要有 label 与 value。"), mend=_("请补全。"))
    return figures


_cities = _each(Lookups.city)
_fields = _each(Lookups.field)
_people = _each(Lookups.person)
_name = Column(v.text(200), required=True)
_plain_name = Column(v.text(200))
_long = Column(v.text(v.LONG_TEXT, lines=True))
_one_city = Column(_city, refers=models.City)
_one_field = Column(_field, refers=models.Field)
_one_organisation = Column(_organisation, refers=models.Organisation)
_many_fields = Column(_fields, many=True, refers=models.Field)
_sourced = {
    "illustrative": Column(v.flag),
    "source_name": _plain_name,
    "source_url": Column(v.link(500)),
    "source_date": Column(v.day),
}


def _columns(**columns: Column) -> dict[str, Column]:
    return {"code": Column(v.code), **columns, **_sourced}


def _check_amounts(record: Any) -> None:
    low, high = record.amount_min, record.amount_max
    if low is not None and high is not None and high < low:
        raise Invalid(_("最高金额小于最低金额。"), mend=_("请改正金额。"), field="amount_max")


def _kind(
    name: str,
    model: Any,
    word: str,
    label: object,
    columns: dict[str, Column],
    *,
    title: str = "name",
    owner: str = "organisation",
    check: Callable[[Any], None] | None = None,
) -> Kind:
    keep = f"registry.keep_{word}"
    verbs = (f"add_{word}", f"revise_{word}", f"retire_{word}")
    return Kind(name, model, label, title, owner, keep, keep, verbs, columns, check)


ORGANISATIONS = Kind(
    "organisations",
    models.Organisation,
    gettext_lazy("机构"),
    "name",
    "",
    "registry.register_organisation",
    "registry.revise_organisation",
    ("register_organisation", "revise_organisation", "retire_organisation"),
    _columns(
        name=_name,
        name_en=_plain_name,
        short_name=Column(v.text(80)),
        kind=Column(v.choice(models.Organisation.Kind), required=True),
        city=_one_city,
        credit_code=Column(v.credit_code),
        fields=_many_fields,
        description=_long,
        description_en=_long,
        website=Column(v.link(200)),
    ),
)
PEOPLE = _kind(
    "people",
    models.Person,
    "person",
    gettext_lazy("专家"),
    _columns(
        name=Column(v.text(80), required=True),
        name_en=Column(v.text(80)),
        title=Column(v.text(80)),
        organisation=_one_organisation,
        city=_one_city,
        fields=_many_fields,
        expertise=Column(v.tags()),
        bio=_long,
    ),
)
ACHIEVEMENTS = _kind(
    "achievements",
    models.Achievement,
    "achievement",
    gettext_lazy("成果"),
    _columns(
        kind=Column(v.choice(models.Achievement.Kind), required=True),
        title=Column(v.text(500), required=True),
        abstract=_long,
        keywords=Column(v.tags()),
        field=_one_field,
        discipline=Column(v.text(80)),
        trl=Column(v.whole(1, 9)),
        owner=_one_organisation,
        city=_one_city,
        date=Column(v.day),
        people=Column(_people, many=True, refers=models.Person),
        licence=Column(v.choice(models.Achievement.Licence, empty=True)),
        language=Column(v.text(10)),
    ),
    title="title",
    owner="owner",
)
FACILITIES = _kind(
    "facilities",
    models.Facility,
    "facility",
    gettext_lazy("仪器设施"),
    _columns(
        name=_name,
        kind=Column(v.choice(models.Facility.Kind), required=True),
        organisation=_one_organisation,
        city=_one_city,
        description=_long,
        fields=_many_fields,
        open_to=Column(v.text(80)),
        fee=Column(v.text(120)),
    ),
)
FINANCE = _kind(
    "finance",
    models.Finance,
    "finance",
    gettext_lazy("金融产品"),
    _columns(
        name=_name,
        kind=Column(v.choice(models.Finance.Kind), required=True),
        organisation=_one_organisation,
        cities=Column(_cities, many=True, refers=models.City),
        fields=_many_fields,
        stages=Column(v.chosen(models.Stage)),
        amount_min=Column(v.amount),
        amount_max=Column(v.amount),
        description=_long,
    ),
    check=_check_amounts,
)
TALENT_DEMAND = _kind(
    "talent_demand",
    models.TalentDemand,
    "talent_demand",
    gettext_lazy("人才需求"),
    _columns(
        organisation=_one_organisation,
        city=_one_city,
        position=_name,
        field=_one_field,
        number=Column(v.whole(1, 100_000, empty=1)),
        skills=Column(v.tags()),
        level=Column(v.choice(models.TalentDemand.Level), required=True),
        description=_long,
    ),
    title="position",
)
TRAINING = _kind(
    "training",
    models.Training,
    "training",
    gettext_lazy("人才培养"),
    _columns(
        name=_name,
        kind=Column(v.choice(models.Training.Kind), required=True),
        organisation=_one_organisation,
        city=_one_city,
        fields=_many_fields,
        places=Column(v.whole(0, 1_000_000)),
        description=_long,
    ),
)
PRODUCTS = _kind(
    "products",
    models.Product,
    "product",
    gettext_lazy("产品与配套需求"),
    _columns(
        organisation=Column(_organisation, required=True, refers=models.Organisation),
        name=_name,
        description=_long,
        direction=Column(v.choice(models.Product.Direction), required=True),
        field=_one_field,
        tier=Column(v.choice(models.Product.Tier, empty=True)),
        chain=Column(v.text(80)),
    ),
)
PROGRAMMES = _kind(
    "programmes",
    models.Programme,
    "programme",
    gettext_lazy("走廊专项"),
    _columns(
        name=_name,
        name_en=_plain_name,
        kind=Column(v.choice(models.Programme.Kind), required=True),
        date=Column(v.partial_day),
        city=_one_city,
        lead=_one_organisation,
        fields=_many_fields,
        description=_long,
        description_en=_long,
        figures=Column(_figures),
    ),
    owner="lead",
)

# In the order in which an import loads them: what refers comes after what is referred to.
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        ORGANISATIONS,
        PEOPLE,
        ACHIEVEMENTS,
        FACILITIES,
        FINANCE,
        TALENT_DEMAND,
        TRAINING,
        PRODUCTS,
        PROGRAMMES,
    )
}


def kind_named(name: str) -> Kind:
    """The kind of that name.

    Raises:
        Invalid: there is none.
    """
    if name not in KINDS:
        raise Invalid(
            _("没有“%(name)s”这类记录。") % {"name": name},
            mend=_("可选：%(known)s。") % {"known": listed(KINDS)},
            field="kind",
        )
    return KINDS[name]


def kind_of(record: Any) -> Kind:
    """The kind of a record.

    Raises:
        KeyError: it is no record of the registry.
    """
    return next(kind for kind in KINDS.values() if kind.model is type(record))
