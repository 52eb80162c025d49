"""The corridor's own configuration (走廊配置): cities and fields in one TOML file (docs/cities.md)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from langqiao.kit.refusals import Invalid

_SLUG = re.compile(r"[a-z][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class CityEntry:
    """A city: coordinates in degrees (WGS 84), ``division_code`` after GB/T 2260."""

    slug: str
    name: str
    name_en: str
    province: str
    division_code: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class FieldEntry:
    """An industry field (产业领域)."""

    slug: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Corridor:
    """A corridor with its cities and fields in the order in which pages show them."""

    name: str
    name_en: str
    cities: tuple[CityEntry, ...]
    fields: tuple[FieldEntry, ...]


def _wrong(place: str, key: str, why: str) -> Invalid:
    return Invalid(
        _("走廊配置 %(place)s 的 %(key)s：%(why)s") % {"place": place, "key": key, "why": why},
        mend=_("请按 docs/cities.md 改正。"),
        field=f"{place}.{key}",
    )


def _text(limit: int) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise ValueError(_("应是非空文字。"))
        if len(value.strip()) > limit:
            raise ValueError(_("最多 %(limit)d 字。") % {"limit": limit})
        return value.strip()

    return read


def _slug(value: Any) -> str:
    if not isinstance(value, str) or not _SLUG.fullmatch(value):
        raise ValueError(_("应以小写字母开头，只含小写字母、数字和连字符，最多 40 个字符。"))
    return value


def _division_code(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\d{6}", value):
        raise ValueError(_("应是带引号的六位行政区划代码。"))
    return value


def _degrees(bound: float) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not -bound <= value <= bound:
            raise ValueError(_("应是 −%(bound)g 至 %(bound)g 的度数。") % {"bound": bound})
        return float(value)

    return read


_CORRIDOR = {"name": _text(80), "name_en": _text(120)}
_CITY: Mapping[str, Callable[[Any], Any]] = {
    "slug": _slug,
    "name": _text(40),
    "name_en": _text(60),
    "province": _text(40),
    "division_code": _division_code,
    "latitude": _degrees(90),
    "longitude": _degrees(180),
}
_FIELD: Mapping[str, Callable[[Any], Any]] = {"slug": _slug, "name": _text(40), "name_en": _text(60)}


def _table(place: str, table: Any, readers: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise _wrong(place, "*", _("应是一张表。"))
    for key in table:
        if key not in readers:
            raise _wrong(place, key, _("不认识这个键。"))
    found: dict[str, Any] = {}
    for key, read in readers.items():
        if key not in table:
            raise _wrong(place, key, _("缺少这个键。"))
        try:
            found[key] = read(table[key])
        except ValueError as problem:
            raise _wrong(place, key, str(problem)) from problem
    return found


def _rows(document: dict[str, Any], name: str, readers: Mapping[str, Any]) -> list[dict[str, Any]]:
    tables = document.get(name)
    if not isinstance(tables, list) or not tables:
        raise _wrong(name, "*", _("至少要有一个 [[%(name)s]] 表。") % {"name": name})
    found = [_table(f"{name}[{i}]", table, readers) for i, table in enumerate(tables, start=1)]
    for key in ("slug", "name", "division_code"):
        seen: set[str] = set()
        for i, row in enumerate(found, start=1):
            if key in row and row[key] in seen:
                raise _wrong(f"{name}[{i}]", key, _("“%(value)s”重复。") % {"value": row[key]})
            seen.add(row.get(key, ""))
    return found


def read_corridor(path: Path | None = None) -> Corridor:
    """Read and check the corridor file, by default that of ``settings.CORRIDOR_FILE``.

    Raises:
        Invalid: the file is missing or not TOML, or a key is missing, unknown or wrong; ``field``
            names table and key, such as ``cities[3].latitude`` (tables counted from 1).
    """
    place = Path(path or settings.CORRIDOR_FILE)
    try:
        document = tomllib.loads(place.read_text(encoding="utf-8"))
    except OSError as problem:
        raise Invalid(
            _("读不到走廊配置文件 %(path)s。") % {"path": place},
            mend=_("请检查环境变量 LANGQIAO_CORRIDOR。"),
        ) from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise Invalid(
            _("走廊配置文件 %(path)s 不是有效的 TOML：%(why)s。") % {"path": place, "why": problem},
            mend=_("请按 docs/cities.md 改正。"),
        ) from problem
    for key in document:
        if key not in {"corridor", "cities", "fields"}:
            raise _wrong(key, "*", _("不认识这张表。"))
    corridor = _table("corridor", document.get("corridor", {}), _CORRIDOR)
    return Corridor(
        corridor["name"],
        corridor["name_en"],
        tuple(CityEntry(**row) for row in _rows(document, "cities", _CITY)),
        tuple(FieldEntry(**row) for row in _rows(document, "fields", _FIELD)),
    )
