"""Verbs of indicators: define one, enter values, withdraw a value."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.insight.domain.bounds import far_apart, plain, unusual
from langqiao.apps.insight.domain.cleaning import COLUMNS, Cleaned, Cleaner
from langqiao.apps.insight.models import Indicator, Value
from langqiao.apps.ledger.domain import Act, record, record_all
from langqiao.apps.registry.domain.lookups import chunks
from langqiao.engines.sm import sm3_hex
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.words import listed

_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
ROWS_AT_MOST = 100_000
ERRORS_AT_MOST = 500
UNIT_AT_MOST, NAME_AT_MOST, WHY_AT_MOST = 20, 120, 300
_TOO_LONG = 5_000
_CONFIRM = _(
    "请核对单位与来源；确认无误的，勾选“已核对差异”"
    "（命令行加 --accept-differences，接口设 accept_differences）再导入。"
)
_Place = tuple[str, str, str, str]  # indicator, kind of scope, scope, period


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a row or has to be confirmed: its number in the file, the column and the reason."""

    row: int
    field: str
    why: str


@dataclass(slots=True)
class ImportReport:
    """What an import did or, in a dry run, would do. With any error nothing is written.

    Attributes:
        differing: rows far from a figure that is there or from what is usual; written only when
            they were accepted.
        differences: the first of them in words, with both figures and their sources.
    """

    rows: int = 0
    created: int = 0
    unchanged: int = 0
    wrong: int = 0
    errors: list[RowError] = field(default_factory=list)
    dry_run: bool = False
    written: bool = False
    indicators: list[str] = field(default_factory=list)
    differing: int = 0
    differences: list[RowError] = field(default_factory=list)

    def refuse(self, row: int, problem: Refused) -> None:
        """Count a wrong row and keep the first ones in words."""
        self.wrong += 1
        if len(self.errors) < ERRORS_AT_MOST:
            self.errors.append(RowError(row, problem.field, str(problem)))

    def doubt(self, row: int, problem: Refused) -> None:
        """Count a row whose figure has to be confirmed and keep the first ones in words."""
        self.differing += 1
        if len(self.differences) < ERRORS_AT_MOST:
            self.differences.append(RowError(row, problem.field, str(problem)))


@transaction.atomic
def define_indicator(
    actor: Any,
    *,
    slug: str,
    name: str,
    unit: str,
    subject: str,
    name_en: str = "",
    additive: bool = False,
    falling: bool = False,
    description: str = "",
    description_en: str = "",
    illustrative: bool = False,
) -> Indicator:
    """Define an indicator (定义指标) or say its words anew; the unit stays once there are values.

    An indicator that is there with these very words is left alone.

    Raises:
        NotAllowed: the actor may not.
        Invalid: a word is missing or too long, or the unit would change under its values.
    """
    require(actor, "insight.define_indicator")
    given = {
        "name": name.strip(), "name_en": name_en.strip(), "unit": unit.strip(), "subject": subject,
        "additive": additive, "falling": falling, "description": description.strip(),
        "description_en": description_en.strip(), "illustrative": illustrative,
    }  # fmt: skip
    _check_words(slug, given)
    indicator = Indicator.objects.select_for_update().filter(pk=slug).first()
    if indicator is not None:
        changed = [key for key, value in given.items() if getattr(indicator, key) != value]
        if not changed:
            return indicator
        if "unit" in changed and indicator.values.exists():
            raise Invalid(_("指标已有数值，单位不能再改。"), mend=_("请另定义一个指标。"), field="unit")
    else:
        indicator, changed = Indicator(slug=slug), sorted(given)
    for key, value in given.items():
        setattr(indicator, key, value)
    indicator.save()
    record(actor, "define_indicator", indicator, data={"unit": given["unit"], "changed": sorted(changed)})
    return indicator


