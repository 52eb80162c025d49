"""Receipts: what a submission froze is what the ledger holds, and anybody who holds one can see it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from langqiao.apps.ledger.chain import canonical
from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.queries import readable, verify
from langqiao.apps.verification.domain import applications as verbs
from langqiao.apps.verification.domain.receipts import check_receipt, content_digest, find_receipt
from langqiao.apps.verification.models import Application, ApplicationVersion
from langqiao.apps.verification.queries.content import receipt_of
from langqiao.engines.sm.sm3 import sm3_hex
from tests.factories import verification as make
from tests.factories.registry import make_achievement, make_field

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def application() -> Application:
    return make.make_submitted(make.make_call(), field=make_field(), achievement=make_achievement())


def test_a_version_freezes_all_that_was_handed_in(application: Application) -> None:
    version = ApplicationVersion.objects.get()
    file, promise = application.files.get(), application.promises.get()
    assert application.achievement is not None
    assert version.content == {
        "call": application.call.case,
        "number": 1,
        "title": application.title,
        "organisation": {"id": application.organisation_id, "name": application.organisation.name},
        "city": "songjiang",
        "field": "materials",
        "achievement": {"id": application.achievement.pk, "title": application.achievement.title},
        "amount": "120.50",
        "values": {
            "summary": f"建设概念验证平台。{make.MARKER}", "area": 800, "invested": "300.00", "stage": "中试",
            "leader": make.NAME_MARKER,
        },
        "files": [
            {"id": file.pk, "key": "plan", "name": file.name, "size": file.size, "sm3": file.digest}
        ],
        "promises": [
            {"key": "integrity", "title": "科研诚信承诺书", "sm3": promise.digest, "user": promise.user_id}
        ],
    }  # fmt: skip
    assert version.digest == sm3_hex(canonical(version.content).encode())


def test_the_receipt_names_the_ledger_s_entry(application: Application) -> None:
    version = ApplicationVersion.objects.get()
    entry = Entry.objects.get(verb="submit_application")
    receipt = receipt_of(version)
    assert (receipt.number, receipt.version, receipt.digest) == (1, 1, version.digest)
    assert (receipt.sequence, receipt.hash, receipt.at) == (entry.sequence, entry.hash, entry.at)
    assert (receipt.case, receipt.organisation) == (application.case, application.organisation.name)
    assert json.loads(entry.data) == {
        "call": application.call_id, "number": 1, "version": 1, "sm3": version.digest,
    }  # fmt: skip
    assert check_receipt(version).holds
    assert verify().fault is None


@pytest.mark.parametrize(
    ("spoil", "content", "entry", "held"),
    [
        (lambda v: ApplicationVersion.objects.update(content={**v.content, "title": "改动"}), False, True, True),
        (lambda _v: ApplicationVersion.objects.update(digest="0" * 64), False, True, False),
        (lambda v: Entry.objects.filter(sequence=v.entry).update(data="{}"), True, False, False),
        (lambda v: Entry.objects.filter(sequence=v.entry).delete(), True, False, False),
        (lambda _v: ApplicationVersion.objects.update(entry=1), True, True, False),
    ],
)  # fmt: skip
def test_whatever_is_changed_later_shows(
    application: Application, spoil: Any, content: bool, entry: bool, held: bool
) -> None:
    spoil(ApplicationVersion.objects.get())
    checked = check_receipt(ApplicationVersion.objects.get())
    assert (checked.content, checked.entry, checked.held) == (content, entry, held)
    assert not checked.holds


def test_who_holds_a_receipt_finds_its_entry(application: Application) -> None:
    version = ApplicationVersion.objects.get()
    entry = Entry.objects.get(sequence=version.entry)
    shown = {"call_id": application.call_id, "number": 1, "version": 1, "digest": version.digest}
    held = find_receipt(**shown)
    assert held is not None
    assert (held.sequence, held.hash, held.at) == (entry.sequence, entry.hash, entry.at)
    assert find_receipt(**{**shown, "digest": f" {version.digest.upper()} "}) == held
    for wrong in (
        {"digest": "0" * 64}, {"number": 2}, {"version": 2}, {"call_id": application.call_id + 1}, {"digest": ""},
    ):  # fmt: skip
        assert find_receipt(**{**shown, **wrong}) is None


def test_earlier_receipts_hold_after_later_versions_and_withdrawal(application: Application) -> None:
    member = make.member_of(application.organisation)
    first = ApplicationVersion.objects.get()
    verbs.revise_application(member, application, values={"area": 1})
    second = verbs.submit_application(member, application)
    verbs.withdraw_application(member, application, why="另有安排")
    for version in (first, second):
        assert check_receipt(version).holds
        assert find_receipt(
            call_id=application.call_id, number=1, version=version.number, digest=version.digest
        )


def test_an_entry_that_was_tampered_with_holds_nothing(application: Application) -> None:
    version = ApplicationVersion.objects.get()
    Entry.objects.filter(sequence=version.entry).update(city="elsewhere")
    assert find_receipt(call_id=application.call_id, number=1, version=1, digest=version.digest) is None


@pytest.mark.parametrize("value", [0.1, 1e-06, 123456789012.5, -3, 10**12])
def test_numbers_give_the_same_digest_after_the_database(value: float) -> None:
    application = make.make_submitted(
        make.make_call(), values={"summary": "甲", "leader": "乙", "area": value}
    )
    version = application.versions.get()
    assert version.content["values"]["area"] == value
    assert content_digest(version.content) == version.digest


def test_contents_stand_neither_in_the_ledger_nor_in_notices(application: Application) -> None:
    from langqiao.apps.accounts.models import Notification

    told = " ".join(Notification.objects.values_list("text", flat=True))
    entries = " ".join(Entry.objects.values_list("data", flat=True))
    for words in (told, entries):
        for secret in (make.MARKER, make.NAME_MARKER, application.title):
            assert secret not in words


def test_applicants_read_the_entries_of_their_own_application_only(application: Application) -> None:
    member = make.member_of(application.organisation)
    other = make.make_submitted(application.call)
    seen = set(readable(member, application.case).values_list("verb", flat=True))
    assert seen == {
        "draft_application", "add_application_file", "sign_application_promise", "submit_application",
    }  # fmt: skip
    assert not readable(member, other.case).exists()
    assert not readable(make.make_applicant()[1], application.case).exists()
    assert not readable(None, application.case).exists()


def test_a_recused_member_of_the_office_reads_no_entry_of_others(application: Application) -> None:
    from tests.factories.accounts import make_office

    office = make_office()
    assert readable(office, application.case).exists()
    other = make.make_submitted(application.call)
    make.make_member(other.organisation, user=office)
    assert not readable(office, application.case).exists()
    assert readable(office, other.case).exists()
