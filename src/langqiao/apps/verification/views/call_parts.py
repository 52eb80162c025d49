"""The parts of a call's set-up (征集的设置): what each page asks for, in words and forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from langqiao.apps.verification.domain import layout
from langqiao.apps.verification.forms import calls as f
from langqiao.apps.verification.forms.choice import RuleForm, rows_of
from langqiao.apps.verification.models import Call


@dataclass(frozen=True)
class Rows:
    """A part that is a list of rows.

    Attributes:
        column: the call's column.
        form: form of one row.
        letter: new rows get keys of this letter and a number; "" when rows have no key.
    """

    column: str
    form: type[Any]
    letter: str
    most: int
    noun: Any
    add: Any
    none: Any


@dataclass(frozen=True)
class Part:
    """A page of the set-up, for rows or for a form of single values."""

    slug: str
    label: Any
    help: Any = ""
    rows: Rows | None = None
    form: type[Any] | None = None
    count: Callable[[Call], int] = field(default=lambda _call: 0)
    # Whether it may still change once the call is published.
    stays_open: bool = False


PARTS: Mapping[str, Part] = {
    part.slug: part
    for part in (
        Part(
            "basics",
            _("基本信息"),
            form=f.BasicsForm,
            help=_("名称、申请指南、时间与名额。指南和截止时间发布时必填。"),
            count=lambda c: int(bool(c.guide)),
        ),
        Part(
            "form",
            _("申报表"),
            help=_("申报单位逐节填写；先列出各节，再进入每一节设置栏目。"),
            rows=Rows(
                "form",
                f.SectionForm,
                "s",
                layout.SECTIONS_AT_MOST,
                _("节"),
                _("添加一节"),
                _("还没有内容，先添加一节。"),
            ),
            count=lambda c: len(c.form),
        ),
        Part(
            "files",
            _("附件要求"),
            help=_("申报单位提交前须上传的材料。标记“会透露申报单位”的，双盲评审时专家看不到。"),
            rows=Rows(
                "wanted_files",
                f.WantedForm,
                "a",
                layout.ROWS_AT_MOST,
                _("附件"),
                _("添加附件要求"),
                _("不要求附件。"),
            ),
            count=lambda c: len(c.wanted_files),
        ),
        Part(
            "promises",
            _("承诺书"),
            help=_("申报单位须阅读全文并签署；签署时的全文与摘要留存。"),
            rows=Rows("promises", f.PromiseForm, "p", 10, _("承诺书"), _("添加承诺书"), _("不要求承诺书。")),
            count=lambda c: len(c.promises),
        ),
        Part(
            "screening",
            _("形式审查要点"),
            help=_("资料审查时逐条判定符合与否；不符合的要点会告知申报单位。"),
            rows=Rows(
                "screening",
                f.PointForm,
                "k",
                layout.ROWS_AT_MOST,
                _("要点"),
                _("添加要点"),
                _("还没有要点。"),
            ),
            count=lambda c: len(c.screening),
        ),
        Part(
            "criteria",
            _("评分标准"),
            help=_("总分 = 100 × Σ 权重 × 得分 ÷ 满分 ÷ Σ 权重；门槛只判合格与否，不计分。"),
            rows=Rows(
                "criteria",
                f.CriterionForm,
                "c",
                layout.ROWS_AT_MOST,
                _("指标"),
                _("添加指标"),
                _("还没有评分标准。"),
            ),
            count=lambda c: len(c.criteria),
        ),
        Part(
            "chain",
            _("评选流程"),
            help=_("按先后排列；不需要的环节删去，可以重复评审。发文须在最后。"),
            rows=Rows(
                "chain", f.StepForm, "", layout.STEPS_AT_MOST, _("环节"), _("添加环节"), _("还没有环节。")
            ),
            count=lambda c: len(c.chain),
        ),
        Part(
            "grades",
            _("等次"),
            help=_("年度考核等按分数定等次的征集填写，从高到低；最后一个等次的分数线为 0。"),
            rows=Rows("grades", f.GradeForm, "g", 10, _("等次"), _("添加等次"), _("不设等次，按名额遴选。")),
            count=lambda c: len(c.grades),
        ),
        Part(
            "reviewing",
            _("评审设置"),
            help=_("盲审方式、评审数量、回避年限与专家组构成。"),
            form=f.ReviewingForm,
            count=lambda _c: 1,
            stays_open=True,
        ),
        Part(
            "choice",
            pgettext_lazy("part of a call", "遴选约束"),
            help=_("入选名单须满足的条件；遴选时还可以调整，并比较每一条的代价。不填则只按分数。"),
            rows=Rows(
                "choice",
                RuleForm,
                "",
                layout.ROWS_AT_MOST,
                _("约束"),
                _("添加约束"),
                _("没有约束，只按分数。"),
            ),
            count=lambda c: len(rows_of(c.choice)),
            stays_open=True,
        ),
    )
}
