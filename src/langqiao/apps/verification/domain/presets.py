"""Calls to begin with (征集模板): one TOML file each, filled in and then changed at will."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from langqiao.apps.verification.domain import layout
from langqiao.apps.verification.domain.layout import Key
from langqiao.apps.verification.models import Call
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import listed

FOLDER = Path(__file__).resolve().parents[1] / "presets"

_PLAIN: Mapping[str, Key] = {
    "name": Key(layout.text(80)),
    "name_en": Key(layout.text(120)),
    "kind": Key(layout.one_of(Call.Kind.values)),
    "summary": Key(layout.text(2_000)),
    "guide": Key(layout.text(20_000)),
    "blindness": Key(layout.one_of(Call.Blindness.values), Call.Blindness.SINGLE.value),
    "reviews_per": Key(layout.whole(1, 50), 3),
    "max_load": Key(layout.whole(1, 500), 10),
    "places": Key(layout.whole(1, 1_000), None),
}


@dataclass(frozen=True, slots=True)
class Preset:
    """A call to begin with.

    Attributes:
        slug: the file's name without its ending.
        values: what ``draft_call`` takes beside kind and title.
    """

    slug: str
    name: str
    name_en: str
    kind: str
    values: Mapping[str, Any]


def read_preset(path: Path) -> Preset:
    """Read and check one file.

    Raises:
        Invalid: no TOML, or a key that is missing, unknown or wrong; the message names the file.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise Invalid(
            _("征集模板 %(name)s 不是有效的 TOML：%(why)s。") % {"name": path.name, "why": problem}
        ) from problem
    plain = {key: value for key, value in document.items() if key not in layout.COLUMNS}
    found = layout.read_row("preset", path.name, plain, _PLAIN)
    values = {key: found[key] for key in found if key not in {"name", "name_en", "kind"}}
    for column in layout.COLUMNS:
        if column in document:
            values[column] = layout.clean(column, document[column])
    layout.check_together(
        chain=values.get("chain", []), criteria=values.get("criteria", []), grades=values.get("grades", [])
    )
    return Preset(path.stem, found["name"], found["name_en"], found["kind"], values)


@lru_cache(maxsize=1)
def presets() -> Mapping[str, Preset]:
    """All presets of the product by slug."""
    found = [read_preset(path) for path in sorted(FOLDER.glob("*.toml"))]
    return {preset.slug: preset for preset in sorted(found, key=lambda p: Call.Kind.values.index(p.kind))}


def preset(slug: str) -> Preset:
    """The preset of this slug.

    Raises:
        Invalid: there is none.
    """
    if slug not in presets():
        raise Invalid(
            _("没有“%(slug)s”这一征集模板。") % {"slug": slug},
            mend=_("可选：%(names)s。") % {"names": listed(presets())},
            field="preset",
        )
    return presets()[slug]