def enter_values(
    actor: Any,
    rows: Iterable[tuple[int, Mapping[str, Any]]],
    *,
    dry_run: bool = False,
    accept_differences: bool = False,
) -> ImportReport:
    """Enter figures (录入指标值): all rows or none, the same again changes nothing.

    A figure is never overwritten. A source that says something else about the same scope, period and
    vintage is refused; a revision comes as another vintage or from another source. One that lies far
    from a live figure of the same indicator, scope and period (``bounds.far_apart``) is written only
    when that was accepted.

    Args:
        rows: number of the row in its file, and the row by column (``cleaning.COLUMNS``).
        dry_run: check only.
        accept_differences: somebody has looked at the report's ``differences``; write all the same.

    Returns:
        The report; its errors name row, column and reason, and then nothing was written.

    Raises:
        NotAllowed: the actor may not.
        Invalid: there are no rows, too many, or a column is not known.
    """
    require(actor, "insight.import_values")
    report, found = ImportReport(dry_run=dry_run), []
    cleaner = Cleaner()
    for number, row in rows:
        report.rows += 1
        if report.rows > ROWS_AT_MOST:
            raise Invalid(
                _("一次最多导入 %(most)d 行。") % {"most": ROWS_AT_MOST},
                mend=_("请分几次导入。"),
                field="file",
            )
        strange = [name for name in row if name not in COLUMNS]
        if strange:
            raise Invalid(
                _("不认识的列：%(columns)s。") % {"columns": listed(str(name)[:40] for name in strange[:5])},
                mend=_("可用的列：%(known)s。") % {"known": listed(COLUMNS)},
                field="file",
            )
        try:
            found.append((number, cleaner.clean(row)))
        except Invalid as problem:
            report.refuse(number, problem)
    if not report.rows:
        raise Invalid(_("没有可导入的行。"), mend=_("请在表头下填写数据。"), field="file")
    with transaction.atomic():
        fresh = _fresh(found, report)
        report.created = len(fresh)
        report.indicators = sorted({str(cleaned.indicator.pk) for _number, cleaned in fresh})
        doubted = _doubt(fresh, report)
        if report.wrong or dry_run or (doubted and not accept_differences):
            return report
        _write(actor, [cleaned for _number, cleaned in fresh], doubted)
    report.written = True
    return report


@transaction.atomic
def withdraw_value(actor: Any, value: Value, *, why: str) -> Value:
    """Withdraw a value (撤回): it stays to be read, but counts no longer.

    Raises:
        NotAllowed: the actor may not.
        Invalid: no reason is given, or it is withdrawn already.
    """
    require(actor, "insight.withdraw_value", value)
    said = why.strip()
    if not said or len(said) > WHY_AT_MOST:
        raise Invalid(_("请写明撤回原因，不超过 300 字。"), field="why")
    value = Value.objects.select_for_update().select_related("indicator").get(pk=value.pk)
    if value.withdrawn_at is not None:
        raise Invalid(_("这个数值已经撤回。"))
    value.withdrawn_at, value.withdrawn_why = timezone.now(), said
    value.save(update_fields=["withdrawn_at", "withdrawn_why"])
    record(
        actor,
        "withdraw_value",
        value.indicator,
        data={"value": value.pk, "scope": value.scope, "period": value.period, "why": sm3_hex(said.encode())},
        city=value.scope if value.scope_kind == Value.Scope.CITY else "",
    )
    return value


def _fresh(found: Sequence[tuple[int, Cleaned]], report: ImportReport) -> list[tuple[int, Cleaned]]:
    """Rows that are new; repeated and contradicting ones are told in the report."""
    there: dict[str, Value] = {}
    digests = [cleaned.digest for _number, cleaned in found]
    for part in chunks(digests):
        for value in Value.objects.filter(digest__in=part, withdrawn_at=None):
            there[value.digest] = value
    seen: dict[str, int] = {}
    fresh = []
    for (number, cleaned), digest in zip(found, digests, strict=True):
        if digest in seen:
            report.refuse(
                number, Invalid(_("与第 %(row)d 行重复。") % {"row": seen[digest]}, mend=_("请只保留一行。"))
            )
        elif digest not in there:
            fresh.append((number, cleaned))
        elif there[digest].value == cleaned.value:
            report.unchanged += 1
        else:
            report.refuse(number, _contradiction(there[digest]))
        seen.setdefault(digest, number)
    return fresh


@dataclass(frozen=True, slots=True)
class _Beside:
    """A figure of the same indicator, scope and period: in the store, or in ``row`` of the same file."""

    value: Decimal
    source: str
    row: int = 0


