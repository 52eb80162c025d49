"""Importing challenges: requirement lists, publishing, lists that come back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Role
from langqiao.apps.challenges.exchange import complete_challenge
from langqiao.apps.challenges.models import Challenge, State
from langqiao.apps.registry.exchange import detect_kind, import_file
from tests.factories.challenges import make_city, make_field, make_organisation, make_user

pytestmark = pytest.mark.django_db

LIST = "'a-1' , '减速器' , '一\\n二' \r\n'a-2' , '只有题目' , '' \r\n"


@pytest.fixture(autouse=True)
def corridor():
    make_city()
    make_field()


def test_requirement_list_is_published_without_firm(tmp_path):
    path = tmp_path / "requirements.csv"
    path.write_text(LIST, newline="")
    assert detect_kind(path) == "challenges"
    report = import_file(None, path, publish=True)
    assert (report.created, report.failed) == (2, 0)
    first, second = Challenge.objects.order_by("code")
    assert (first.details, first.state, first.organisation) == ("一\n二", State.PUBLISHED, None)
    assert (second.summary, second.details) == ("只有题目", "")
    assert any("没有内容" in text for text in report.warnings)
    assert import_file(None, path, publish=True).unchanged == 2


def test_trial_leaves_nothing_and_publishing_faults_are_errors(tmp_path):
    path = tmp_path / "题目.csv"
    path.write_text("编号,题目,截止日期,出题企业\nC-1,甲,2020-01-01,F\nC-2,乙,,无此企业\n")
    make_organisation(code="F")
    report = import_file(None, path, publish=True, dry_run=True)
    assert [(e.row, e.field) for e in report.errors] == [(2, "summary"), (3, "organisation")]
    assert not Challenge.objects.exists()


def test_members_import_for_their_own_firm_only(tmp_path):
    firm = make_organisation(code="F")
    make_organisation(code="G")
    path = tmp_path / "题目.csv"
    path.write_text("编号,题目,出题企业\nC-1,甲,F\nC-2,乙,G\n")
    report = import_file(make_user(Role.ENTERPRISE, firm), path, skip_errors=True)
    assert (report.created, [e.row for e in report.errors]) == (1, [3])
    assert Challenge.objects.get().organisation == firm


def test_owner_for_rows_that_name_none(tmp_path):
    firm = make_organisation(code="F")
    path = tmp_path / "题目.csv"
    path.write_text("编号,题目\nC-1,甲\n")
    import_file(None, path, organisation=firm)
    assert Challenge.objects.get().organisation == firm


@pytest.mark.parametrize(
    ("budget", "low", "high"),
    [("50–200", "50", "200"), ("–200", "", "200"), ("50–", "50", ""), ("50、200", "50", "200"), ("", "", "")],
)
def test_budget_from_to(budget, low, high):
    values = {"title": "甲", "summary": "x", "budget": budget}
    complete_challenge(values)
    assert (values["budget_min"], values["budget_max"]) == (low, high)


def test_single_budget_is_the_most():
    values = {"title": "甲", "summary": "x", "budget": "200"}
    complete_challenge(values)
    assert values == {"title": "甲", "summary": "x", "budget_max": "200"}


def test_another_firms_draft_is_not_told_of_by_its_title(tmp_path):
    Challenge.objects.create(case="LQ-1", title="机密题目", organisation=make_organisation())
    firm = make_organisation(code="F")
    path = tmp_path / "题目.csv"
    path.write_text("题目,出题企业\n机密题目,F\n")
    report = import_file(make_user(Role.ENTERPRISE, firm), path)
    assert (report.created, report.failed) == (1, 0)


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_an_exported_list_comes_back_unchanged(tmp_path, rf, format):
    listing = pytest.importorskip("langqiao.apps.challenges.listings").ChallengeListing
    from langqiao.kit.listing import list_view

    firm = make_organisation(code="F")
    values = {
        "state": State.PUBLISHED,
        "organisation": firm,
        "city_id": "songjiang",
        "published_at": timezone.now(),
    }
    day = timezone.localdate() + timedelta(days=9)
    Challenge.objects.create(
        case="LQ-1", code="C-1", title="甲", summary="x", deadline=day, budget_min=Decimal("50.50"), **values
    )
    Challenge.objects.create(
        case="LQ-2", title="乙", summary="y", deadline=day, budget_max=90, field_id="materials", **values
    )
    request = rf.get("/", {"export": format})
    request.user = make_user()
    response = list_view(listing)(request)
    path = tmp_path / f"challenges.{format}"
    path.write_bytes(b"".join(response))
    response.close()
    report = import_file(None, path, "challenges")
    assert [(e.row, e.why) for e in report.errors] == []
    assert (report.unchanged, report.changed, report.created) == (2, 0, 0)


@pytest.mark.slow
def test_all_requirements_of_the_corpus(shared_data, tmp_path):
    path = shared_data / "requirements" / "requirements.csv"
    report = import_file(None, path, publish=True)
    assert (report.rows, report.created, report.failed) == (371, 371, 0)
    assert Challenge.objects.filter(state=State.PUBLISHED).count() == 371
    assert import_file(None, path, publish=True, dry_run=True).unchanged == 371
