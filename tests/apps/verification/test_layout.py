"""What configures a call: every fault named by part, item and key; what is kept is complete."""

from __future__ import annotations

from typing import Any

import pytest

from langqiao.apps.verification.domain import layout
from langqiao.apps.verification.domain.filling import clean_values, merged, unfilled
from langqiao.kit.refusals import Invalid
from tests.factories.verification import CHAIN, CRITERIA, FORM, POINTS, PROMISES, WANTED


def field(**values: Any) -> list[dict[str, Any]]:
    """A form of one field."""
    return [{"key": "s", "title": "部分", "fields": [{"key": "f", "label": "栏", "kind": "text", **values}]}]


def score(**values: Any) -> dict[str, Any]:
    return {"key": "a", "name": "甲", **values}


FAULTS: list[tuple[str, Any, str]] = [
    ("form", {}, "申报表的 *：应是一组条目。"),
    ("form", ["x"], "申报表第 1 项的 *：应是一组键值。"),
    ("form", [{"key": "a"}], "申报表第 1 项的 title：缺少这个键。"),
    ("form", [{"key": "a", "title": "甲", "fields": []}], "申报表第 1 项的 fields：至少要有一栏。"),
    ("form", [*FORM, FORM[0]], "申报表第 3 项的 key：“project”重复。"),
    (
        "form",
        [*FORM, {"key": "x", "title": "乙", "fields": FORM[0]["fields"][:1]}],
        "申报表第 3 项第 1 项的 key：“summary”重复。",
    ),
    ("form", field(kind="colour"), "申报表第 1 项第 1 项的 kind：应是以下之一："),
    ("form", field(kind="choice"), "申报表第 1 项第 1 项的 options：选择栏须列出选项。"),
    ("form", field(options=["甲"]), "申报表第 1 项第 1 项的 options：只有选择栏有选项。"),
    ("form", field(kind="choice", options=[]), "申报表第 1 项第 1 项的 options：应是一组词，至少一个。"),
    ("form", field(kind="choice", options=["甲", "甲"]), "申报表第 1 项第 1 项的 options：有重复。"),
    ("form", field(kind="choices", options=["甲"], most=2), "应是 1 至选项个数之间的整数。"),
    ("form", field(kind="date", most=2), "申报表第 1 项第 1 项的 most：这类栏目没有上限。"),
    ("form", field(most=10**9), "申报表第 1 项第 1 项的 most：应是不超过 500 的字数。"),
    ("form", field(most=1.5), "申报表第 1 项第 1 项的 most：应是不超过 500 的字数。"),
    ("form", field(required="yes"), "申报表第 1 项第 1 项的 required：应是 true 或 false。"),
    ("form", field(key="大"), "申报表第 1 项第 1 项的 key：应以小写字母开头"),
    ("form", field(label=" "), "申报表第 1 项第 1 项的 label：不能为空。"),
    ("form", field(label="\x00"), "申报表第 1 项第 1 项的 label：含有控制字符。"),
    ("form", field(label=3), "申报表第 1 项第 1 项的 label：应是文字。"),
    ("form", field(label="长" * 121), "申报表第 1 项第 1 项的 label：最多 120 字。"),
    ("form", field(colour="red"), "申报表第 1 项第 1 项的 colour：不认识这个键；可用："),
    ("wanted_files", [{"key": "a"}], "附件要求第 1 项的 name：缺少这个键。"),
    ("wanted_files", WANTED * 2, "附件要求第 3 项的 key：“plan”重复。"),
    ("wanted_files", [{**WANTED[0], "key": f"a{i}"} for i in range(41)], "附件要求的 *：最多 40 项。"),
    ("promises", [{"key": "a", "title": "书"}], "承诺书第 1 项的 text：缺少这个键。"),
    ("screening", [{"key": "a", "text": 1}], "形式审查要点第 1 项的 text：应是文字。"),
    ("criteria", [score(kind="sum")], "评分标准第 1 项的 kind：应是以下之一：score、gate。"),
    ("criteria", [score(rule="any")], "评分标准第 1 项的 rule：评分项没有这个键。"),
    ("criteria", [score(kind="gate", weight=1)], "评分标准第 1 项的 weight：门槛项没有这个键。"),
    ("criteria", [score(most=0)], "评分标准第 1 项的 most：应大于 0，不超过 1000。"),
    ("criteria", [score(most=10**400)], "评分标准第 1 项的 most：应大于 0，不超过 1000。"),
    ("criteria", [score(weight=float("nan"))], "评分标准第 1 项的 weight：应大于 0"),
    ("criteria", [score(weight=True)], "评分标准第 1 项的 weight：应是数字。"),
    ("chain", [{"kind": "party"}], "评选流程第 1 项的 kind：应是以下之一："),
    ("chain", [{"kind": "issue"}, {"kind": "review"}], "评选流程第 1 项的 kind：发文须是最后一步。"),
    ("chain", [{"kind": "issue"}, {"kind": "notice"}], "评选流程第 1 项的 kind：公示须在发文之前。"),
    ("chain", [{"kind": "documents"}] * 2, "评选流程第 2 项的 kind：资料审查只能有一次。"),
    ("chain", [{"kind": "notice", "share": 1}], "评选流程第 1 项的 share：只有专家评审和现场答辩有这个键。"),
    ("chain", [{"kind": "review", "days": 7}], "评选流程第 1 项的 days：只有张榜公示有公示天数。"),
    ("chain", [{"kind": "notice", "days": 0}], "评选流程第 1 项的 days：应在 1 至 60 之间。"),
    ("chain", [{"kind": "notice", "days": "7"}], "评选流程第 1 项的 days：应是整数。"),
    ("chain", [{"kind": "review", "due": "soon"}], "评选流程第 1 项的 due：应是日期，如 2026-09-30。"),
    ("grades", [{"key": "a", "name": "优", "at_least": 101}], "等次第 1 项的 at_least：应在 0 至 100 之间。"),
    (
        "grades",
        [{"key": "a", "name": "优", "at_least": 60}, {"key": "b", "name": "良", "at_least": 60}],
        "等次第 2 项的 at_least：应低于上一等次的分数线。",
    ),
    ("grades", [{"key": "a", "name": "优", "at_least": 60}], "等次第 1 项的 at_least：最后一个等次的分数线须为 0"),
    ("panel", {"colour": {}}, "专家组构成的 colour：不认识这个键"),
    ("panel", {"city": 3}, "专家组构成的 *：应是一组键值。"),
    ("panel", {"kind": {"at_most": -1}}, "专家组构成的 at_most：应在 1 至 50 之间。"),
    (
        "panel",
        {"city": {"at_most": {"hefei": 1}, "at_least": 2}},
        "专家组构成的 city：上限逐个列出时，下限也须逐个列出。",
    ),
    ("panel", {"city": {"at_least": {"hefei": 0}}}, "专家组构成的 at_least：应在 1 至 50 之间。"),
    ("choice", [], "遴选约束的 *：应是一组键值。"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "value", "says"), FAULTS)
