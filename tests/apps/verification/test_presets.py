"""The presets: shipped with the package, complete, and each good for a published call."""

from __future__ import annotations

from pathlib import Path

import pytest

from langqiao.apps.registry.models import Organisation
from langqiao.apps.verification.domain import layout
from langqiao.apps.verification.domain.calls import draft_call, publish_call
from langqiao.apps.verification.domain.presets import preset, presets, read_preset
from langqiao.apps.verification.models import Call, CallState
from langqiao.kit.refusals import Invalid
from tests.factories import verification as make


def test_every_kind_has_a_preset() -> None:
    assert {p.kind for p in presets().values()} == set(Call.Kind.values)
    assert list(presets()) == ["recognise", "verify", "evaluate", "grade"]


def test_they_are_in_the_terms_of_the_field() -> None:
    recognise = preset("recognise").values
    assert [row["title"] for row in recognise["promises"]] == ["科研诚信承诺书", "知识产权合规性说明"]
    assert "自查情况说明" in [section["title"] for section in recognise["form"]]
    assert recognise["screening"]
    assert "申请" in recognise["guide"] or "申报" in recognise["guide"]
    assert [step["kind"] for step in recognise["chain"]] == [
        "documents", "review", "defence", "conference", "notice", "issue",
    ]  # fmt: skip
    # The terms of GB/T 44731-2024.
    scores = [row["name"] for row in preset("evaluate").values["criteria"] if row["kind"] == "score"]
    assert scores == ["科学价值", "技术价值", "经济价值", "社会和文化价值", "转化推广潜力"]
    assert [row["name"] for row in preset("grade").values["grades"]] == ["优秀", "合格", "不合格"]
    assert preset("verify").values["blindness"] == Call.Blindness.DOUBLE


@pytest.mark.parametrize("slug", ["recognise", "verify", "evaluate", "grade"])
def test_weights_of_the_scores_make_a_hundred(slug: str) -> None:
    rows = preset(slug).values["criteria"]
    assert sum(row["weight"] for row in rows if row["kind"] == "score") == 100


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["recognise", "verify", "evaluate", "grade"])
def test_a_preset_is_published_and_takes_an_application(slug: str) -> None:
    call = draft_call(None, kind=slug, title="示例征集", preset=slug)
    assert call.form == preset(slug).values["form"]
    publish_call(None, call)
    assert call.state == CallState.OPEN
    application = make.make_submitted(
        call, organisation=make.make_organisation(kind=Organisation.Kind.UNIVERSITY)
    )
    assert application.number == 1


@pytest.mark.django_db
def test_a_preset_of_another_kind_is_refused() -> None:
    for slug, says in (("grade", "属于另一类征集"), ("nothing", "没有“nothing”这一征集模板。")):
        with pytest.raises(Invalid) as refusal:
            draft_call(None, kind="recognise", title="示例征集", preset=slug)
        assert says in refusal.value.why
        assert refusal.value.field == "preset"


@pytest.mark.django_db
def test_given_values_win_over_the_preset() -> None:
    call = draft_call(None, kind="recognise", title="示例征集", preset="recognise", places=3, guide="另一份")
    assert (call.places, call.guide, call.reviews_per) == (3, "另一份", 5)
    call.form[0]["title"] = "改动"
    assert preset("recognise").values["form"][0]["title"] != "改动"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = ", "不是有效的 TOML"),
        ('name = "甲"', "name_en：缺少这个键。"),
        ('name = "甲"\nname_en = "A"\nkind = "other"', "kind：应是以下之一"),
        ('name = "甲"\nname_en = "A"\nkind = "verify"\nsummary = "一"\nguide = "二"\ncolour = 1', "colour：不认识"),
        ('name = "甲"\nname_en = "A"\nkind = "verify"\nsummary = "一"\nguide = "二"', "至少要有一步"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Invalid) as refusal:
        read_preset(path)
    assert says in refusal.value.why


def test_no_promise_holds_what_only_a_page_could_fill_in() -> None:
    for one in presets().values():
        for row in one.values.get("promises", ()):
            assert "%" not in row["text"]
            assert row == layout.clean("promises", [row])[0]
