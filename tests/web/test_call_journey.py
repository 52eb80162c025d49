"""One call from the draft to the issued result, in a real browser, by five people who see different things."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from langqiao.apps.accounts.models import Role
from langqiao.apps.conference.models import Notice
from langqiao.apps.registry.models import City
from langqiao.apps.verification.models import Application, Call, CallState
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import make_achievement, make_city, make_organisation, make_person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TITLE, WORK = "概念验证项目征集（示例）", "锂电池热失控预警验证（示例）"


@pytest.fixture
def enter(browse: Callable[..., Page], live_server: Any) -> Callable[[Any], Page]:
    """A page of somebody who is signed in."""
    from django.test import Client

    def entered(user: Any) -> Page:
        client = Client()
        client.force_login(user)
        page = browse()
        page.context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
        )
        return page

    return entered


def press(page: Page, words: str) -> None:
    """Press a button or follow a link by its words, and agree where the page asks again."""
    page.locator("main").get_by_role("button", name=words, exact=True).or_(
        page.locator("main").get_by_role("link", name=words, exact=True)
    ).first.click()
    again = page.locator("dialog[open] button[type=submit], dialog[open] [data-confirm-yes]")
    page.wait_for_timeout(150)
    if again.count():
        with page.expect_navigation():
            again.last.click()
    page.wait_for_load_state()


def fill(page: Page, scope: str = "main form") -> None:
    """Put something fitting into every empty field of a form."""
    for field in page.locator(f"{scope} textarea:visible, {scope} input:visible").all():
        kind = field.get_attribute("type") or "textarea"
        if kind in ("checkbox", "radio"):
            name = field.get_attribute("name")
            if not page.locator(f"{scope} input[name='{name}']:checked").count():
                field.check()
        elif kind in ("text", "textarea", "number", "date") and not field.input_value():
            field.fill({"number": "10", "date": "2027-01-01"}.get(kind, "10" if kind == "number" else "12"))
    for field in page.locator(f"{scope} select:visible").all():
        if not field.input_value() and field.locator("option").count() > 1:
            field.select_option(index=1)


def apply(page: Page, call: Call, folder: Path) -> None:
    """The applicant fills in the form, adds files, signs the promises and submits."""
    page.goto(f"/calls/{call.pk}/")
    press(page, "我要申报")
    page.fill("[name=title]", WORK)
    press(page, "存为草稿并继续")
    for _page in range(8):
        if page.locator("form:has([name=file])").count():
            paper = folder / "证明.txt"
            paper.write_text("示例证明", "utf-8")
            for key in [row["key"] for row in call.wanted_files if row["required"]]:
                slot = page.locator(f"#file-{key}")
                slot.locator("input[type=file]").set_input_files(paper)
                slot.get_by_role("button", name="上传").click()
                page.wait_for_load_state()
            press(page, "继续")
        elif page.locator(".lq-sign").count():
            while page.locator(".lq-sign").count():
                page.locator(".lq-sign input[type=checkbox]").first.check()
                page.locator(".lq-sign button").first.click()
                page.wait_for_load_state()
            press(page, "继续")
        elif page.get_by_role("button", name="提交申报").count():
            break
        else:
            fill(page, ".lq-wizard-page form")
            page.locator(".lq-wizard-page button[name=then][value=next]").click()
            page.wait_for_load_state()
    press(page, "提交申报")


def test_a_call_from_the_draft_to_the_issued_result(
    enter: Callable[[Any], Page], tmp_path: Path, live_server: Any
) -> None:
    for slug in ("songjiang", "hefei"):
        make_city(slug)
    office, liaison = make_office(), make_liaison(make_city("hefei"))
    make_liaison(make_city("songjiang"))
    home = make_organisation(kind="university", name="示例大学", city=make_city("hefei"))
    applicant = make_member(home, Role.RESEARCHER)
    elsewhere = make_organisation(kind="university", name="示例学院", city=make_city("songjiang"))
    evaluator = make_member(elsewhere, Role.EVALUATOR, user=make_user())
    expert = make_person(name="示例专家甲", organisation=elsewhere, user=evaluator)
    make_achievement(title="锂电池热失控预警方法").people.set([expert])
    visitor = make_user()

    # The office drafts a call from a preset, asks for one review each, and publishes it.
    desk = enter(office)
    desk.goto("/calls/new/")
    desk.check("input[name=preset][value=verify]")
    desk.fill("[name=title]", TITLE)
    press(desk, "存为草稿并继续")
    call = Call.objects.get(title=TITLE)
    desk.goto(f"/calls/{call.pk}/edit/reviewing/")
    desk.fill("[name=reviews_per]", "1")
    desk.locator("main form button[type=submit]").last.click()
    desk.goto(f"/calls/{call.pk}/")
    press(desk, "发布")
    call.refresh_from_db()
    assert (call.state, call.reviews_per) == (CallState.OPEN, 1)

    # A researcher applies; the receipt is on the page.
    bench = enter(applicant)
    apply(bench, call, tmp_path)
    application = Application.objects.get(call=call)
    assert application.state == "submitted"
    expect(bench.locator("main")).to_contain_text("SM3")

    # The office closes the intake, checks the documents, gathers the pool.
    desk.goto(f"/calls/{call.pk}/")
    press(desk, "截止并开始评选")
    desk.goto(f"/applications/{application.pk}/screening/")
    for choice in desk.locator(".lq-judge.is-yes").all():
        choice.click()
    desk.check("input[name=verdict][value=accept]")
    press(desk, "记录结论")
    desk.goto(f"/calls/{call.pk}/")
    desk.get_by_role("button", name="进入“专家评审”").click()
    desk.locator("dialog[open] button[type=submit]").click()
    desk.wait_for_load_state()
    desk.goto(f"/calls/{call.pk}/pool/suggest/")
    desk.check(f"input[name=person][value='{expert.pk}']")
    press(desk, "加入专家库")
    press(desk, "核查回避")
    press(desk, "邀请全部备选")

    # The expert accepts with the promise.
    chair = enter(evaluator)
    chair.goto("/work/")
    chair.locator("main").get_by_role("link", name=TITLE).first.click()
    chair.check("[name=promise]")
    press(chair, "接受邀请")

    # The office computes and adopts the assignment and starts the round.
    round = call.rounds.get()
    desk.goto(f"/rounds/{round.pk}/assignment/")
    press(desk, "计算")
    expect(desk.locator("main")).to_contain_text("示例专家甲")
    press(desk, "采用")
    desk.goto(f"/rounds/{round.pk}/")
    desk.get_by_role("button", name="开始评审").first.click()
    due = timezone.localtime() + timedelta(days=7)
    desk.fill("dialog[open] [name=due_at]", due.strftime("%Y-%m-%dT%H:%M"))
    desk.locator("dialog[open] button[type=submit]").click()
    desk.wait_for_load_state()

    # The expert reviews; a double-blind call does not say who applied.
    review = round.reviews.get()
    chair.goto(f"/reviews/{review.pk}/")
    expect(chair.locator("body")).not_to_contain_text("示例大学")
    for criterion in call.criteria:
        if criterion["kind"] == "score":
            chair.locator(f"[name$='{criterion['key']}'][type=number]").first.fill(
                str(criterion["most"] * 0.8)
            )
    for gate in chair.locator(".lq-gate").all():
        gate.locator("label").first.click()
    chair.locator("label:has([name=confidence][value='4'])").click()
    chair.locator("textarea[name=for_applicant]").fill("示例意见：判定标准清楚。")
    press(chair, "提交评审")
    review.refresh_from_db()
    assert review.state == "submitted"

    # The office closes the round, chooses, and puts the choice to the conference.
    desk.goto(f"/rounds/{round.pk}/")
    press(desk, "结束本轮")
    desk.goto(f"/calls/{call.pk}/choice/")
    press(desk, "保存为方案")
    desk.get_by_role("button", name="采用", exact=True).click()
    desk.fill("dialog[open] [name=why]", "示例：全部通过门槛。")
    desk.locator("dialog[open] button[type=submit]").click()
    desk.wait_for_load_state()
    desk.goto(f"/calls/{call.pk}/")
    desk.get_by_role("button", name="进入“会议研究”").click()
    desk.locator("dialog[open] button[type=submit]").click()
    desk.wait_for_load_state()
    hold_session(desk, enter(liaison))

    # The notice: a stranger's eye, an objection, its answer, and the end after the last day.
    desk.goto(f"/calls/{call.pk}/")
    desk.get_by_role("button", name="进入“张榜公示”").click()
    desk.locator("dialog[open] button[type=submit]").click()
    desk.wait_for_load_state()
    notice = Notice.objects.get()
    hall = enter(visitor)
    hall.goto(f"/conference/notices/{notice.pk}/")
    expect(hall.locator("main")).to_contain_text("示例大学")
    hall.fill("#object [name=author_name], #object [name=name]", "示例读者")
    hall.fill("#object [name=organisation_name]", "示例单位")
    hall.fill("#object [name=reason]", "示例异议：请说明测试条件。")
    press(hall, "提交异议")
    desk.goto(f"/conference/notices/{notice.pk}/")
    desk.locator("#objections [name=answer]").fill("示例答复：条件见附件。")
    desk.select_option("#objections [name=upheld]", "no")
    press(desk, "答复")
    past = timezone.localdate() - timedelta(days=1)
    Notice.objects.update(starts_on=past - timedelta(days=9), last_day=past)
    desk.goto(f"/conference/notices/{notice.pk}/")
    press(desk, "结束公示")
    desk.goto(f"/calls/{call.pk}/")
    desk.get_by_role("button", name="进入“发文”").click()
    desk.locator("dialog[open] button[type=submit]").click()
    desk.wait_for_load_state()
    desk.get_by_role("button", name="发文").first.click()
    desk.fill("dialog[open] [name=number]", "示例〔2026〕1号")
    desk.locator("dialog[open] button[type=submit]").click()
    desk.wait_for_load_state()
    call.refresh_from_db()
    application.refresh_from_db()
    assert (call.state, application.state) == (CallState.FINISHED, "chosen")

    # The applicant reads the result and the feedback, never who wrote it.
    bench.goto(f"/applications/{application.pk}/")
    expect(bench.locator("main")).to_contain_text("示例意见：判定标准清楚。")
    expect(bench.locator("body")).not_to_contain_text("示例专家甲")


def hold_session(desk: Page, table: Page) -> None:
    """The office holds a session; the liaisons' cities vote, and the matter is carried."""
    from langqiao.apps.conference.domain import ballots, matters, sessions
    from langqiao.apps.conference.models import Ballot, Matter, Session

    assert City.objects.count() == 2
    desk.goto("/conference/sessions/new/")
    desk.fill("[name=title]", "联席会议（示例）")
    desk.fill("[name=place]", "示例会议室")
    starts = desk.locator("[name=starts_at]")
    starts.fill((timezone.localtime() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"))
    desk.locator("main form button[type=submit]").last.click()
    desk.wait_for_load_state()
    session = Session.objects.get()
    item = matters.put_on_agenda(None, session, Matter.objects.get())
    sessions.call_session(None, session)
    sessions.open_session(None, session)
    ballot = ballots.open_ballot(None, item)
    table.goto(f"/conference/sessions/{session.pk}/")
    table.locator(f"#item-{item.pk} label:has([name=choice][value=for])").first.click()
    table.locator(f"#item-{item.pk} form:has([name=choice]) button[type=submit]").first.click()
    table.wait_for_load_state()
    assert ballot.votes.count() == 1
    other = make_liaison(City.objects.exclude(pk="hefei").get())
    ballots.cast_vote(other, ballot, choice="for", voter="city:songjiang")
    desk.goto(f"/conference/sessions/{session.pk}/")
    desk.locator(f"form[action='/conference/ballots/{ballot.pk}/act/close/'] button").first.click()
    desk.wait_for_load_state()
    if desk.locator("dialog[open]").count():
        desk.locator("dialog[open] button[type=submit], dialog[open] [data-confirm-yes]").last.click()
        desk.wait_for_load_state()
    ballot.refresh_from_db()
    assert ballot.state == Ballot.State.CARRIED
