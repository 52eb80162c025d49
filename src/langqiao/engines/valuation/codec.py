"""Studies as plain JSON data and back, strictly: what is stored can be read, what is wrong is named."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import types
from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Any, TypeGuard, Union, get_args, get_origin, get_type_hints

from .study import AnyCase, Study
from .types import BadInput, Method

_CASES: dict[Method, type[Any]] = {case.method: case for case in get_args(AnyCase)}


def to_data(value: object) -> Any:
    """A study, a case, an appraisal or any part of them as dictionaries, lists, texts and numbers.

    A case carries the name of its method under ``method``. Fields that take no part in comparisons
    (the draws of a simulation) are left out.
    """
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [to_data(item) for item in value]
    if isinstance(value, Mapping):
        return {key: to_data(item) for key, item in value.items()}
    if not dataclasses.is_dataclass(value):
        return value
    fields = {
        field.name: to_data(getattr(value, field.name))
        for field in dataclasses.fields(value)
        if field.compare
    }
    return {"method": value.method.value, **fields} if isinstance(value, get_args(AnyCase)) else fields


def study_from_data(data: object) -> Study:
    """The study that :func:`to_data` made ``data`` of.

    Raises:
        BadInput: something is missing, unknown, of another type or out of its limits; ``field`` is the
            path to it.
    """
    study = _read(Study, data, "")
    assert isinstance(study, Study)
    return study


def case_from_data(data: object) -> AnyCase:
    """One case, named by its ``method``.

    Raises:
        BadInput: as in :func:`study_from_data`.
    """
    case: AnyCase = _read_case(data, "")
    return case


def _wrong(path: str, what: str) -> BadInput:
    return BadInput(path or "study", "type", f"{path or 'the study'} must be {what}", expected=what)


def _read(kind: Any, data: object, path: str) -> Any:
    if kind == AnyCase:
        return _read_case(data, path)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:  # X | None
        return None if data is None else _read(arguments[0], data, path)
    if origin is tuple:
        if not isinstance(data, list):
            raise _wrong(path, "a list")
        return tuple(_read(arguments[0], item, f"{path}.{at}") for at, item in enumerate(data))
    if dataclasses.is_dataclass(kind):
        return _read_fields(kind, data, path)
    return _read_scalar(kind, data, path)


def _read_case(data: object, path: str) -> Any:
    if not isinstance(data, Mapping):
        raise _wrong(path, "an object")
    name = data.get("method")
    if not (isinstance(name, str) and name in set(Method)):
        raise _wrong(f"{path}.method".lstrip("."), "one of " + ", ".join(Method))
    rest = {key: value for key, value in data.items() if key != "method"}
    return _read_fields(_CASES[Method(name)], rest, path)


def _read_fields(kind: Any, data: object, path: str) -> Any:
    if not isinstance(data, Mapping):
        raise _wrong(path, "an object")
    hints = get_type_hints(kind)
    known = {field.name: field for field in dataclasses.fields(kind)}
    prefix = f"{path}." if path else ""
    for key in data:
        if key not in known:
            raise BadInput(f"{prefix}{key}", "unknown", f"there is no field {prefix}{key}")
    values = {}
    for name, field in known.items():
        if name in data:
            values[name] = _read(hints[name], data[name], f"{prefix}{name}")
        elif field.default is dataclasses.MISSING:
            raise BadInput(f"{prefix}{name}", "missing", f"{prefix}{name} is missing")
    try:
        return kind(**values)
    except BadInput as refusal:
        # The parts know their own names only; say where in the whole they stand.
        where = path if refusal.field == "quantity" else f"{prefix}{refusal.field}"
        raise BadInput(where, refusal.code, str(refusal), **refusal.facts) from refusal


def _read_scalar(kind: Any, data: object, path: str) -> Any:
    if kind is bool and isinstance(data, bool):
        return data
    if kind is str and isinstance(data, str):
        return data
    if kind is int and _whole(data):
        return data
    if kind is float and (_whole(data) or (isinstance(data, float) and math.isfinite(data))):
        return float(data)
    if kind is date and isinstance(data, str):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(data)
    if issubclass(kind, Enum) and isinstance(data, str) and data in {member.value for member in kind}:
        return kind(data)
    raise _wrong(path, _expected(kind))


def _whole(data: object) -> TypeGuard[int]:
    return isinstance(data, int) and not isinstance(data, bool) and abs(data) < 2**63


def _expected(kind: Any) -> str:
    if issubclass(kind, Enum):
        return "one of " + ", ".join(str(member.value) for member in kind)
    return {
        bool: "true or false", str: "a text", int: "a whole number", float: "a number",
        date: "a date such as 2026-11-23",
    }[kind]  # fmt: skip
