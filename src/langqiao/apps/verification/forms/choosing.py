"""The what-if page's state (遴选条件): read from the address, written back to it, drawn as fields."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import City, Field, Organisation
from langqiao.apps.verification.domain.choosing import WHY_AT_MOST
from langqiao.apps.verification.domain.scores import Basis
from langqiao.apps.verification.domain.wishes import ATTRIBUTES, SEED_AT_MOST, Wish
from langqiao.apps.verification.forms.choice import ATTRIBUTES as GROUPS
from langqiao.engines.selection.choice import AtLeast, AtMost, Bar, Budget, Gate, Pin
from langqiao.kit.words import named

EACH = {"city": _("每座城市"), "field": _("每个产业领域"), "kind": _("每类机构")}
QUOTAS = {"at_least": _("至少"), "at_most": _("至多")}
ROWS_AT_MOST = 30
TEXT_AT_MOST = 20
BLANK_ROWS = 1


@dataclass(frozen=True, slots=True)
class Row:
    """A constraint on one value, as typed: kind, ``city=hefei``, number."""

    kind: str = "at_least"
    subject: str = ""
    number: str = ""

    @property
    def is_set(self) -> bool:
        """Whether it says anything."""
        return bool(self.subject and self.number)


@dataclass(frozen=True)
class State:
    """What the page's fields hold, as text: nothing is lost while somebody types."""

    basis: str = Basis.CALIBRATED
    places: str = ""
    margin: str = ""
    budget: str = ""
    gate: str = ""
    each: Mapping[str, str] = field(default_factory=dict)  # city_min, city_max, field_min, …
    rows: tuple[Row, ...] = ()
    pins: tuple[str, ...] = ()
    bars: tuple[str, ...] = ()

    # -- from and to the address --------------------------------------------------------------------

    @classmethod
    def from_query(cls, query: QueryDict) -> Self:
        """The state that an address holds."""

        def text(name: str) -> str:
            return _short(query.get(name, ""))

        kinds, names, numbers = (query.getlist(name)[:ROWS_AT_MOST] for name in ("rk", "rs", "rn"))
        rows = (
            Row(kind, _short(subject, 60), _short(number))
            for kind, subject, number in zip(kinds, names, numbers, strict=False)
            if kind in QUOTAS
        )
        return cls(
            basis=query.get("basis", "") if query.get("basis") in Basis.values else Basis.CALIBRATED,
            places=text("places"),
            margin=text("margin"),
            budget=text("budget"),
            gate=text("gate"),
            each={name: text(name) for name in each_names() if text(name)},
            rows=tuple(row for row in rows if row.is_set),
            pins=_keys(query.getlist("pin")),
            bars=_keys(query.getlist("bar")),
        )

    @classmethod
    def from_wish(cls, wish: Wish) -> Self:
        """The state that asks for what the call says itself."""
        each: dict[str, str] = {}
        rows, pins, bars = [], [], []
        values: dict[str, str] = {}
        for rule in wish.rules:
            match rule:
                case AtLeast(attribute, number, value) | AtMost(attribute, number, value):
                    is_least = isinstance(rule, AtLeast)
                    if value is None:
                        each[f"{attribute}_{'min' if is_least else 'max'}"] = str(number)
                    else:
                        rows.append(
                            Row("at_least" if is_least else "at_most", f"{attribute}={value}", str(number))
                        )
                case Budget(limit):
                    values["budget"] = f"{limit:.10g}"
                case Gate(score):
                    values["gate"] = f"{score:.10g}"
                case Pin(key):
                    pins.append(key)
                case Bar(key):
                    bars.append(key)
        return cls(
            basis=wish.basis,
            places="" if wish.places is None else str(wish.places),
            margin=f"{wish.margin:.10g}" if wish.margin else "",
            each=each,
            rows=tuple(rows),
            pins=tuple(pins),
            bars=tuple(bars),
            **values,
        )

    def query(self) -> str:
        """The state as an address's query; the basis is always there, so that it is never empty."""
        made = QueryDict(mutable=True)
        made["basis"] = self.basis
        for name in ("places", "margin", "budget", "gate"):
            if getattr(self, name):
                made[name] = getattr(self, name)
        for name, value in self.each.items():
            made[name] = value
        for row in self.rows:
            made.appendlist("rk", row.kind)
            made.appendlist("rs", row.subject)
            made.appendlist("rn", row.number)
        made.setlist("pin", list(self.pins))
        made.setlist("bar", list(self.bars))
        return made.urlencode(safe="=")

    def fixing(self, key: str, how: str) -> Self:
        """The state with an application pinned (``pin``), barred (``bar``) or set free (anything else)."""
        pins = tuple(one for one in self.pins if one != key)
        bars = tuple(one for one in self.bars if one != key)
        if how == "pin":
            pins = (*pins, key)
        elif how == "bar":
            bars = (*bars, key)
        return replace(self, pins=tuple(sorted(pins)), bars=tuple(sorted(bars)))

    # -- to the verbs and to the page ----------------------------------------------------------------

    def constraints(self, reasons: Mapping[str, str] | None = None) -> dict[str, Any]:
        """As the verbs take them; what is no number stays as it was typed, and the verb refuses it.

        Args:
            reasons: ``pin:007`` → why.
        """
        given = reasons or {}
        rules: list[dict[str, Any]] = []
        for name, (kind, attribute) in each_names().items():
            if self.each.get(name):
                rules.append({"kind": kind, "attribute": attribute, "number": whole(self.each[name])})
        for row in self.rows:
            attribute, _is, value = row.subject.partition("=")
            rules.append(
                {"kind": row.kind, "attribute": attribute, "value": value, "number": whole(row.number)}
            )
        if self.budget:
            rules.append({"kind": "budget", "limit": decimal(self.budget)})
        if self.gate:
            rules.append({"kind": "gate", "score": decimal(self.gate)})
        for kind, keys in (("pin", self.pins), ("bar", self.bars)):
            rules += [{"kind": kind, "candidate": key, "why": given.get(f"{kind}:{key}", "")} for key in keys]
        return {
            "places": whole(self.places) if self.places else None,
            "rules": rules,
            "margin": decimal(self.margin) if self.margin else 0.0,
        }

    @property
    def each_fields(self) -> list[tuple[Any, str, str, str, str]]:
        """Label, and name and value of the least and the most, of each attribute."""
        return [
            (
                label,
                f"{name}_min",
                self.each.get(f"{name}_min", ""),
                f"{name}_max",
                self.each.get(f"{name}_max", ""),
            )
            for name, label in EACH.items()
        ]

    @property
    def drawn_rows(self) -> tuple[Row, ...]:
        """The rows with blank ones to fill in."""
        return (*self.rows, *(Row() for _blank in range(BLANK_ROWS)))

    @property
    def fixed(self) -> list[tuple[str, str]]:
        """Pins and bars as (``pin``, key)."""
        return [("pin", key) for key in self.pins] + [("bar", key) for key in self.bars]