def test_a_fault_is_named_by_part_item_and_key(column: str, value: Any, says: str) -> None:
    with pytest.raises(Invalid) as refusal:
        layout.clean(column, value)
    assert refusal.value.why.startswith(says) or says in refusal.value.why
    assert refusal.value.field == column


def test_what_is_kept_is_complete() -> None:
    form = layout.clean("form", FORM)
    assert form[0]["help"] == ""
    assert form[0]["fields"][0] == {
        "key": "summary", "label": "技术方案", "kind": "longtext", "required": True, "help": "",
        "most": 5_000, "identifying": False,
    }  # fmt: skip
    assert layout.clean("wanted_files", WANTED)[1] == {
        "key": "licence", "name": "法人证书", "required": False, "identifying": True,
    }  # fmt: skip
    assert layout.clean("criteria", [score(), score(key="g", kind="gate")]) == [
        {"key": "a", "name": "甲", "help": "", "kind": "score", "most": 100, "weight": 1},
        {"key": "g", "name": "甲", "help": "", "kind": "gate", "rule": "majority"},
    ]
    for column, value in (
        ("promises", PROMISES), ("screening", POINTS), ("chain", CHAIN), ("choice", {"margin": 3}),
        ("panel", {"city": {"at_most": 2}, "kind": {"at_least": 2}}),
    ):  # fmt: skip
        assert layout.clean(column, value) == value
    # What was kept reads as itself.
    for column, value in (("form", FORM), ("criteria", CRITERIA), ("wanted_files", WANTED)):
        kept = layout.clean(column, value)
        assert layout.clean(column, kept) == kept


