"""Template filters of the quantum network: rates and sizes with their units, grouped figures."""

from __future__ import annotations

from typing import Any

from django import template

from langqiao.kit.permissions import allowed

register = template.Library()
_BITS = ("bit", "kbit", "Mbit", "Gbit", "Tbit")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_BYTES = ("B", "KB", "MB", "GB", "TB", "PB")


def _scaled(value: float, units: tuple[str, ...]) -> str:
    step = 0
    while abs(value) >= 1000 and step < len(units) - 1:
        value, step = value / 1000, step + 1
    digits = 0 if step == 0 and value == int(value) else 1 if abs(value) >= 100 else 2
    text = f"{value:,.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if digits else text} {units[step]}"


@register.filter
def rate(bps: Any) -> str:
    """Bits a second with the unit that fits: 8.02 kbit/s."""
    return "" if bps is None else f"{_scaled(float(bps), _BITS)}/s"


@register.filter
def bits(count: Any) -> str:
    """Bits with the unit that fits: 262 kbit."""
    return "" if count is None else _scaled(float(count), _BITS)


@register.filter
def octets(count: Any) -> str:
    """Bytes with the decimal unit that fits: 1.5 TB."""
    return "" if count is None else _scaled(float(count), _BYTES)


@register.filter
def figure(value: Any, places: int = 0) -> str:
    """A number grouped by three, with at most ``places`` decimals and none that are zero."""
    if value is None or value == "":
        return ""
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if places else text


@register.filter
def percent(fraction: Any) -> str:
    """A fraction in per cent with two decimals: 1.09%."""
    return "" if fraction is None else f"{100 * float(fraction):.2f}%"


@register.filter
def scientific(value: Any) -> str:
    """A small number with three digits and its power of ten: 2.00 × 10⁻⁴."""
    if value is None:
        return ""
    if not value:
        return "0"
    digits, _e, power = f"{value:.2e}".partition("e")
    return f"{digits} × 10{str(int(power)).translate(_RAISED)}"


@register.simple_tag(takes_context=True)
def may(context: Any, permission: str, thing: Any = None) -> bool:
    """Whether the reader may do something to a record: a row that opens in place offers only that."""
    return bool(allowed(context["request"].user, permission, thing))