def each_names() -> dict[str, tuple[str, str]]:
    """``city_min`` → (``at_least``, ``city``) and so on."""
    return {
        f"{attribute}_{end}": (kind, attribute)
        for attribute in ATTRIBUTES
        for end, kind in (("min", "at_least"), ("max", "at_most"))
    }


def _short(text: str, most: int = TEXT_AT_MOST) -> str:
    return text.replace("\0", "").strip()[:most]


def _keys(values: Iterable[str]) -> tuple[str, ...]:
    found = {_short(value, 10) for value in values}
    return tuple(sorted(key for key in found if key))[:ROWS_AT_MOST]


def whole(text: str) -> Any:
    """A whole number, or the text where it is none."""
    return int(text) if text.isascii() and text.isdigit() else text


def decimal(text: str) -> Any:
    """A finite number, or the text where it is none."""
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def row_subjects() -> list[tuple[Any, list[tuple[str, Any]]]]:
    """Single values that a row may speak of; "every value" has fields of its own."""
    values: dict[str, list[tuple[str, Any]]] = {
        "city": [(row.slug, named(row)) for row in City.objects.all()],
        "field": [(row.slug, named(row)) for row in Field.objects.all()],
        "kind": list(Organisation.Kind.choices),
    }
    return [
        (GROUPS[name], [(f"{name}={value}", label) for value, label in rows]) for name, rows in values.items()
    ]


class SaveForm(forms.Form):
    """What a proposal needs beside its state: a note, a lottery, a reason for each pin and bar."""

    why = forms.CharField(
        label=_("说明"), required=False, max_length=WHY_AT_MOST, widget=forms.Textarea(attrs={"rows": 2})
    )
    seed = forms.CharField(
        label=_("抽签种子"),
        required=False,
        max_length=SEED_AT_MOST,
        help_text=_("留空则不抽签。请取事先公布、届时才揭晓的公开数字，例如某日的开奖号码。"),
    )

    def __init__(self, fixed: Iterable[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, key in fixed:
            label = _("指定入选 %(key)s 的原因") if kind == "pin" else _("不予入选 %(key)s 的原因")
            self.fields[f"{kind}-{key}"] = forms.CharField(
                label=label % {"key": key}, max_length=WHY_AT_MOST, required=False
            )

    def reasons(self) -> dict[str, str]:
        """``pin:007`` → why."""
        return {
            name.replace("-", ":", 1): value
            for name, value in self.cleaned_data.items()
            if name.startswith(("pin-", "bar-"))
        }


class AdoptForm(forms.Form):
    """Why a proposal is adopted."""

    why = forms.CharField(
        label=_("采用的理由"), max_length=WHY_AT_MOST, widget=forms.Textarea(attrs={"rows": 3})
    )
