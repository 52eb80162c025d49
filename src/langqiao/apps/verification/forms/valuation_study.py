"""The long form of a study: its parts by method, and the way from what is typed to a study and back.

Everything typed is kept as text, by name, so that a half-filled form can be saved and nothing is lost
when rows are added. What is complete becomes a study, which the engine judges.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langqiao.apps.verification.domain.valuation.studies import read_study
from langqiao.apps.verification.domain.valuation.terms import METHODS, field_for
from langqiao.apps.verification.forms import rows as row_buttons
from langqiao.apps.verification.forms import valuation as f
from langqiao.apps.verification.forms.valuation_texts import (
    INCOME,
    Typed,
    from_study,
    quantity_texts,
    row_texts,
)
from langqiao.engines.valuation import FIELDS, Basis, Method, Shape, Study, success_at, to_data
from langqiao.kit.refusals import Invalid

REVENUE = ("peak", "growth", "life", "delay")
MOST_ROWS = {"items": 100, "deals": 50, "adjustments": 200, "correlations": 20}
ROWS: dict[str, type[forms.Form]] = {
    "items": f.CostRow,
    "deals": f.DealRow,
    "adjustments": f.AdjustmentRow,
    "correlations": f.CorrelationRow,
}


@dataclass(frozen=True, slots=True)
class Layout:
    """A part of the form: whose it is, its inputs, the form of its other fields, its rows."""

    key: str
    title: Any
    methods: tuple[Method, ...]
    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()
    form: type[forms.Form] | None = None
    rows: tuple[str, ...] = ()


LAYOUTS = (
    Layout(
        "income",
        gettext_lazy("收益法共用参数"),
        INCOME,
        (*(f"revenue.{name}" for name in REVENUE), "discount", "tax", "success"),
        ("decay",),
        f.IncomeForm,
    ),
    Layout(
        "dcf",
        METHODS[Method.DCF],
        (Method.DCF,),
        ("margin", "contribution"),
        ("charges", "upkeep", "working_capital", "investment", "development"),
        f.DcfForm,
    ),
    Layout(
        "royalty", METHODS[Method.ROYALTY], (Method.ROYALTY,), ("royalty",), ("maintenance",), f.RoyaltyForm
    ),
    Layout("split", METHODS[Method.SPLIT], (Method.SPLIT,), ("profit_margin", "split")),
    Layout(
        "cost",
        METHODS[Method.COST],
        (Method.COST,),
        ("remaining",),
        ("functional", "economic", "profit", "capital_rate", "formation"),
        f.CostForm,
        ("items",),
    ),
    Layout("market", METHODS[Method.MARKET], (Method.MARKET,), (), rows=("deals", "adjustments")),
    Layout(
        "option",
        METHODS[Method.OPTION],
        (Method.OPTION,),
        ("underlying", "strike", "horizon", "riskless", "volatility"),
        ("leak",),
        f.OptionForm,
    ),
)


@dataclass(frozen=True, slots=True)
class Missing:
    """What still has to be filled in, and where on the page."""

    label: str
    anchor: str


@dataclass(slots=True)
class Part:
    """A part as it is drawn."""

    layout: Layout
    chosen: bool
    needed: list[f.QuantityForm]
    optional: list[f.QuantityForm]
    form: forms.Form | None
    weight: forms.Form | None
    rows: dict[str, list[forms.Form]] = field(default_factory=dict)

    @property
    def costs(self) -> list[forms.Form]:
        """Cost items; a template would read ``rows.items`` as the dictionary's own method."""
        return self.rows.get("items", [])

    @property
    def has_optional(self) -> bool:
        """Something optional was filled in."""
        return any(not one.is_blank or one.errors for one in self.optional)

    @property
    def quantities(self) -> list[f.QuantityForm]:
        """All inputs with a range."""
        return [*self.needed, *self.optional]


