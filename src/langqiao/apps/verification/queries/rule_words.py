"""The constraints of a choice in words: 每座城市至少 1 家, 经费合计不超过 500 万元, 指定入选 07."""

from __future__ import annotations

from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from langqiao.apps.registry.models import City, Field, Organisation
from langqiao.engines.selection.choice import AtLeast, AtMost, Bar, Budget, Gate, Mend, Pin, Places, Rule
from langqiao.engines.selection.choice.types import Remark
from langqiao.kit.words import listed, named


class RuleWords:
    """Words for rules; the names of cities and fields are read once."""

    @cached_property
    def _names(self) -> dict[str, dict[str, str]]:
        return {
            "city": {city.pk: named(city) for city in City.objects.all()},
            "field": {field.pk: named(field) for field in Field.objects.all()},
            "kind": {value: str(label) for value, label in Organisation.Kind.choices},
        }

    def value(self, attribute: str, value: str) -> str:
        """The name of a value such as ``hefei``."""
        return self._names.get(attribute, {}).get(value, value)

    def rule(self, rule: Rule) -> str:
        """A rule as one phrase."""
        match rule:
            case Places(number):
                return ngettext("名额 %(n)d 个", "名额 %(n)d 个", number) % {"n": number}
            case AtLeast(attribute, number, None):
                return _each_at_least(attribute, number)
            case AtMost(attribute, number, None):
                return _each_at_most(attribute, number)
            case AtLeast(attribute, number, str(value)):
                words = {"name": self.value(attribute, value), "n": number}
                return ngettext("%(name)s至少 %(n)d 家", "%(name)s至少 %(n)d 家", number) % words
            case AtMost(attribute, number, str(value)):
                words = {"name": self.value(attribute, value), "n": number}
                return ngettext("%(name)s至多 %(n)d 家", "%(name)s至多 %(n)d 家", number) % words
            case Budget(limit):
                return _("经费合计不超过 %(n)s 万元") % {"n": f"{limit:,.10g}"}
            case Gate(score):
                return _("得分不低于 %(n)s") % {"n": f"{score:.10g}"}
            case Pin(key):
                return _("指定入选 %(key)s") % {"key": key}
            case Bar(key):
                return _("不予入选 %(key)s") % {"key": key}
        raise AssertionError(rule)

    def mend(self, mend: Mend) -> str:
        """A remedy as one phrase."""
        rule = mend.rule
        if mend.to is None:
            return _("去掉“%(rule)s”") % {"rule": self.rule(rule)}
        match rule:
            case Budget():
                return _("把经费上限提高到 %(n)s 万元") % {"n": f"{mend.to:,.10g}"}
            case Gate():
                return _("把最低分降到 %(n)s") % {"n": f"{mend.to:.10g}"}
            case Places():
                return _("把名额改为 %(n)d 个") % {"n": int(mend.to)}
        return _("把“%(rule)s”改为 %(n)d 家") % {"rule": self.rule(rule), "n": int(mend.to)}

    def remark(self, remark: Remark) -> str:
        """A remark as one sentence."""
        if remark.kind == "short":
            words = {"name": self.value(remark.attribute, remark.value), "n": remark.number}
            if not remark.number:
                return _("%(name)s没有可以遴选的申报，该项不作要求。") % words
            return (
                ngettext(
                    "%(name)s只有 %(n)d 份可以遴选的申报，只要求这么多。",
                    "%(name)s只有 %(n)d 份可以遴选的申报，只要求这么多。",
                    remark.number,
                )
                % words
            )
        subjects = {"keys": listed(remark.subjects)}
        if remark.kind == "unnamed":
            return _("以下申报没有填写约束所涉的内容，不计入该约束：%(keys)s。") % subjects
        return _("总分相同的最优名单不止一份，已按申报序号取第一份；有差别的是：%(keys)s。") % subjects


def _each_at_least(attribute: str, n: int) -> str:
    words = {"n": n}
    if attribute == "city":
        return ngettext("每座城市至少 %(n)d 家", "每座城市至少 %(n)d 家", n) % words
    if attribute == "field":
        return ngettext("每个产业领域至少 %(n)d 家", "每个产业领域至少 %(n)d 家", n) % words
    return ngettext("每类机构至少 %(n)d 家", "每类机构至少 %(n)d 家", n) % words


def _each_at_most(attribute: str, n: int) -> str:
    words = {"n": n}
    if attribute == "city":
        return ngettext("每座城市至多 %(n)d 家", "每座城市至多 %(n)d 家", n) % words
    if attribute == "field":
        return ngettext("每个产业领域至多 %(n)d 家", "每个产业领域至多 %(n)d 家", n) % words
    return ngettext("每类机构至多 %(n)d 家", "每类机构至多 %(n)d 家", n) % words
