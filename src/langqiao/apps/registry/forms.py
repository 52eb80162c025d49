"""Forms of the registry. The domain's verbs check the values; a form only asks and shows the answer."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import current_memberships, holds_role
from langqiao.apps.registry import models, queries
from langqiao.apps.registry.domain.kinds import Kind, kind_named
from langqiao.apps.registry.domain.verbs import VERBS
from langqiao.kit.refusals import Invalid

# Columns of each form in their order; what an import alone sets (code, figures) is not asked.
LAYOUTS: dict[str, tuple[str, ...]] = {
    "organisations": (
        "name", "kind", "city", "credit_code", "short_name", "name_en", "fields", "website",
        "description", "description_en",
    ),
    "people": ("name", "title", "organisation", "city", "fields", "expertise", "bio", "name_en"),
    "achievements": (
        "title", "kind", "abstract", "keywords", "field", "discipline", "trl", "owner", "city", "people",
        "date", "licence", "language",
    ),
    "facilities": ("name", "kind", "organisation", "city", "description", "fields", "open_to", "fee"),
    "finance": (
        "name", "kind", "organisation", "cities", "fields", "stages", "amount_min", "amount_max",
        "description",
    ),
    "talent_demand": (
        "position", "level", "organisation", "city", "field", "number", "skills", "description",
    ),
    "training": ("name", "kind", "organisation", "city", "fields", "places", "description"),
    "products": ("name", "direction", "organisation", "description", "field", "chain", "tier"),
    "programmes": (
        "name", "kind", "date", "city", "lead", "fields", "description", "name_en", "description_en",
    ),
}  # fmt: skip
SOURCES = ("source_name", "source_url", "source_date")
HINTS = {
    "credit_code": _("18 位代码，系统核对校验码。"),
    "organisation": _("机构全称或编号。"),
    "owner": _("机构全称或编号。"),
    "lead": _("机构全称或编号。"),
    "people": _("姓名或编号，用分号分隔。"),
    "keywords": _("用分号分隔。"),
    "expertise": _("用分号分隔。"),
    "skills": _("用分号分隔。"),
    "trl": _("1 至 9，1 为基本原理，9 为实际应用。"),
    "amount_min": _("万元。"),
    "amount_max": _("万元。"),
    "source_url": _("公开页面的网址，便于他人核对。"),
    "date": _("如 2026-11-23。"),
    "city": _("留空表示未知。"),
    "cities": _("不选表示不限。"),
    "language": _("如 zh、en。"),
}
_LONG = {"abstract", "description", "description_en", "bio"}
_LISTS = {"keywords", "expertise", "skills"}
_OWNERS = {"organisation", "owner", "lead"}


class RecordForm(forms.Form):
    """A form for one kind of record; :meth:`save` calls its verb."""

    record_kind: Kind  # "kind" is a column

    def __init__(self, actor: Any, record: Any = None, data: Any = None) -> None:
        self.actor, self.record = actor, record
        super().__init__(data, initial=initial_of(self.record_kind, record) if record is not None else None)
        owner = self.record_kind.owner
        if owner in self.fields and record is None and not is_steward(actor):
            _offer_own_organisations(self, owner, actor)

    def save(self) -> Any:
        """Call the verb; None when it refused, with the reason at its field.

        Raises:
            NotAllowed: the actor may not.
        """
        verbs = VERBS[self.record_kind.name]
        values = {name: _separated(name, self.cleaned_data[name]) for name in self.fields}
        try:
            if self.record is None:
                return verbs.add(self.actor, **values)
            return verbs.revise(self.actor, self.record, **values)
        except Invalid as problem:
            self.add_error(problem.field if problem.field in self.fields else None, str(problem))
            return None


def _separated(name: str, value: Any) -> Any:
    """Items of a list at semicolons and new lines only: a keyword or a name may hold a comma."""
    return re.split(r"[;；\n]+", value) if name in _LISTS | {"people"} else value


def is_steward(actor: Any) -> bool:
    """The office and liaisons act for many organisations and name them freely."""
    return holds_role(actor, Role.OFFICE, Role.LIAISON)


def _offer_own_organisations(form: forms.Form, name: str, actor: Any) -> None:
    own = {m.organisation.pk: m.organisation for m in current_memberships(actor)}
    choices = [(o.code or o.name, o.name) for o in own.values()]
    old = form.fields[name]
    form.fields[name] = forms.ChoiceField(
        label=old.label, required=old.required, choices=choices, initial=choices[0][0] if choices else None
    )


def initial_of(kind: Kind, record: Any) -> dict[str, Any]:
    """A record's values as its form shows them."""
    initial: dict[str, Any] = {}
    for name, column in kind.columns.items():
        value = getattr(record, name)
        if column.many:
            found = list(value.all())
            value = "；".join(p.code or p.name for p in found) if name == "people" else [r.pk for r in found]
        elif name in _OWNERS and value is not None:
            value = value.code or value.name
        elif name in {"city", "field"} and value is not None:
            value = value.pk
        elif name in _LISTS:
            value = "；".join(value)
        initial[name] = value
    return initial


def _form_field(kind: Kind, name: str) -> forms.Field:
    """The control for one column."""
    column = kind.model._meta.get_field(name)
    common: dict[str, Any] = {
        "label": column.verbose_name,
        "required": kind.columns[name].required,
        "help_text": HINTS.get(name, ""),
    }
    nothing = [("", "—")]
    boxes = forms.CheckboxSelectMultiple
    if name == "fields":
        return forms.MultipleChoiceField(choices=queries.field_choices, widget=boxes, **common)
    if name == "cities":
        return forms.MultipleChoiceField(choices=queries.city_choices, widget=boxes, **common)
    if name == "stages":
        return forms.MultipleChoiceField(choices=models.Stage.choices, widget=boxes, **common)
    if name == "city":
        return forms.ChoiceField(choices=lambda: nothing + queries.city_choices(), **common)
    if name == "field":
        return forms.ChoiceField(choices=lambda: nothing + queries.field_choices(), **common)
    if name == "illustrative":
        return forms.BooleanField(**common)
    if column.choices:
        empty = [] if common["required"] else nothing
        return forms.ChoiceField(choices=[*empty, *column.choices], **common)
    if name in _LONG:
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 6}), **common)
    if name == "source_date" or (name == "date" and kind.name == "achievements"):
        return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **common)
    return forms.CharField(**common)


def form_class(kind_name: str) -> type[RecordForm]:
    """The form of a kind."""
    kind = kind_named(kind_name)
    columns = (*LAYOUTS[kind_name], *SOURCES)
    fields = {name: _form_field(kind, name) for name in columns}
    return type("RecordForm", (RecordForm,), {"record_kind": kind, **fields})


class RoleForm(forms.Form):
    """Give an organisation a part in the corridor (授予机构角色)."""

    role = forms.CharField(label=_("角色"), max_length=120)
    valid_from = forms.DateField(
        label=_("起始日期"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    valid_to = forms.DateField(
        label=_("截止日期"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    source_url = forms.CharField(label=_("来源地址"), required=False, max_length=500)


class RetireForm(forms.Form):
    """Retire a record (注销)."""

    why = forms.CharField(
        label=_("注销原因"), max_length=300, help_text=_("原因写入台账，注销后不再出现在名录和检索中。")
    )


class LinkForm(forms.Form):
    """Say which account is an expert's own (关联账号)."""

    username = forms.CharField(
        label=_("用户名"),
        required=False,
        max_length=150,
        help_text=_("留空则解除关联。关联后本人可修改自己的资料。"),
    )