class StudyForm:
    """All that a study is made of, bound to what was typed."""

    def __init__(self, typed: Typed, *, at: date | None) -> None:
        self.at = at
        self.data: MultiValueDict[str, str] = MultiValueDict({name: list(v) for name, v in typed.items()})
        self.choice = f.MethodsForm(self.data)
        self.choice.is_valid()
        wanted = set(self.choice.cleaned_data.get("methods", ()))
        self.methods = [method for method in Method if method.value in wanted]
        self.parts = [self._part(layout) for layout in LAYOUTS]
        self.run = f.RunForm(self.data, prefix="run")
        self.correlations = self._rows("correlations")
        self.refusals: list[str] = []
        for one in self._forms():
            one.is_valid()

    # -- what it is made of ---------------------------------------------------------------------

    def _part(self, layout: Layout) -> Part:
        own = layout.methods[0] if len(layout.methods) == 1 else None
        return Part(
            layout=layout,
            chosen=any(method in self.methods for method in layout.methods),
            needed=[f.QuantityForm(self.data, key=key, field=FIELDS[key]) for key in layout.needed],
            optional=[
                f.QuantityForm(self.data, key=key, field=FIELDS[key], optional=True)
                for key in layout.optional
            ],
            form=layout.form(self.data, prefix=layout.key) if layout.form else None,
            weight=f.WeightForm(self.data, prefix=f"weight_{own.value}") if own else None,
            rows={kind: self._rows(kind) for kind in layout.rows},
        )

    def _rows(self, kind: str) -> list[forms.Form]:
        return [ROWS[kind](self.data, prefix=f"{kind}-{at}") for at in range(self._count(kind))]

    def _count(self, kind: str) -> int:
        text = self.data.get(f"{kind}-count") or ""
        return min(int(text), MOST_ROWS[kind]) if text.isascii() and text.isdigit() and len(text) < 5 else 0

    def _forms(self, *, chosen_only: bool = False) -> Iterable[forms.Form]:
        for part in self.parts:
            if chosen_only and not part.chosen:
                continue
            yield from part.quantities
            yield from (one for one in (part.form, part.weight) if one is not None)
            for one_kind in part.rows.values():
                yield from one_kind
        yield self.run
        yield from self.correlations

    def part(self, key: str) -> Part:
        """The part of that key."""
        return next(part for part in self.parts if part.layout.key == key)

    def typed(self) -> dict[str, list[str]]:
        """What was typed, under the names that this form knows."""
        names = ["methods", *(f"{kind}-count" for kind in ROWS)]
        names += [one.add_prefix(name) for one in self._forms() for name in one.fields]
        return {name: self.data.getlist(name) for name in names if name in self.data}

    # -- buttons --------------------------------------------------------------------------------

    def pressed(self, wish: str) -> StudyForm:
        """The form after a button: ``add-items``, ``remove-deals-2``, ``trl``."""
        typed = self.typed()
        if wish == "trl":
            typed.update(self._chance())
        verb, _dash, rest = wish.partition("-")
        kind, _dash, place = rest.partition("-")
        if kind in ROWS and verb in ("add", "remove"):
            held = [self._texts(one) for one in self._rows(kind)]
            button = "add" if verb == "add" else f"remove-{place}"
            changed = row_buttons.changed(held, button)[: MOST_ROWS[kind]]
            typed = {name: texts for name, texts in typed.items() if not name.startswith(f"{kind}-")}
            typed.update(row_texts(kind, changed))
        return StudyForm(typed, at=self.at)

    @staticmethod
    def _texts(one: forms.Form) -> dict[str, Any]:
        return {name: one.data.get(one.add_prefix(name)) or "" for name in one.fields}

    def _chance(self) -> dict[str, list[str]]:
        """The assumed probability of success at the readiness level chosen."""
        level = self.data.get("income-trl") or ""
        if level not in {str(n) for n in range(1, 10)}:
            return {}
        return quantity_texts("success", to_data(success_at(int(level))))

    # -- to a study -----------------------------------------------------------------------------

    @property
    def faults(self) -> bool:
        """Something typed cannot be read, or was refused."""
        return bool(self.refusals) or any(one.errors for one in self._forms(chosen_only=True))

    @property
    def missing(self) -> list[Missing]:
        """What has to be filled in before the range can be computed."""
        if not self.methods:
            return [Missing(_("估值方法"), "methods")]
        found: list[Missing] = []
        for part in self.parts:
            if part.chosen:
                found += self._missing_in(part)
        return found

    def _missing_in(self, part: Part) -> Iterable[Missing]:
        key = part.layout.key
        if part.weight is not None:
            values = part.weight.cleaned_data
            if values.get("weight") is None or not values.get("reason"):
                title = str(part.layout.title)
                yield Missing(_("%(method)s：权重与理由") % {"method": title}, f"part-{key}")
        for one in part.quantities:
            if not (one.is_complete or (one.optional and one.is_blank)):
                yield Missing(one.label, f"q-{one.prefix}")
        if "items" in part.rows and not part.rows["items"]:
            yield Missing(_("成本项目"), f"part-{key}")
        if "deals" in part.rows and not part.rows["deals"]:
            yield Missing(_("可比案例"), f"part-{key}")

    def study(self) -> dict[str, Any]:
        """The study as data; call it when nothing is missing."""
        values = self.run.cleaned_data
        data: dict[str, Any] = {
            "cases": [self._weighted(method) for method in self.methods],
            "seed": values.get("seed") or 0,
            "correlations": [_correlation(one.cleaned_data) for one in self.correlations],
        }
        if values.get("draws"):
            data["draws"] = values["draws"]
        return data

    def _weighted(self, method: Method) -> dict[str, Any]:
        part = self.part(method.value)
        assert part.weight is not None
        weight = part.weight.cleaned_data
        build = {
            Method.COST: self._cost,
            Method.MARKET: self._market,
            Method.OPTION: self._option,
        }.get(method)
        case = build() if build else self._income(method)
        return {
            "case": {"method": method.value, **case},
            "weight": weight["weight"],
            "reason": weight["reason"],
        }

    def _quantities(self, part: Part, *names: str) -> dict[str, Any]:
        return {
            one.key: one.data_of()
            for one in part.quantities
            if (not names or one.key in names) and not (one.optional and one.is_blank)
        }

    def _income(self, method: Method) -> dict[str, Any]:
        shared, own = self.part("income"), self.part(method.value)
        found = self._quantities(shared)
        assert shared.form is not None
        options = shared.form.cleaned_data
        revenue = {name: found.pop(f"revenue.{name}") for name in REVENUE}
        if method is Method.DCF:
            found.pop("decay", None)
        case = {
            "revenue": {**revenue, "ramp": options.get("ramp") or [1.0]},
            **found,
            **self._quantities(own),
            "mid_year": bool(options.get("mid_year")),
        }
        if options.get("right") and options.get("filed"):
            case["protection"] = {
                "right": options["right"],
                "filed": options["filed"].isoformat(),
                "at": self._day(),
            }
        return {**case, **_given(own.form)}

    def _cost(self) -> dict[str, Any]:
        part = self.part("cost")
        values = _given(part.form)
        values.setdefault("age", 0.0)
        return {
            **values,
            "items": [_item(one.cleaned_data) for one in part.rows["items"]],
            **self._quantities(part),
        }

    def _market(self) -> dict[str, Any]:
        part = self.part("market")
        adjustments: dict[int, list[dict[str, Any]]] = {}
        for one in part.rows["adjustments"]:
            values = one.cleaned_data
            adjustments.setdefault(values.get("deal") or 0, []).append(
                {"name": values.get("name", ""), "factor": _ranged(values, "倍")}
            )
        stray = set(adjustments) - set(range(1, len(part.rows["deals"]) + 1))
        if stray:
            raise Invalid(_("修正系数须写明属于第几个案例。"), field="adjustments")
        return {
            "comparables": [
                _deal(one.cleaned_data, adjustments.get(number, []))
                for number, one in enumerate(part.rows["deals"], 1)
            ],
            "at": self._day(),
        }

    def _option(self) -> dict[str, Any]:
        part = self.part("option")
        values = _given(part.form)
        assert part.form is not None
        values["american"] = bool(part.form.cleaned_data.get("american"))
        return {**values, **self._quantities(part)}

    def _day(self) -> str:
        return (self.at or date.min).isoformat()

    def refuse(self, refused: Invalid) -> None:
        """Show a refusal at the input it names, or above the form."""
        key, known = field_for(refused.field)
        if known is not None:
            for part in self.parts:
                for one in part.quantities:
                    if one.key == key:
                        one.add_error("base", str(refused))
                        return
        self.refusals.append(str(refused))


