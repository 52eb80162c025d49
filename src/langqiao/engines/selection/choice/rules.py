"""The rules of a choice (遴选约束): small records with one text and one JSON form each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from langqiao.engines.selection.errors import SelectionError


@dataclass(frozen=True, slots=True)
class Places:
    """How many are chosen (名额)."""

    number: int

    @property
    def text(self) -> str:
        return f"places={self.number}"


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least ``number`` with this value of the attribute, or with every value where it is None (至少).

    For every value, no more is asked than the value has eligible candidates: a city without one is named
    in the remarks. ``among`` lists values that are to be named even if no candidate has them.
    """

    attribute: str
    number: int
    value: str | None = None
    among: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return f"{_subject(self.attribute, self.value)}>={self.number}"


@dataclass(frozen=True, slots=True)
class AtMost:
    """At most ``number`` with this value of the attribute, or with every value where it is None (至多)."""

    attribute: str
    number: int
    value: str | None = None

    @property
    def text(self) -> str:
        return f"{_subject(self.attribute, self.value)}<={self.number}"


@dataclass(frozen=True, slots=True)
class Budget:
    """The costs of the chosen sum to at most ``limit`` (预算)."""

    limit: float

    @property
    def text(self) -> str:
        return f"budget<={self.limit:.12g}"


@dataclass(frozen=True, slots=True)
class Gate:
    """Only candidates with at least this score may be chosen (最低分)."""

    score: float

    @property
    def text(self) -> str:
        return f"score>={self.score:.12g}"


@dataclass(frozen=True, slots=True)
class Pin:
    """This candidate is chosen (指定入选)."""

    candidate: str

    @property
    def text(self) -> str:
        return f"pin:{self.candidate}"


@dataclass(frozen=True, slots=True)
class Bar:
    """This candidate is not chosen (不予入选)."""

    candidate: str

    @property
    def text(self) -> str:
        return f"bar:{self.candidate}"


MOST = 10**12
"""Largest number, budget or score of a rule."""

Rule = Places | AtLeast | AtMost | Budget | Gate | Pin | Bar

_KINDS: dict[str, type[Rule]] = {
    "places": Places, "at_least": AtLeast, "at_most": AtMost, "budget": Budget, "gate": Gate,
    "pin": Pin, "bar": Bar,
}  # fmt: skip


def _subject(attribute: str, value: str | None) -> str:
    return attribute if value is None else f"{attribute}={value}"


def rule_as_dict(rule: Rule) -> dict[str, Any]:
    """A rule as plain JSON, ``kind`` first; :func:`rule_from_dict` reads it back.

    >>> rule_as_dict(AtLeast("city", 1))
    {'kind': 'at_least', 'attribute': 'city', 'number': 1, 'value': None, 'among': []}
    """
    kind = next(name for name, made in _KINDS.items() if isinstance(rule, made))
    values = asdict(rule)
    return {"kind": kind} | {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }


def rule_from_dict(values: Mapping[str, Any]) -> Rule:
    """The rule of a JSON object, checked.

    Raises:
        SelectionError: the kind is unknown, or a value is missing or not usable.
    """
    made = _KINDS.get(str(values.get("kind")))
    if made is None:
        raise SelectionError(f"there is no kind of rule {values.get('kind')!r}", kind="rule")
    rest = {name: value for name, value in values.items() if name != "kind"}
    try:
        if "among" in rest:
            rest["among"] = tuple(rest["among"])
        rule = made(**rest)
    except TypeError as error:
        raise SelectionError(f"not a rule of kind {values['kind']!r}: {error}", kind="rule") from error
    check_rule(rule)
    return rule


def check_rule(rule: Rule) -> None:
    """Refuse a rule whose values make no sense.

    Raises:
        SelectionError: a number is not whole or negative, a budget or score is not finite, or a name is
            not a text.
    """
    match rule:
        case Places(number) | AtLeast(_, number) | AtMost(_, number):
            if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= MOST:
                raise _refused(rule, f"must be a whole number from 0 to {MOST}")
        case Budget(number) | Gate(number):
            if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) <= MOST:
                raise _refused(rule, f"must be a number of at most {MOST} in size")
    names: list[object] = []
    match rule:
        case AtLeast(attribute, _, value, among):
            names = [attribute, *among] if value is None else [attribute, value, *among]
        case AtMost(attribute, _, value):
            names = [attribute] if value is None else [attribute, value]
        case Pin(candidate) | Bar(candidate):
            names = [candidate]
    if not all(isinstance(name, str) and name for name in names):
        raise _refused(rule, "names must be texts, not empty")


def _refused(rule: Rule, why: str) -> SelectionError:
    """A refusal that names the kind of rule and its values, whatever they are."""
    values = ", ".join(f"{name}={value!r:.60}" for name, value in asdict(rule).items())
    return SelectionError(f"{type(rule).__name__}({values}): {why}", kind="rule")
