"""Verbs of the applicants: drafts, files, promises, submission by the clock, withdrawal."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Notification
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.models import Organisation
from langqiao.apps.verification.domain import applications as verbs
from langqiao.apps.verification.domain.files import add_file, remove_file
from langqiao.apps.verification.domain.screening import screen
from langqiao.apps.verification.domain.steps import start_chain
from langqiao.apps.verification.models import Application, ApplicationFile, ApplicationState, Call
from langqiao.apps.verification.queries.content import content_of, readable_file
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import verification as make
from tests.factories.accounts import make_office, make_user
from tests.factories.registry import make_achievement, make_field, make_organisation, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def last_entry() -> Entry:
    return Entry.objects.order_by("-sequence")[0]


def close(call: Call) -> Call:
    return make.let_close(call)


def test_a_draft_has_a_case_of_its_own_and_no_number() -> None:
    call = make.make_call()
    organisation, member = make.make_applicant()
    field, achievement = make_field("ai"), make_achievement()
    application = verbs.draft_application(
        member, call, organisation=organisation, title=" 示例 申报 ", field=field, achievement=achievement,
        amount=Decimal("12.345"), values={"area": "800"},
    )  # fmt: skip
    assert application.case != call.case
    assert (application.title, application.number, application.city) == ("示例 申报", None, organisation.city)
    application.refresh_from_db()
    assert (application.amount, application.values) == (Decimal("12.34"), {"area": 800})
    entry = last_entry()
    assert (entry.verb, entry.case, entry.visibility) == ("draft_application", application.case, "parties")
    assert entry.organisation == f"registry.organisation:{organisation.pk}"
    assert set(json.loads(entry.data)) == {"call", "title_sm3"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "长" * 201}, "title"),
        ({"title": "\x00"}, "title"),
        ({"amount": Decimal(-1)}, "amount"),
        ({"amount": Decimal("NaN")}, "amount"),
        ({"amount": Decimal("1e30")}, "amount"),
        ({"values": {"nothing": 1}}, "values"),
        ({"values": {"area": "many"}}, "area"),
        ({"case": "LQ-2020-000001"}, "case"),
    ],
)
def test_a_wrong_value_is_refused_by_its_field(values: dict[str, Any], field: str) -> None:
    call = make.make_call()
    with pytest.raises(Invalid) as refusal:
        make.make_application(call, **values)
    assert refusal.value.field == field
    assert not Application.objects.exists()


def test_nobody_asks_for_more_than_the_call_has() -> None:
    call = make.make_call(budget=Decimal(100))
    with pytest.raises(Invalid) as refusal:
        make.make_application(call, amount=Decimal("100.01"))
    assert refusal.value.field == "amount"


def test_it_may_grow_out_of_a_case_in_which_its_organisation_took_part() -> None:
    organisation = make_organisation(kind=Organisation.Kind.UNIVERSITY)
    first = make.make_submitted(make.make_call(), organisation=organisation)
    second = make.make_application(make.make_call(), organisation=organisation, case=first.case)
    assert second.case == first.case
    with pytest.raises(Invalid) as refusal:
        make.make_application(make.make_call(), case=first.case)
    assert refusal.value.why == f"贵单位没有参与项目“{first.case}”。"


def test_an_organisation_applies_once_to_be_recognised_but_with_many_projects() -> None:
    organisation = make_organisation(kind=Organisation.Kind.UNIVERSITY)
    call = make.make_call()
    first = make.make_application(call, organisation=organisation)
    with pytest.raises(Refused):
        make.make_application(call, organisation=organisation)
    verbs.withdraw_application(make.member_of(organisation), first)
    make.make_application(call, organisation=organisation)
    many = make.make_call(kind="verify")
    make.make_application(many, organisation=organisation)
    make.make_application(many, organisation=organisation)


def test_only_members_apply_for_their_organisation() -> None:
    call = make.make_call()
    application = make.make_application(call)
    stranger = make.make_applicant()[1]
    for user in (stranger, make_user(), make_office()):
        for act in (
            lambda u: make.make_application(call, organisation=application.organisation, actor=u),
            lambda u: verbs.revise_application(u, application, title="他人"),
            lambda u: make.make_file(application, actor=u),
            lambda u: verbs.sign_promise(u, application, key="integrity"),
            lambda u: verbs.submit_application(u, application),
            lambda u: verbs.withdraw_application(u, application),
        ):
            with pytest.raises(NotAllowed):
                act(user)


def test_what_is_missing_is_named_in_the_order_of_the_form() -> None:
    application = make.make_application(make.make_call(), complete=False, values={"area": 3})
    gaps = verbs.missing(application)
    assert [(gap.part, gap.key) for gap in gaps] == [
        ("form", "summary"), ("form", "leader"), ("files", "plan"), ("promises", "integrity"),
    ]  # fmt: skip
    member = make.member_of(application.organisation)
    with pytest.raises(Invalid) as refusal:
        verbs.submit_application(member, application)
    assert (refusal.value.field, refusal.value.why, refusal.value.mend) == (
        "summary", "请填写“技术方案”。", "另有 3 处未完成。",
    )  # fmt: skip
    verbs.revise_application(member, application, values={"summary": "方案", "leader": "某人"})
    make.make_file(application)
    verbs.sign_promise(member, application, key="integrity")
    assert verbs.missing(application) == []


def test_revising_adds_to_what_is_filled_in() -> None:
    application = make.make_application(make.make_call())
    member = make.member_of(application.organisation)
    person = make_person()
    verbs.revise_application(
        member,
        application,
        values={"area": 5, "invested": ""},
        kept_out=[{"person": person.pk, "why": "诉讼"}],
    )
    application.refresh_from_db()
    assert application.values["area"] == 5
    assert "invested" not in application.values
    assert application.values["stage"] == "中试"
    assert application.kept_out == [{"person": person.pk, "why": "诉讼"}]
    entry = last_entry()
    assert json.loads(entry.data)["changed"] == ["kept_out", "values"]
    assert make.MARKER not in entry.data
    before = Entry.objects.count()
    verbs.revise_application(member, application, values={"area": 5})
    assert Entry.objects.count() == before


@pytest.mark.parametrize(
    "kept_out",
    [
        [{"person": 10**30, "why": "无"}], [{"person": True, "why": "无"}], [{"person": 1}], ["x"], {},
        [{"person": None, "why": "无"}],
    ],
)  # fmt: skip
def test_who_is_to_be_kept_out_is_a_known_expert_with_a_reason(kept_out: Any) -> None:
    application = make.make_application(make.make_call())
    make_person()
    with pytest.raises(Invalid) as refusal:
        verbs.revise_application(make.member_of(application.organisation), application, kept_out=kept_out)
    assert refusal.value.field == "kept_out"


def test_a_promise_is_kept_as_it_was_read_and_signed_once() -> None:
    application = make.make_application(make.make_call())
    member = make.member_of(application.organisation)
    signed = application.promises.get()
    assert (signed.text, signed.user) == (make.PROMISES[0]["text"], member)
    before = Entry.objects.count()
    assert verbs.sign_promise(member, application, key="integrity") == signed
    assert Entry.objects.count() == before
    with pytest.raises(Invalid):
        verbs.sign_promise(member, application, key="nothing")
    with pytest.raises(Refused):
        verbs.sign_promise(None, application, key="integrity")


# -- files ----------------------------------------------------------------------------------------


def test_a_wanted_file_is_replaced_and_a_further_one_is_added(
    media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    application = make.make_application(make.make_call())
    first = application.files.get()
    with django_capture_on_commit_callbacks(execute=True):
        second = make.make_file(application, content="新方案".encode())
    assert [file.pk for file in application.files.all()] == [second.pk]
    assert len(list((media / "attachments").iterdir())) == 1
    assert first.digest != second.digest
    make.make_file(application, key="")
    make.make_file(application, key="")
    assert application.files.filter(key="").count() == 2
    assert last_entry().verb == "add_application_file"
    assert make.NAME_MARKER not in last_entry().data


def test_files_are_judged(media: Path) -> None:
    application = make.make_application(make.make_call())
    member = make.member_of(application.organisation)
    for values, field in (
        ({"key": "nothing"}, "key"), ({"content": b""}, "file"), ({"name": "a.exe"}, "file"),
        ({"name": "a.pdf"}, "file"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refusal:
            make.make_file(application, **values)  # type: ignore[arg-type]  # a mixed table
        assert refusal.value.field == field
    for _ in range(10):
        add_file(member, application, key="", file=BytesIO(b"more"), name="a.txt")
    with pytest.raises(Invalid):
        add_file(member, application, key="", file=BytesIO(b"more"), name="a.txt")
    assert len(list((media / "attachments").iterdir())) == 11


def test_a_file_that_was_handed_in_is_kept_for_good(media: Path) -> None:
    application = make.make_submitted(make.make_call())
    member, office = make.member_of(application.organisation), make_office()
    old = application.files.get()
    remove_file(member, old)
    old.refresh_from_db()
    assert old.replaced
    with pytest.raises(Refused):
        remove_file(member, old)
    # The office reads what was handed in, the applicant's working copy has lost it.
    content = content_of(application, office)
    assert content is not None
    assert [file.pk for file in content.files] == [old.pk]
    own = content_of(application, member)
    assert own is not None
    assert own.files == ()
    assert readable_file(old, member) is not None
    assert readable_file(old, office) is not None
    assert readable_file(old, make.make_applicant()[1]) is None
    draft = make.make_file(application)
    assert readable_file(draft, office) is None
    assert readable_file(draft, member) is not None


def test_a_file_leaves_no_trace_when_the_ledger_fails(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    application = make.make_application(make.make_call(), complete=False)

    def fail(*_args: Any, **_values: Any) -> None:
        raise RuntimeError("the ledger is not there")

    monkeypatch.setattr("langqiao.apps.verification.domain.acts.record", fail)
    with pytest.raises(RuntimeError):
        make.make_file(application)
    assert not ApplicationFile.objects.exists()
    assert not list((media / "attachments").iterdir())


# -- the clock ------------------------------------------------------------------------------------


def test_numbers_follow_the_submissions() -> None:
    call = make.make_call()
    late, early = make.make_application(call), make.make_application(call)
    for application in (early, late):
        verbs.submit_application(make.member_of(application.organisation), application)
    assert (early.number, late.number) == (1, 2)
    assert early.label == "申报 01"
    verbs.withdraw_application(make.member_of(early.organisation), early, why="另有安排")
    assert make.make_submitted(call).number == 3


def test_before_the_call_opens_drafts_may_be_prepared() -> None:
    call = make.make_call(opens_at=timezone.now() + timedelta(hours=1))
    application = make.make_application(call)
    member = make.member_of(application.organisation)
    verbs.revise_application(member, application, title="改名")
    with pytest.raises(Refused) as refusal:
        verbs.submit_application(member, application)
    assert "开始" in refusal.value.why


def test_before_the_deadline_it_is_submitted_again_and_keeps_its_number() -> None:
    call = make.make_call()
    application = make.make_submitted(call)
    member = make.member_of(application.organisation)
    first = application.versions.get()
    with pytest.raises(Refused) as refusal:
        verbs.submit_application(member, application)
    assert refusal.value.why == "内容与已提交的版本相同。"
    verbs.revise_application(member, application, title="新的名称", values={"area": 900})
    second = verbs.submit_application(member, application)
    assert (application.number, application.version, second.number) == (1, 2, 2)
    assert (first.content["values"]["area"], second.content["values"]["area"]) == (800, 900)
    office = make_office()
    content = content_of(application, office)
    assert content is not None
    assert (content.version, content.title) == (2, "新的名称")


def test_after_the_deadline_nothing_moves() -> None:
    call = make.make_call()
    draft, handed_in = make.make_application(call), make.make_submitted(call)
    close(call)
    for application in (draft, handed_in):
        application.refresh_from_db()
        member = make.member_of(application.organisation)
        for act in (
            lambda a, m: verbs.revise_application(m, a, title="迟到"),
            lambda a, m: make.make_file(a, actor=m),
            lambda a, m: verbs.sign_promise(m, a, key="integrity"),
            lambda a, m: verbs.submit_application(m, a),
        ):
            with pytest.raises(Refused) as refusal:
                act(application, member)
            assert "截止" in refusal.value.why
    with pytest.raises(Refused):
        make.make_application(call)


def test_a_returned_one_is_corrected_until_its_own_deadline() -> None:
    call = make.make_running(1, accepted=False)
    application = call.applications.get()
    member = make.member_of(application.organisation)
    screen(
        None, application, verdict="return", points={}, note="缺页",
        correct_by=timezone.now() + timedelta(days=3),
    )  # fmt: skip
    verbs.revise_application(member, application, values={"area": 1})
    version = verbs.submit_application(member, application)
    assert (version.number, application.number, application.correct_by) == (2, 1, None)
    assert application.state == ApplicationState.SUBMITTED
    # Once more, and this time too late.
    screen(
        None, application, verdict="return", points={}, note="仍缺页",
        correct_by=timezone.now() + timedelta(days=3),
    )  # fmt: skip
    Application.objects.update(correct_by=timezone.now() - timedelta(seconds=1))
    for act in (
        lambda: verbs.revise_application(member, application, values={"area": 2}),
        lambda: verbs.submit_application(member, application),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert "补正已于" in refusal.value.why


def test_the_office_is_told_of_a_correction_without_its_words() -> None:
    office = make_office()
    call = make.make_running(2, accepted=False)
    application, other = call.applications.order_by("number")
    recused = make.make_member(other.organisation, user=make_office())
    screen(
        office, application, verdict="return", points={}, note="缺页",
        correct_by=timezone.now() + timedelta(days=3),
    )  # fmt: skip
    make.make_file(application, content="补全".encode())
    verbs.submit_application(make.member_of(application.organisation), application)
    assert not Notification.objects.filter(user=recused, text__contains="补正").exists()
    texts = list(Notification.objects.filter(user=office).values_list("text", flat=True))
    assert texts == [f"征集《{call.title}》的申报 1 已补正，请审查。"]


def test_what_was_not_submitted_is_dropped_when_the_intake_closes(media: Path) -> None:
    call = make.make_call()
    application = make.make_submitted(call)
    member = make.member_of(application.organisation)
    kept = application.files.get()
    verbs.revise_application(
        member, application, title="没有提交的名称", amount=Decimal(1), field=make_field()
    )
    make.make_file(application, content="没有提交".encode())
    close(call)
    start_chain(None, call)
    application = Application.objects.get()
    assert application.title == application.versions.get().content["title"]
    assert (application.amount, application.field) == (Decimal("120.50"), None)
    assert [file.pk for file in application.files.filter(replaced=False)] == [kept.pk]
    assert Entry.objects.filter(verb="drop_unsubmitted").count() == 1


def test_withdrawing_needs_a_reason_once_handed_in_and_closes_the_content() -> None:
    office = make_office()
    call = make.make_call()
    application = make.make_submitted(call)
    member = make.member_of(application.organisation)
    with pytest.raises(Invalid):
        verbs.withdraw_application(member, application)
    application.refresh_from_db()
    verbs.withdraw_application(member, application, why="另有安排")
    assert (application.state, application.why) == (ApplicationState.WITHDRAWN, "另有安排")
    assert content_of(application, office) is None
    assert content_of(application, member) is not None
    assert Notification.objects.filter(user=office, text__contains="已撤回").count() == 1
    with pytest.raises(Refused):
        verbs.submit_application(member, application)


def test_the_act_falls_with_its_ledger_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    application = make.make_application(make.make_call())
    member = make.member_of(application.organisation)

    def fail(*_args: Any, **_values: Any) -> None:
        raise RuntimeError("the ledger is not there")

    monkeypatch.setattr("langqiao.apps.verification.domain.acts.record", fail)
    with pytest.raises(RuntimeError):
        verbs.submit_application(member, application)
    with pytest.raises(RuntimeError):
        verbs.withdraw_application(member, application)
    application.refresh_from_db()
    assert (application.state, application.number, application.versions.count()) == ("draft", None, 0)
