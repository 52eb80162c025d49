"""Scopes (范围): what a figure is of, by the names people write."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

from langqiao.apps.insight.models import Value
from langqiao.apps.insight.models.indicators import CORRIDOR, NATION
from langqiao.apps.registry.models import City, Organisation
from langqiao.engines.regional.panel import PROVINCES, english_name
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import listed

Scope = tuple[str, str]  # kind, key
_CORRIDOR_NAMES = frozenset({
    CORRIDOR, "走廊", "g60", "科创走廊", "g60科创走廊", "长三角g60科创走廊", "九城", "九城合计",
    "the corridor",
})  # fmt: skip
_NATION_NAMES = frozenset({NATION, "全国", "中国", "国家", "china", "national"})
_PROVINCE_END = re.compile(r"(壮族自治区|回族自治区|维吾尔自治区|自治区|省|市)$")
_CITY_END = re.compile(r"[市区]$")


class Scopes:
    """Finds scopes by name; looks cities up once and organisations as they come.

    A bare name is a city of the corridor first, then the corridor, the nation, a province. With a
    prefix (``province:上海``, ``organisation:…``) the kind is said. 上海 is a province, 松江 a city.
    """

    def __init__(self) -> None:
        self._cities = {
            name.lower(): city.slug
            for city in City.objects.all()
            for name in (city.slug, city.name, city.name_en, city.division_code)
        }
        self._organisations: dict[str, str] = {}

    def find(self, text: str, kind: str = "") -> Scope:
        """The scope of that name.

        Raises:
            Invalid: there is none, or an organisation's name is not unique.
        """
        said, _sep, rest = text.strip().partition(":")
        if rest and said in Value.Scope.values:
            kind, text = said, rest
        name = " ".join(text.split())
        if kind and kind not in Value.Scope.values:
            raise Invalid(
                _("没有“%(kind)s”这类范围。") % {"kind": kind[:40]},
                mend=_("可选：%(known)s。") % {"known": listed(Value.Scope.values)},
                field="scope",
            )
        found = self._named(name, kind)
        if found is None:
            raise Invalid(
                _("不认识的范围“%(name)s”。") % {"name": name[:40]},
                mend=_("请填城市（如松江）、走廊、全国、省名，或“organisation:机构编号或全称”。"),
                field="scope",
            )
        return found

    def _named(self, name: str, kind: str) -> Scope | None:
        plain = name.lower()
        if kind in ("", Value.Scope.CITY):
            slug = self._cities.get(plain) or self._cities.get(_CITY_END.sub("", plain))
            if slug:
                return Value.Scope.CITY, slug
        if kind in ("", Value.Scope.CORRIDOR) and plain in _CORRIDOR_NAMES:
            return Value.Scope.CORRIDOR, CORRIDOR
        if kind in ("", Value.Scope.NATION) and plain in _NATION_NAMES:
            return Value.Scope.NATION, NATION
        if kind in ("", Value.Scope.PROVINCE):
            province = _PROVINCE_END.sub("", name)
            if province in PROVINCES:
                return Value.Scope.PROVINCE, province
        if kind == Value.Scope.ORGANISATION:
            return Value.Scope.ORGANISATION, self._organisation(name)
        return None

    def _organisation(self, name: str) -> str:
        if name not in self._organisations:
            self._organisations[name] = self._look_up(name)
        return self._organisations[name]

    def _look_up(self, name: str) -> str:
        rows = Organisation.objects.filter(code=name[:80]) or Organisation.objects.filter(name=name[:200])
        if not rows and name.isascii() and name.isdigit() and len(name) < 18:
            rows = Organisation.objects.filter(pk=int(name))
        found = list(rows[:2])
        if len(found) == 1:
            return str(found[0].pk)
        if found:
            raise Invalid(
                _("有多个机构叫“%(name)s”。") % {"name": name[:80]}, mend=_("请改用编号。"), field="scope"
            )
        raise Invalid(
            _("名录中没有机构“%(name)s”。") % {"name": name[:80]},
            mend=_("请先登记，或改用已登记的编号或全称。"),
            field="scope",
        )


def scope_names(scopes: Iterable[Scope]) -> dict[Scope, str]:
    """Each scope in the reader's language, with two queries at most."""
    from langqiao.kit.words import named

    wanted = set(scopes)
    cities = {city.slug: city for city in City.objects.all()} if _kinds(wanted, Value.Scope.CITY) else {}
    keys = [int(key) for key in _kinds(wanted, Value.Scope.ORGANISATION) if key.isdigit()]
    organisations = {str(row.pk): row for row in Organisation.everything.filter(pk__in=keys)} if keys else {}
    names: dict[Scope, str] = {}
    for kind, key in wanted:
        if kind == Value.Scope.CITY:
            names[kind, key] = named(cities[key]) if key in cities else key
        elif kind == Value.Scope.ORGANISATION:
            names[kind, key] = named(organisations[key]) if key in organisations else key
        elif kind == Value.Scope.CORRIDOR:
            names[kind, key] = _("走廊")
        elif kind == Value.Scope.NATION:
            names[kind, key] = _("全国")
        else:
            names[kind, key] = province_name(key)
    return names


def province_name(name: str) -> str:
    """A province or belt in the reader's language."""
    from langqiao.kit.words import is_english

    return english_name(name) if is_english() else name


def _kinds(scopes: Iterable[Scope], kind: str) -> list[str]:
    return [key for found, key in scopes if found == kind]
