"""The forms of the three services (评价表): packaged TOML, in the reader's language, checked like a call's.

``services/<service>.toml`` holds Chinese and English side by side; :func:`form_of` gives the rows of
``domain.layout`` in the present language, so that values are checked by ``domain.filling``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from langqiao.apps.verification.domain import filling
from langqiao.apps.verification.domain.layout import Row, clean
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import is_english

FOLDER = Path(__file__).resolve().parents[2] / "services"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: ``row`` as ``domain.layout`` knows it, the words of its choices, its unit."""

    row: Row
    choices: tuple[tuple[str, str], ...] = ()
    unit: str = ""

    @property
    def key(self) -> str:
        return str(self.row["key"])

    @property
    def label(self) -> str:
        return str(self.row["label"])

    @property
    def kind(self) -> str:
        return str(self.row["kind"])

    def words(self, value: Any) -> list[str]:
        """The chosen options in words."""
        known = dict(self.choices)
        chosen = value if isinstance(value, list) else [value]
        return [known[one] for one in chosen if one in known]


@dataclass(frozen=True, slots=True)
class Section:
    """A headed part of a form."""

    key: str
    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a service: its title, the standards whose terms it uses, its sections."""

    key: str
    title: str
    basis: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def fields(self) -> list[Field]:
        """All fields in order."""
        return [field for section in self.sections for field in section.fields]

    @property
    def rows(self) -> list[Row]:
        """The form as ``domain.filling`` takes it."""
        return [
            {"key": s.key, "title": s.title, "help": "", "fields": [f.row for f in s.fields]}
            for s in self.sections
        ]


def form_of(service: str) -> Form:
    """The form of a service in the present language.

    Raises:
        KeyError: no such service.
    """
    return _read(service, "_en" if is_english() else "")


@cache
def _read(service: str, ending: str) -> Form:
    path = FOLDER / f"{service}.toml"
    if not path.is_file():
        raise KeyError(service)
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    fields = {f["key"]: f for section in told["sections"] for f in section["fields"]}
    rows = clean("form", [
        {
            "key": section["key"],
            "title": section[f"title{ending}"],
            "fields": [_row(field, ending) for field in section["fields"]],
        }
        for section in told["sections"]
    ])  # fmt: skip
    sections = tuple(
        Section(row["key"], row["title"], tuple(_field(f, fields[f["key"]], ending) for f in row["fields"]))
        for row in rows
    )
    return Form(told["key"], told[f"label{ending}"], tuple(told[f"basis{ending}"]), sections)


def _row(field: Mapping[str, Any], ending: str) -> Row:
    row: Row = {
        "key": field["key"],
        "kind": field["kind"],
        "label": field[f"label{ending}"],
        "help": field.get(f"help{ending}", ""),
        "required": field.get("required", False),
    }
    if "options" in field:
        row["options"] = [option["key"] for option in field["options"]]
    if "most" in field:
        row["most"] = field["most"]
    return row


def _field(row: Row, field: Mapping[str, Any], ending: str) -> Field:
    choices = tuple((o["key"], o[f"label{ending}"]) for o in field.get("options", ()))
    return Field(row, choices, field.get(f"unit{ending}", ""))


def cleaned(form: Form, given: Mapping[str, Any]) -> dict[str, Any]:
    """Given values as they are kept; an empty one is None.

    Raises:
        Invalid: no such field, a value of the wrong kind, a negative figure; ``field`` names it.
    """
    known = {field.key: field for field in form.fields}
    for key in given:
        if key not in known:
            raise Invalid(_("评价表中没有“%(key)s”这一栏。") % {"key": str(key)[:40]}, field="values")
    values = filling.clean_values(form.rows, given)
    for key, value in values.items():
        if known[key].kind == "number" and value is not None and value < 0:
            raise Invalid(_("“%(label)s”不能为负。") % {"label": known[key].label}, field=key)
    return values


def missing(form: Form, values: Mapping[str, Any]) -> list[Field]:
    """Required fields that are still empty, in the order of the form."""
    return [field for field in form.fields if field.row["required"] and field.key not in values]
