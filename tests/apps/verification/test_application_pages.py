"""Pages of applications: filling in step by step, handing in, receipts, corrections; and who sees what."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from langqiao.apps.accounts.models import Role
from langqiao.apps.verification.domain.applications import revise_application, submit_application
from langqiao.apps.verification.domain.screening import screen
from langqiao.apps.verification.models import Application, ApplicationFile, ApplicationState
from tests.apps.verification.test_call_pages import rows_of, signed_in, text
from tests.factories import verification as make
from tests.factories.accounts import make_liaison, make_member, make_office
from tests.factories.registry import make_achievement, make_city, make_field, make_organisation, make_person

pytestmark = pytest.mark.django_db
LATER = "晚改的标题五五"  # stands in a working copy alone


@pytest.fixture(autouse=True)
def kept_files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def parts_of(application: Application) -> list[str]:
    sections = [f"s-{section['key']}" for section in application.call.form]
    return ["basics", *sections, "files", "promises", "keep-out", "check"]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_is_drawn_in_both_languages(language: str) -> None:
    application = make.make_submitted()
    user = make.member_of(application.organisation)
    client = signed_in(user, language)
    page = application.get_absolute_url()
    paths = [page, f"{page}?version=1", "/applications/", f"{application.call.get_absolute_url()}apply/"]
    paths += [f"{page}edit/{part}/" for part in parts_of(application)]
    paths += [f"/applications/receipts/{application.versions.get().pk}/"]
    for path in paths:
        assert client.get(path).status_code == 200, path
    assert client.get(f"{page}?version=2").status_code == 404
    assert client.get(f"{page}?version=x").status_code == 404
    assert client.get(f"{page}edit/s-none/").status_code == 404


def test_an_application_is_filled_in_step_by_step_and_handed_in() -> None:
    call = make.make_call(budget=500)
    organisation, user = make.make_applicant()
    make_field()
    own, other = make_achievement(owner=organisation), make_achievement()
    client = signed_in(user)
    new = f"{call.get_absolute_url()}apply/"
    assert [str(row) for row in client.get(new).context["form"].fields["organisation"].queryset] == [
        organisation.name
    ]
    response = client.post(
        new, {"organisation": organisation.pk, "title": "验证平台", "field": "materials", "amount": "80"}
    )
    application = Application.objects.get()
    page = f"{application.get_absolute_url()}edit/"
    assert response["Location"] == f"{page}s-project/"
    assert client.get(page)["Location"] == f"{page}s-project/"

    # What is required is not asked of a draft.
    response = client.post(f"{page}s-project/", {"v-area": "12.5", "then": "stay"})
    assert response["Location"] == f"{page}s-project/"
    assert "还缺 4 项" in text(client.get(f"{page}check/"))
    response = client.post(
        f"{page}s-project/",
        {"v-summary": "第一段\r\n第二段", "v-invested": "300", "v-stage": "中试", "then": "next"},
    )
    assert response["Location"] == f"{page}s-team/"
    client.post(f"{page}s-team/", {"v-leader": "张三"})
    application.refresh_from_db()
    assert application.values == {
        "summary": "第一段\n第二段", "invested": "300.00", "stage": "中试", "leader": "张三",
    }  # fmt: skip

    assert client.post(f"{page}basics/", {"title": "验证平台", "achievement": other.pk}).status_code == 422
    client.post(
        f"{page}basics/", {"title": "验证平台二", "achievement": own.pk, "amount": "90", "field": "materials"}
    )
    file = BytesIO("建设方案".encode())
    file.name = "方案.txt"
    response = client.post(f"{page}files/", {"key": "plan", "file": file})
    assert response["Location"] == f"{page}files/#file-plan"
    assert client.post(f"{page}promises/", {"key": "integrity"}).status_code == 422
    client.post(f"{page}promises/", {"key": "integrity", "agree": "on"})
    expert = make_person(name="李回避")
    assert client.post(f"{page}keep-out/", rows_of([{"person": "无此人", "why": "x"}])).status_code == 422
    assert client.post(f"{page}keep-out/", rows_of([{"person": "李", "why": ""}], "add")).status_code == 200
    client.post(f"{page}keep-out/", rows_of([{"person": "李回避", "why": "有业务竞争"}]))
    application.refresh_from_db()
    assert application.achievement == own
    assert application.kept_out == [{"person": expert.pk, "why": "有业务竞争"}]
    assert client.get(page)["Location"] == f"{page}basics/"
    assert "内容齐全" in text(client.get(f"{page}check/"))

    response = client.post(f"{application.get_absolute_url()}act/submit/", follow=True)
    application.refresh_from_db()
    version = application.versions.get()
    receipt = text(response)
    assert application.state == ApplicationState.SUBMITTED
    for words in (
        "申报回执",
        version.digest,
        f"#{version.entry}",
        application.case,
        "已核对：内容与台账一致",
    ):
        assert words in receipt


def test_missing_things_are_listed_with_the_way_to_each() -> None:
    application = make.make_application(complete=False, values={"area": 1})
    client = signed_in(make.member_of(application.organisation))
    page = f"{application.get_absolute_url()}edit/"
    response = client.get(f"{page}check/")
    assert [row["url"] for row in response.context["lacking"]] == [
        f"{page}s-project/#id_v-summary", f"{page}s-team/#id_v-leader", f"{page}files/#file-plan",
        f"{page}promises/#promise-integrity",
    ]  # fmt: skip
    assert "data-confirm" not in text(response).split('class="lq-wizard-page"')[1].split("</main>")[0]
    response = client.post(f"{application.get_absolute_url()}act/submit/", follow=True)
    assert response.redirect_chain[-1][0] == f"{page}check/"
    assert "请填写“技术方案”" in text(response)


def test_a_value_that_does_not_fit_is_told_at_its_field_and_kept() -> None:
    application = make.make_application()
    client = signed_in(make.member_of(application.organisation))
    page = f"{application.get_absolute_url()}edit/s-project/"
    response = client.post(page, {"v-summary": "字" * 6000, "v-area": "1"})
    assert response.status_code == 422
    assert response.context["form"].errors["summary"]
    assert "字" * 6000 in text(response)
    assert client.post(page, {"v-area": "很大", "v-stage": "别的"}).status_code == 422


def test_files_are_replaced_and_removed() -> None:
    application = make.make_application()
    client = signed_in(make.member_of(application.organisation))
    page = f"{application.get_absolute_url()}edit/files/"
    first = application.files.get()
    file = BytesIO("新方案".encode())
    file.name = "新方案.txt"
    client.post(page, {"key": "plan", "file": file})
    second = application.files.get()
    assert second.pk != first.pk
    download = client.get(f"/applications/files/{second.pk}/")
    assert (download.status_code, b"".join(download.streaming_content)) == (200, "新方案".encode())  # type: ignore[attr-defined]
    download.close()
    bad = BytesIO(b"MZ")
    bad.name = "x.exe"
    response = client.post(page, {"key": "plan", "file": bad})
    assert response.status_code == 422
    assert "不接受这种文件" in text(response)
    assert client.post(page, {"key": "plan"}).status_code == 422
    client.post(f"{application.get_absolute_url()}act/remove-file/", {"file": second.pk})
    assert not application.files.exists()
    other = make.make_file(make.make_application())
    response = client.post(f"{application.get_absolute_url()}act/remove-file/", {"file": other.pk})
    assert response.status_code == 404
    assert ApplicationFile.objects.filter(pk=other.pk).exists()


def test_a_returned_application_shows_the_offices_points_at_the_fields() -> None:
    office = make_office()
    call = make.make_call(office, screening=[{"key": "leader", "text": "负责人信息完整"}, *make.POINTS])
    application = make.make_submitted(call)
    points = {
        "leader": {"passed": False, "note": "缺少职称"},
        "eligible": {"passed": True, "note": ""},
    }
    screen(
        office, application, verdict="return", points=points, note="请补充负责人信息。",
        correct_by=timezone.now() + timedelta(days=3),
    )  # fmt: skip
    client = signed_in(make.member_of(application.organisation))
    page = application.get_absolute_url()
    assert str(client.get(page).context["primary"].label) == "补正"
    shown = text(client.get(f"{page}edit/s-team/"))
    assert shown.count("缺少职称") == 2  # on top, and at the field
    assert "请补充负责人信息。" in shown
    assert "缺少职称" not in text(client.get(f"{page}edit/s-project/")).split('class="lq-wizard-page"')[1]
    client.post(f"{page}edit/s-team/", {"v-leader": "张三，教授"})
    client.post(f"{page}act/submit/")
    application.refresh_from_db()
    assert (application.state, application.version) == (ApplicationState.SUBMITTED, 2)


def test_withdrawing_asks_why_and_ends_the_offices_reading() -> None:
    office = make_office()
    application = make.make_submitted(make.make_call(office))
    client = signed_in(make.member_of(application.organisation))
    page = application.get_absolute_url()
    assert make.MARKER in text(signed_in(office).get(page))
    assert "请写明撤回的原因" in text(client.post(f"{page}act/withdraw/", {}, follow=True))
    client.post(f"{page}act/withdraw/", {"why": "另行安排"})
    application.refresh_from_db()
    assert application.state == ApplicationState.WITHDRAWN
    assert make.MARKER not in text(signed_in(office).get(page))
    assert client.get(f"{page}edit/basics/", follow=True).redirect_chain[-1][0] == page
    receipt = f"/applications/receipts/{application.versions.get().pk}/"
    assert client.get(receipt).status_code == 200
    assert signed_in(office).get(receipt).status_code == 404


def test_a_draft_is_known_to_its_organisation_alone() -> None:
    office = make_office()
    application = make.make_application(make.make_call(office), title="未交的草稿")
    page = application.get_absolute_url()
    city = application.city
    for user in (None, office, make_liaison(city), make_member(make_organisation(), Role.RESEARCHER)):
        client = signed_in(user)
        assert client.get(page).status_code == 404
        for path in ("/applications/", "/calls/", application.call.get_absolute_url()):
            shown = text(client.get(path))
            assert "未交的草稿" not in shown
            assert application.organisation.name not in shown
        assert client.get(f"{page}edit/basics/").status_code in (302, 404)
        assert client.post(f"{page}act/submit/").status_code in (302, 404)
        assert client.get(f"/applications/files/{application.files.get().pk}/").status_code == 404
    application.refresh_from_db()
    assert application.state == ApplicationState.DRAFT


def test_others_meet_an_application_as_it_was_handed_in() -> None:
    office = make_office()
    application = make.make_submitted(make.make_call(office), title="交来的标题")
    user = make.member_of(application.organisation)
    revise_application(user, application, title=LATER, values={"summary": LATER})
    paths = [
        application.get_absolute_url(), "/applications/", application.call.get_absolute_url(),
        f"{application.get_absolute_url()}screening/",
    ]  # fmt: skip
    for reader in (office, make_liaison(application.city)):
        for path in paths:
            response = signed_in(reader).get(path)
            assert LATER not in text(response), path
            if response.status_code == 200 and reader is office:
                assert "交来的标题" in text(response)
    own = signed_in(user)
    assert LATER in text(own.get(application.get_absolute_url()))
    assert "您看到的是修改中的草稿" in text(own.get(application.get_absolute_url()))
    submit_application(user, application)
    assert LATER in text(signed_in(office).get(application.get_absolute_url()))


def test_the_liaison_sees_the_outline_and_nothing_of_the_content() -> None:
    application = make.make_submitted(amount=None)
    client = signed_in(make_liaison(application.city))
    shown = text(client.get(application.get_absolute_url()))
    assert "申报内容仅申报单位与联席办可见" in shown
    assert application.organisation.name in shown
    assert make.MARKER not in shown
    assert make.NAME_MARKER not in shown
    assert client.get(f"{application.get_absolute_url()}screening/").status_code == 404
    far = signed_in(make_liaison(make_city("hefei")))
    assert far.get(application.get_absolute_url()).status_code == 404
    assert application.title not in text(far.get("/applications/"))


def test_a_double_blind_reviewer_learns_neither_who_applied_nor_how_it_stands() -> None:
    call = make.make_running(1, blindness="double")
    application = call.applications.get()
    reviewer = make.make_reviewer(call)
    user = reviewer.person.user
    assert user is not None
    assert signed_in(user).get(application.get_absolute_url()).status_code == 404
    round_ = make.make_round(call)
    make.make_review(round_, application, reviewer)
    response = signed_in(user).get(application.get_absolute_url())
    shown = text(response)
    assert response.status_code == 200
    assert make.MARKER in shown
    main = shown.split('<main class="lq-main"')[1].split("</main>")[0]
    for hidden in (make.NAME_MARKER, application.organisation.name, application.case, "已受理"):
        assert hidden not in main
    plan = application.files.get()
    download = signed_in(user).get(f"/applications/files/{plan.pk}/")
    assert make.NAME_MARKER not in download["Content-Disposition"]
    download.close()


def test_the_list_narrows_and_counts_its_queries(django_assert_max_num_queries: Any) -> None:
    office = make_office()
    make_city("hefei")
    call = make.make_call(office)
    for n in range(6):
        make.make_submitted(call, title=f"甲申报{n}")
    other = make.make_submitted(make.make_call(office), title="乙申报")
    client = signed_in(office)

    def titles(query: str) -> int:
        shown = text(client.get(f"/applications/?{query}"))
        return sum(f"甲申报{n}" in shown for n in range(6)) + ("乙申报" in shown)

    assert titles("") == 7
    assert titles(f"call={call.pk}") == 6
    assert titles(f"call={other.call_id}&city=songjiang&state=submitted") == 1
    assert titles("city=hefei") == 0
    with django_assert_max_num_queries(20):
        client.get("/applications/")
    assert "我的申报" in text(signed_in(make.member_of(other.organisation)).get("/applications/"))
    assert "甲申报1" not in text(signed_in(make.member_of(other.organisation)).get("/applications/"))
    with django_assert_max_num_queries(45):
        client.get(other.get_absolute_url())


def test_the_outcome_stands_on_the_page_once_issued() -> None:
    from langqiao.apps.verification.domain import steps

    call = make.make_running(1, chain=make.chain_of("documents", "issue"))
    application = call.applications.get()
    client = signed_in(make.member_of(application.organisation))
    steps.advance(None, call)
    assert client.get(application.get_absolute_url()).context["outcome"] is None
    steps.issue_result(None, call, number="示例〔2026〕3号")
    outcome = client.get(application.get_absolute_url()).context["outcome"]
    assert (str(outcome["title"]), "示例〔2026〕3号" in outcome["text"]) == ("入选", True)


def test_applying_comes_too_late_or_twice() -> None:
    application = make.make_submitted()
    user = make.member_of(application.organisation)
    client = signed_in(user)
    new = f"{application.call.get_absolute_url()}apply/"
    values = {"organisation": application.organisation_id, "title": "再来一份"}
    assert "已有一份申报" in text(client.post(new, values))
    make.let_close(application.call)
    assert client.post(new, values).status_code == 422
    page = application.get_absolute_url()
    assert "已于" in text(client.get(f"{page}edit/check/"))
    response = client.post(f"{page}edit/s-team/", {"v-leader": "迟到"})
    assert response.status_code == 422
    assert Client().get(new).status_code == 302
