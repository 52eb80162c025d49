"""Lookups: references by code or unique name become records, each looked up once per act."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from langqiao.apps.registry.models import City, Field, Organisation, Person
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import listed

# Databases bound how many parameters one query takes; 500 is safe on all.
CHUNK = 500


def chunks(items: Sequence[Any], size: int = CHUNK) -> Iterable[Sequence[Any]]:
    """``items`` in runs of ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


class Lookups:
    """References of one act or one import; remembers what it has looked up."""

    def __init__(self) -> None:
        self._small: dict[Any, dict[str, Any]] = {}
        self._records: dict[Any, dict[str, list[Any]]] = {
            Organisation: {},
            Person: {},
        }

    def city(self, value: Any) -> City | None:
        """The city by slug, name, English name or division code; None when empty."""
        found = self._named(City, value, _("城市"))
        assert found is None or isinstance(found, City)
        return found

    def field(self, value: Any) -> Field | None:
        """The industry field by slug, name or English name; None when empty."""
        found = self._named(Field, value, _("产业领域"))
        assert found is None or isinstance(found, Field)
        return found

    def organisation(self, value: Any) -> Organisation | None:
        """The organisation by code or unique name; None when empty."""
        found = self._record(Organisation, value, _("机构"))
        assert found is None or isinstance(found, Organisation)
        return found

    def person(self, value: Any) -> Person | None:
        """The person by code or unique name; None when empty."""
        found = self._record(Person, value, _("专家"))
        assert found is None or isinstance(found, Person)
        return found

    def prefetch(self, model: Any, references: Iterable[Any]) -> None:
        """Look many references up with a few queries, for an import."""
        known = self._records[model]
        wanted = sorted({text for text in (_words(r) for r in references) if text and text not in known})
        for part in chunks(wanted):
            for text in part:
                known[text] = []
            rows: dict[str, list[Any]] = {text: [] for text in part}
            for record in model.objects.filter(code__in=part):
                rows[record.code] = [record]
            for record in model.objects.filter(name__in=part):
                by_name = rows[record.name]
                if not any(r.code == record.name for r in by_name):
                    by_name.append(record)
            known.update(rows)

    def _named(self, model: type[Any], value: Any, what: str) -> Any:
        if isinstance(value, model):
            return value
        text = _words(value)
        if not text:
            return None
        if model not in self._small:
            table: dict[str, Any] = {}
            for record in model.objects.all():
                names = (record.slug, record.name, record.name_en, getattr(record, "division_code", ""))
                table.update({name.lower(): record for name in names if name})
            self._small[model] = table
        found = self._small[model].get(text.lower())
        # 松江区 and 嘉兴市 are said as often as 松江 and 嘉兴.
        found = found or self._small[model].get(text.removesuffix("市").removesuffix("区").lower())
        if found is None:
            known = listed(str(record) for record in dict.fromkeys(self._small[model].values()))
            raise Invalid(
                _("没有名为“%(value)s”的%(what)s。") % {"value": text[:40], "what": what},
                mend=_("可选：%(known)s。") % {"known": known} if known else _("请先载入走廊配置。"),
            )
        return found

    def _record(self, model: type[Any], value: Any, what: str) -> Any:
        if isinstance(value, model):
            return value
        text = _words(value)
        if not text:
            return None
        self.prefetch(model, [text])
        found = self._records[model][text]
        if len(found) == 1:
            return found[0]
        if found:
            raise Invalid(
                _("有 %(count)d 个%(what)s都叫“%(value)s”。")
                % {"count": len(found), "what": what, "value": text[:80]},
                mend=_("请改用编号。"),
            )
        raise Invalid(
            _("名录中没有%(what)s“%(value)s”。") % {"what": what, "value": text[:80]},
            mend=_("请先登记，或改用已登记的编号或全称。"),
        )


def _words(value: Any) -> str:
    # What no database takes can be no name: it is shown as "?" and not found.
    printable = str(value).replace("\x00", "?").encode("utf-8", "replace").decode("utf-8")
    return "" if value is None else " ".join(printable.split())