def _given(form: forms.Form | None) -> dict[str, Any]:
    """Values that were filled in."""
    values = form.cleaned_data if form is not None else {}
    return {name: value for name, value in values.items() if value not in (None, "")}


def _ranged(values: Mapping[str, Any], unit: str) -> dict[str, Any]:
    low, base, high = values.get("low"), values.get("base"), values.get("high")
    if low is None and high is None:
        low = high = base
    fixed = low is not None and low == high
    return {
        "low": low,
        "base": base,
        "high": high,
        "unit": unit,
        "source": values.get("source") or "",
        "basis": values.get("basis") or Basis.ASSUMED.value,
        "shape": Shape.FIXED.value if fixed else values.get("shape") or Shape.PERT.value,
    }


def _item(values: Mapping[str, Any]) -> dict[str, Any]:
    item = {"name": values.get("name", ""), "amount": _ranged(values, "万元")}
    for name in ("index_then", "index_now"):
        if values.get(name) is not None:
            item[name] = values[name]
    return item


def _deal(values: Mapping[str, Any], adjustments: list[dict[str, Any]]) -> dict[str, Any]:
    on = values.get("on")
    weight = values.get("weight")
    return {
        "name": values.get("name", ""),
        "price": values.get("price"),
        "on": on.isoformat() if on else None,
        "source": values.get("source", ""),
        "basis": values.get("basis") or Basis.ASSUMED.value,
        "adjustments": adjustments,
        "weight": 1.0 if weight is None else weight,
    }


def _correlation(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "first": values.get("first", ""),
        "second": values.get("second", ""),
        "rho": values.get("rho"),
        "reason": values.get("reason", ""),
    }


def fits(study: Study, *, at: date) -> bool:
    """Whether the form can hold the whole study; income cases of one study may differ through the API."""
    form = StudyForm(from_study(study), at=at)
    if form.faults or form.missing:
        return False

    def ordered(one: Study) -> list[Any]:
        return sorted(one.cases, key=lambda weighted: weighted.case.method)

    try:
        again = read_study(form.study(), at=at)
    except Invalid:
        return False
    return (ordered(again), again.seed, again.draws, again.correlations) == (
        ordered(study), study.seed, study.draws, study.correlations,
    )  # fmt: skip