@pytest.mark.parametrize(
    "kinds",
    [
        ["documents", "review", "defence", "conference", "notice", "issue"],
        ["review"],
        ["conference", "review", "notice"],
        ["review", "documents", "review", "notice", "conference", "notice", "issue"],
        ["issue"],
    ],
)
def test_steps_are_left_out_and_reordered(kinds: list[str]) -> None:
    chain = layout.clean("chain", [{"kind": kind} for kind in kinds])
    layout.check_together(chain=chain, criteria=layout.clean("criteria", CRITERIA), grades=[])


GRADES = [{"key": "a", "name": "优", "at_least": 85}, {"key": "b", "name": "其余", "at_least": 0}]


@pytest.mark.parametrize(
    ("parts", "says", "column"),
    [
        ({"chain": []}, "评选流程至少要有一步。", "chain"),
        ({"criteria": []}, "“专家评审”没有评分项。", "criteria"),
        (
            {"chain": [{"kind": "defence", "name": "路演", "criteria": ["honest"]}]},
            "“路演”没有评分项。",
            "criteria",
        ),
        (
            {"chain": [{"kind": "documents"}, {"kind": "review", "criteria": ["nothing"]}]},
            "评选流程第 2 项的 criteria：评分标准中没有“nothing”。",
            "chain",
        ),
        ({"chain": [{"kind": "conference"}], "grades": GRADES}, "按分数定等次的征集须有专家评审或现场答辩。", "chain"),
    ],
)  # fmt: skip
def test_parts_must_fit_each_other(parts: dict[str, Any], says: str, column: str) -> None:
    whole = {"chain": CHAIN, "criteria": CRITERIA, "grades": [], **parts}
    with pytest.raises(Invalid) as refusal:
        layout.check_together(**whole)
    assert (refusal.value.why, refusal.value.field) == (says, column)


def test_a_step_s_criteria_are_those_it_names_else_all() -> None:
    criteria = layout.clean("criteria", CRITERIA)
    assert layout.step_criteria(criteria, {"kind": "review"}) == criteria
    named = layout.step_criteria(criteria, {"kind": "review", "criteria": ["market"]})
    assert [row["key"] for row in named] == ["market"]


KINDS = layout.clean(
    "form",
    [
        {
            "key": "all",
            "title": "各类栏目",
            "fields": [
                {"key": "text", "label": "文字", "kind": "text", "most": 5, "required": True},
                {"key": "long", "label": "长文", "kind": "longtext", "most": 10},
                {"key": "number", "label": "数字", "kind": "number", "most": 100},
                {"key": "money", "label": "金额", "kind": "money", "most": 50},
                {"key": "date", "label": "日期", "kind": "date"},
                {"key": "choice", "label": "单选", "kind": "choice", "options": ["甲", "乙"]},
                {
                    "key": "choices",
                    "label": "多选",
                    "kind": "choices",
                    "options": ["甲", "乙", "丙"],
                    "most": 2,
                },
                {"key": "yesno", "label": "是否", "kind": "yesno", "required": True},
            ],
        }
    ],
)


@pytest.mark.parametrize(
    ("key", "given", "kept"),
    [
        ("text", "  一  二 ", "一 二"),
        ("long", "一\r\n二", "一\n二"),
        ("number", "12.5", 12.5),
        ("number", 12.0, 12),
        ("number", "-0.0", 0),
        ("number", 0.1234567, 0.123457),
        ("money", "12", "12.00"),
        ("money", 12.345, "12.34"),
        ("date", "2026-02-28", "2026-02-28"),
        ("choice", "乙", "乙"),
        ("choices", ["丙", "甲"], ["甲", "丙"]),
        ("yesno", "no", False),
        ("yesno", True, True),
        ("text", "", None),
        ("text", "   ", None),
        ("choices", [], None),
        ("number", None, None),
    ],
)
def test_values_are_kept_in_one_form(key: str, given: Any, kept: Any) -> None:
    found = clean_values(KINDS, {key: given})
    assert found == {key: kept}
    assert type(found[key]) is type(kept)


