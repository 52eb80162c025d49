"""The file that says what the tree of alliances is (联盟体系配置): read and checked, nothing written."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from langqiao.apps.alliances.models import Alliance, Vintage
from langqiao.apps.registry.domain import values as v
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.kit.refusals import Invalid

DEFAULT = Path(__file__).parents[2] / "trees" / "g60.toml"
SIZE_AT_MOST = 1 << 20  # bytes
NODES_AT_MOST = 500
_SLUG = re.compile(r"[a-z][a-z0-9-]{0,39}")
Reader = Callable[[Any], Any]


def tree_path() -> Path:
    """The corridor's file: what LANGQIAO_ALLIANCES names, or that of the G60 corridor."""
    return Path(os.environ.get("LANGQIAO_ALLIANCES") or DEFAULT)


def _wrong(place: str, key: str, why: str) -> Invalid:
    return Invalid(
        _("联盟体系配置 %(place)s 的 %(key)s：%(why)s") % {"place": place, "key": key, "why": why},
        mend=_("请按 docs/alliances.md 改正。"),
        field=f"{place}.{key}",
    )


def _text(limit: int, *, empty: bool = False) -> Reader:
    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(_("应是文字。"))  # noqa: TRY004  told like every other wrong value
        if not value.strip() and not empty:
            raise ValueError(_("应是非空文字。"))
        return str(v.text(limit)(value, Lookups()))

    return read


def _slug(value: Any) -> str:
    if not isinstance(value, str) or not _SLUG.fullmatch(value):
        raise ValueError(_("应以小写字母开头，只含小写字母、数字和连字符，最多 40 个字符。"))
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**9:
        raise ValueError(_("应是非负整数。"))
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(_("应是 true 或 false。"))  # noqa: TRY004  told like every other wrong value
    return value


def _names(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > 200:
        raise ValueError(_("应是名称的列表。"))
    return [_text(200)(one) for one in value]


def _partial(value: Any) -> str:
    return v.partial_day(value, Lookups())


def _day(value: Any) -> date | None:
    return v.day(value, Lookups())


def _one_of(values: list[str]) -> Reader:
    def read(value: Any) -> str:
        if value not in values:
            raise ValueError(_("应是以下之一：%(known)s。") % {"known": ", ".join(values)})
        return str(value)

    return read


_SOURCE: dict[str, Reader] = {
    "source_name": _text(200),
    "source_url": _text(500),
    "read_on": _day,
    "vintage": _one_of(Vintage.values),
}
_TREE: dict[str, Reader] = {"name": _text(80), "name_en": _text(120)}
_FIGURE: dict[str, Reader] = {
    "key": _slug, "label": _text(80), "label_en": _text(120), "value": _whole, "unit": _text(20),
    "period": _partial, **_SOURCE,
}  # fmt: skip
_NODE: dict[str, Reader] = {
    "slug": _slug, "tier": _one_of(Alliance.Tier.values), "is_group": _flag, "parent": _slug,
    "name": _text(120), "name_en": _text(160), "field": _text(60), "city": _text(60),
    "lead_name": _text(200), "named": _names, "founded_on": _partial, "stated_units": _whole,
    "secretariat": _text(200), "description": _text(5_000), "description_en": _text(5_000),
    "note": _text(500), "note_en": _text(500), "illustrative": _flag, **_SOURCE,
}  # fmt: skip
_NEEDED = {
    "tree": {"name"},
    "figures": {"key", "label", "value", "period", "source_name"},
    "nodes": {"slug", "tier", "name"},
}


def _table(place: str, table: Any, readers: Mapping[str, Reader], needed: set[str]) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise _wrong(place, "*", _("应是一张表。"))
    for key in sorted(needed - set(table)):
        raise _wrong(place, key, _("缺少这个键。"))
    found: dict[str, Any] = {}
    for key, value in table.items():
        if key not in readers:
            raise _wrong(place, key, _("不认识这个键。"))
        try:
            found[key] = readers[key](value)
        except (ValueError, Invalid) as problem:
            raise _wrong(place, key, str(problem)) from problem
    return found


def _rows(document: dict[str, Any], name: str, readers: Mapping[str, Reader]) -> list[dict[str, Any]]:
    tables = document.get(name, [])
    if not isinstance(tables, list) or len(tables) > NODES_AT_MOST:
        raise _wrong(name, "*", _("应是至多 %(most)d 个表。") % {"most": NODES_AT_MOST})
    found = [_table(f"{name}[{i}]", table, readers, _NEEDED[name]) for i, table in enumerate(tables, start=1)]
    for key in ("slug", "key", "name"):
        seen: set[str] = set()
        for i, row in enumerate(found, start=1):
            if key in row and row[key] in seen:
                raise _wrong(f"{name}[{i}]", key, _("“%(value)s”重复。") % {"value": row[key]})
            seen.add(row.get(key, ""))
    return found


def _check_places(nodes: list[dict[str, Any]]) -> None:
    """One root; every other node hangs below one that stands before it and may have children."""
    tiers: dict[str, str] = {}
    for i, node in enumerate(nodes, start=1):
        place, tier = f"nodes[{i}]", node["tier"]
        if tier == Alliance.Tier.ONE:
            if "parent" in node or Alliance.Tier.ONE in tiers.values():
                raise _wrong(place, "tier", _("只能有一个总盟，且没有上级。"))
        elif "parent" not in node:
            raise _wrong(place, "parent", _("缺少这个键。"))
        elif node["parent"] not in tiers:
            raise _wrong(place, "parent", _("上级应写在前面。"))
        elif tier == Alliance.Tier.INDUSTRY and tiers[node["parent"]] != Alliance.Tier.ONE:
            raise _wrong(place, "parent", _("产业的上级应是总盟。"))
        elif tiers[node["parent"]] == Alliance.Tier.SUB:
            raise _wrong(place, "parent", _("上级应是总盟或产业。"))
        tiers[node["slug"]] = tier
    if nodes and Alliance.Tier.ONE not in tiers.values():
        raise _wrong("nodes", "tier", _('缺少总盟（tier = "one"）。'))


def read_tree(path: Path | None = None) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Read and check the file; the nodes in the order of the file, parents first, and the figures.

    Raises:
        Invalid: the file is missing or not TOML, or a key is missing, unknown or wrong; ``field`` names
            table and key, such as ``nodes[3].parent`` (tables counted from 1).
    """
    place = Path(path) if path is not None else tree_path()
    try:
        raw = place.read_bytes()
    except OSError as problem:
        raise Invalid(
            _("读不到联盟体系配置文件 %(path)s。") % {"path": place},
            mend=_("请检查环境变量 LANGQIAO_ALLIANCES。"),
        ) from problem
    if len(raw) > SIZE_AT_MOST:
        raise Invalid(_("联盟体系配置文件过大。"), mend=_("请按 docs/alliances.md 改正。"))
    try:
        document = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise Invalid(
            _("联盟体系配置文件 %(path)s 不是有效的 TOML：%(why)s。") % {"path": place, "why": problem},
            mend=_("请按 docs/alliances.md 改正。"),
        ) from problem
    for key in document:
        if key not in _NEEDED:
            raise _wrong(key, "*", _("不认识这张表。"))
    _table("tree", document.get("tree", {}), _TREE, _NEEDED["tree"])
    nodes = _rows(document, "nodes", _NODE)
    _check_places(nodes)
    return nodes, _rows(document, "figures", _FIGURE)