def _doubt(fresh: Sequence[tuple[int, Cleaned]], report: ImportReport) -> set[str]:
    """Tell in the report which rows have to be confirmed; their digests are returned."""
    near, doubted = _live_beside(fresh), set()
    for number, row in fresh:
        beside = near[_place(row)]
        far = next((other for other in beside if far_apart(row.value, other.value)), None)
        why = unusual(row.indicator, row.bounds, row.value) or (_apart(row, far) if far else "")
        if why:
            report.doubt(number, Invalid(why, mend=_CONFIRM, field="value"))
            doubted.add(row.digest)
        beside.append(_Beside(row.value, row.source_name, number))
    return doubted


def _live_beside(fresh: Sequence[tuple[int, Cleaned]]) -> dict[_Place, list[_Beside]]:
    """What the store holds live of the rows' indicators and periods, by place; a query an indicator."""
    periods: dict[Any, set[str]] = defaultdict(set)
    for _number, row in fresh:
        periods[row.indicator].add(row.period)
    near: dict[_Place, list[_Beside]] = defaultdict(list)
    for indicator, wanted in periods.items():
        for part in chunks(sorted(wanted)):
            for value in Value.objects.filter(indicator=indicator, period__in=part, withdrawn_at=None):
                near[_place(value)].append(_Beside(value.value, value.source_name))
    return near


def _place(row: Cleaned | Value) -> _Place:
    return str(row.indicator.pk), row.scope_kind, row.scope, row.period


def _apart(row: Cleaned, other: _Beside) -> str:
    words = {
        "value": plain(row.value), "source": row.source_name, "there": plain(other.value),
        "other": other.source, "row": other.row, "unit": row.unit,
    }  # fmt: skip
    if other.row:
        return (
            _(
                "数值 %(value)s %(unit)s（来源：%(source)s）与第 %(row)d 行的 %(there)s %(unit)s"
                "（来源：%(other)s）相差两倍以上或正负不同，而指标、范围、时期相同。"
            )
            % words
        )
    return (
        _(
            "数值 %(value)s %(unit)s（来源：%(source)s）与已有的 %(there)s %(unit)s"
            "（来源：%(other)s）相差两倍以上或正负不同，而指标、范围、时期相同。"
        )
        % words
    )


def _contradiction(there: Value) -> Invalid:
    return Invalid(
        _("同一来源、同一版本已有另一个数值（%(value)s）。") % {"value": plain(there.value)},
        mend=_("修订请注明版本（最终数）或新的来源；录错的请先撤回。"),
        field="value",
    )


def _write(actor: Any, fresh: Sequence[Cleaned], doubted: Collection[str]) -> None:
    """Save the values and write one entry an indicator, with a digest of what was entered.

    The entry counts the figures that somebody had to confirm.
    """
    person = actor if getattr(actor, "is_authenticated", False) else None
    Value.objects.bulk_create([cleaned.build(person) for cleaned in fresh], batch_size=500)
    by_indicator: dict[Any, list[Cleaned]] = defaultdict(list)
    for cleaned in fresh:
        by_indicator[cleaned.indicator].append(cleaned)
    acts = []
    for indicator, entered in sorted(by_indicator.items(), key=lambda pair: str(pair[0].pk)):
        said = "\n".join(sorted(f"{row.digest}\x1f{row.value:f}" for row in entered))
        periods = sorted({row.period for row in entered})
        data = {
            "values": len(entered),
            "scopes": len({(row.scope_kind, row.scope) for row in entered}),
            "periods": [periods[0], periods[-1]],
            "digest": sm3_hex(said.encode()),
        }
        if confirmed := sum(row.digest in doubted for row in entered):
            data["confirmed"] = confirmed
        acts.append(Act("enter_values", indicator, data))
    if acts:
        record_all(actor, acts)


def _check_words(slug: str, given: Mapping[str, Any]) -> None:
    if not _SLUG.fullmatch(slug) or slug == "new":  # the address of a new one
        raise Invalid(_("代号只能用小写字母、数字、下划线和连字符，不超过 60 个字符。"), field="slug")
    if not given["name"]:
        raise Invalid(_("请填写名称。"), field="name")
    for key, most in (
        ("name", NAME_AT_MOST), ("name_en", NAME_AT_MOST), ("unit", UNIT_AT_MOST), ("description", _TOO_LONG),
        ("description_en", _TOO_LONG),
    ):  # fmt: skip
        if len(given[key]) > most or "\x00" in given[key]:
            raise Invalid(_("文字过长，最多 %(limit)d 字。") % {"limit": most}, field=key)
    if given["subject"] not in Indicator.Subject.values:
        raise Invalid(_("请选择类别。"), field="subject")
