"""What an applicant fills in (填报), checked against the call's form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from langqiao.apps.verification.domain.layout import (
    VALUE_AT_MOST,
    Row,
    Wrong,
    iso_day,
    text,
)
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import listed

EMPTY: tuple[Any, ...] = (None, "", [])
_YES_NO: Mapping[Any, bool] = {True: True, False: False, "yes": True, "no": False}


def fields_of(form: Sequence[Row]) -> Iterator[Row]:
    """All fields of a form in order."""
    for section in form:
        yield from section["fields"]


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise Wrong(_("应是数字。"))
    try:
        found = Decimal(str(value).strip())
    except (InvalidOperation, ValueError):  # a whole number of thousands of digits is the latter
        raise Wrong(_("应是数字。")) from None
    if not found.is_finite() or abs(found) > VALUE_AT_MOST:
        raise Wrong(_("应是数字。"))
    return found


def _number(field: Row, value: Any) -> int | float:
    """A number whose JSON text reads the same in every database: whole, or six decimals at most."""
    found = round(_decimal(value), 6)
    if "most" in field and found > Decimal(str(field["most"])):
        raise Wrong(_("最大 %(most)g。") % {"most": field["most"]})
    return int(found) if found == int(found) else float(found)


def _money(field: Row, value: Any) -> str:
    """An amount in 万元 with two decimals, kept as text."""
    found = round(_decimal(value), 2)
    if found < 0:
        raise Wrong(_("金额不能为负。"))
    if "most" in field and found > Decimal(str(field["most"])):
        raise Wrong(_("最多 %(most)g 万元。") % {"most": field["most"]})
    return f"{found:.2f}"


def _chosen(field: Row, value: Any) -> str:
    if not isinstance(value, str) or value not in field["options"]:
        raise Wrong(_("可选：%(options)s。") % {"options": listed(field["options"])})
    return value


def _read(field: Row, value: Any) -> Any:
    kind = field["kind"]
    if kind in ("text", "longtext"):
        clean = text(field["most"], empty=True)(value)
        return " ".join(clean.split()) if kind == "text" else clean
    if kind == "number":
        return _number(field, value)
    if kind == "money":
        return _money(field, value)
    if kind == "date":
        return iso_day(value)
    if kind == "choice":
        return _chosen(field, value)
    if kind == "choices":
        if not isinstance(value, list):
            raise Wrong(_("应是一组选项。"))
        chosen = {_chosen(field, one) for one in value}
        if len(chosen) > field["most"]:
            raise Wrong(_("最多选 %(most)d 项。") % {"most": field["most"]})
        return [option for option in field["options"] if option in chosen]
    if not isinstance(value, bool | str) or value not in _YES_NO:
        raise Wrong(_("请选择是或否。"))
    return _YES_NO[value]


def clean_values(form: Sequence[Row], given: Mapping[str, Any]) -> dict[str, Any]:
    """Values as they are kept; an empty one stands as None and takes the present one away.

    Texts as text, numbers whole or with six decimals, money (万元) as text with two decimals, days as
    ISO text, choices in the order of the form, yes and no as booleans.

    Raises:
        Invalid: no such field, or a value of the wrong kind or too large; ``field`` names it.
    """
    if not isinstance(given, Mapping):
        raise Invalid(_("申报内容应是一组键值。"), field="values")
    known = {field["key"]: field for field in fields_of(form)}
    found: dict[str, Any] = {}
    for key, value in given.items():
        if key not in known:
            raise Invalid(_("申报表中没有“%(key)s”这一栏。") % {"key": str(key)[:40]}, field="values")
        if value in EMPTY:
            found[key] = None
            continue
        try:
            clean = _read(known[key], value)
        except Wrong as fault:
            why = _("“%(label)s”：%(why)s") % {"label": known[key]["label"], "why": fault}
            raise Invalid(why, field=key) from None
        found[key] = None if clean in EMPTY else clean
    return found


def merged(present: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The present values with the given (clean) ones put in, those that are None taken away."""
    return {key: value for key, value in {**present, **given}.items() if value is not None}


def unfilled(form: Sequence[Row], values: Mapping[str, Any]) -> list[Row]:
    """Required fields that are still empty, in the order of the form."""
    return [field for field in fields_of(form) if field["required"] and field["key"] not in values]
