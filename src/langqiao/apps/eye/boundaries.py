"""Real boundaries behind the map (行政边界), only with the approval number (审图号) of their base map.

A map with boundaries that is shown to the public in China needs an approved base map. Without a number the
Eye draws its schematic map and says why; with one, the number stands beside the map.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

BYTES_AT_MOST = 20_000_000
POINTS_AT_MOST = 200_000
# GS(2024)0650号, GS京(2022)1061号, 沪S(2023)012号: whose approval, year, number.
APPROVAL = re.compile(r"(GS[一-鿿]?|[一-鿿]{1,2}S)[(（](19|20)\d{2}[)）]\d{1,6}号")


@dataclass(frozen=True)
class Boundaries:
    """What may be drawn, or why nothing is.

    Attributes:
        rings: outlines of (longitude, latitude).
        approval: the map's approval number.
        refusal: why no boundary is drawn, where a file is named; empty where none is.
    """

    rings: list[list[tuple[float, float]]] = field(default_factory=list)
    approval: str = ""
    refusal: Any = ""


def boundaries() -> Boundaries:
    """The boundaries of the settings ``MAP_BOUNDARIES`` (a GeoJSON file) and ``MAP_APPROVAL``."""
    path = str(getattr(settings, "MAP_BOUNDARIES", "") or "")
    approval = str(getattr(settings, "MAP_APPROVAL", "") or "").strip()
    if not path:
        return Boundaries()
    if not APPROVAL.fullmatch(approval):
        return Boundaries(
            refusal=_("配置了行政边界，但没有有效的审图号，因此不绘制边界，只画示意图。")
            if not approval
            else _("审图号的写法不对（应如“GS(2024)0650号”），因此不绘制边界，只画示意图。")
        )
    try:
        stamp = Path(path).stat()
    except OSError:
        return Boundaries(refusal=_("找不到行政边界文件，因此只画示意图。"))
    return _read(path, approval, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=4)
def _read(path: str, approval: str, _changed: int, size: int) -> Boundaries:
    unfit = Boundaries(refusal=_("行政边界文件不是可用的 GeoJSON 面数据，因此只画示意图。"))
    if size > BYTES_AT_MOST:
        return Boundaries(refusal=_("行政边界文件超过 20 MB，因此只画示意图。请先简化。"))
    try:
        rings = _rings(json.loads(Path(path).read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return unfit
    if not rings or sum(map(len, rings)) > POINTS_AT_MOST:
        return unfit
    return Boundaries(rings, approval)


def _rings(document: Any) -> list[list[tuple[float, float]]]:
    """Rings of all polygons of a GeoJSON document (RFC 7946).

    Raises:
        ValueError, TypeError, KeyError: it is none, or a coordinate lies nowhere on the earth.
    """
    kind = document["type"]
    if kind == "FeatureCollection":
        return [ring for feature in document["features"] for ring in _rings(feature)]
    if kind == "Feature":
        return _rings(document["geometry"]) if document["geometry"] else []
    if kind == "GeometryCollection":
        return [ring for geometry in document["geometries"] for ring in _rings(geometry)]
    if kind == "Polygon":
        return [_ring(ring) for ring in document["coordinates"]]
    if kind == "MultiPolygon":
        return [_ring(ring) for polygon in document["coordinates"] for ring in polygon]
    raise ValueError(kind)


def _ring(points: Any) -> list[tuple[float, float]]:
    found = [(float(point[0]), float(point[1])) for point in points]
    if not all(-180 <= x <= 180 and -90 <= y <= 90 for x, y in found):
        raise ValueError("degrees")
    return found