@pytest.mark.parametrize(
    ("key", "given", "says"),
    [
        ("text", "一二三四五六", "“文字”：最多 5 字。"),
        ("text", 3, "“文字”：应是文字。"),
        ("long", "\x00", "“长文”：含有控制字符。"),
        ("long", "\ud800", "“长文”：含有控制字符。"),
        ("number", "many", "“数字”：应是数字。"),
        ("number", True, "“数字”：应是数字。"),
        ("number", "nan", "“数字”：应是数字。"),
        ("number", "1e999999", "“数字”：应是数字。"),
        pytest.param("number", 10**4400, "“数字”：应是数字。", id="number-endless"),
        ("number", 101, "“数字”：最大 100。"),
        ("number", {}, "“数字”：应是数字。"),
        ("money", -1, "“金额”：金额不能为负。"),
        ("money", "50.01", "“金额”：最多 50 万元。"),
        ("date", "2026-02-30", "“日期”：应是日期，如 2026-09-30。"),
        ("date", 5, "“日期”：应是日期，如 2026-09-30。"),
        ("choice", "丁", "“单选”：可选：甲、乙。"),
        ("choice", ["甲"], "“单选”：可选：甲、乙。"),
        ("choices", "甲", "“多选”：应是一组选项。"),
        ("choices", ["甲", "乙", "丙"], "“多选”：最多选 2 项。"),
        ("choices", [["甲"]], "“多选”：可选：甲、乙、丙。"),
        ("yesno", "perhaps", "“是否”：请选择是或否。"),
        ("yesno", [True], "“是否”：请选择是或否。"),
    ],
)
def test_a_wrong_value_is_named_by_its_field(key: str, given: Any, says: str) -> None:
    with pytest.raises(Invalid) as refusal:
        clean_values(KINDS, {key: given})
    assert (refusal.value.why, refusal.value.field) == (says, key)


def test_values_of_no_field_are_refused() -> None:
    for given in ({"other": 1}, {"": 1}, {None: 1}, []):
        with pytest.raises(Invalid) as refusal:
            clean_values(KINDS, given)  # type: ignore[arg-type]  # what an API may send
        assert refusal.value.field == "values"


def test_required_fields_stay_wanted_until_filled() -> None:
    values = merged({}, clean_values(KINDS, {"text": "甲", "number": 3}))
    assert [f["key"] for f in unfilled(KINDS, values)] == ["yesno"]
    values = merged(values, clean_values(KINDS, {"text": "", "yesno": False}))
    assert values == {"number": 3, "yesno": False}
    assert [f["key"] for f in unfilled(KINDS, values)] == ["text"]


def test_constraints_are_rules_of_the_engine() -> None:
    rule = {"kind": "at_least", "attribute": "city", "number": 1}
    assert layout.clean("choice", {"rules": [rule], "margin": 0.5}) == {"rules": [rule], "margin": 0.5}
    for wrong in (
        {"kind": "party"},
        {"kind": "budget", "limit": "all"},
        "city>=1",
        {"kind": "places", "number": 1.5},
    ):
        with pytest.raises(Invalid) as refusal:
            layout.clean("choice", {"rules": [wrong]})
        assert refusal.value.why == "遴选约束的 rules：不是有效的约束，请核对类别和数值。"


@pytest.mark.parametrize(
    ("bounds", "most", "least"),
    [
        ({}, None, {}),
        ({"at_most": 2}, 2, {}),
        ({"at_least": 1}, None, {}),
        ({"at_least": 2}, 4, {}),
        ({"at_least": 3}, 2, {}),
        ({"at_least": 9}, 1, {}),
        ({"at_most": 1, "at_least": 2}, 1, {}),
        ({"at_most": {"hefei": 1}, "at_least": {"suzhou": 1}}, {"hefei": 1}, {"suzhou": 1}),
    ],
)
def test_quotas_as_the_engine_takes_them(bounds: Any, most: Any, least: Any) -> None:
    panel = layout.clean("panel", {"city": bounds})
    assert layout.panel_bounds(panel, "city", 5) == (most, least)
    assert layout.panel_bounds(panel, "kind", 5) == (None, {})
