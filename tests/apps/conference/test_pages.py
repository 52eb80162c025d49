"""Pages: what they show to whom, in both languages, with a bounded number of queries."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from langqiao.apps.conference import domain
from langqiao.apps.conference.models import (
    Ballot,
    Matter,
    Notice,
    Priority,
    Project,
    Resolution,
    Session,
    Task,
)
from tests.apps.conference.scene import Scene, make_scene
from tests.factories import conference as make
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db
LISTS = [
    f"/conference/{kind}/"
    for kind in ("sessions", "matters", "resolutions", "tasks", "notices", "priorities", "projects")
]


def signed_in(user: Any) -> Client:
    client = Client()
    if user is not None and user.is_authenticated:
        client.force_login(user)
    return client


def text(response: Any) -> str:
    return response.content.decode()


def body(response: Any) -> bytes:
    """A download's content."""
    assert response.status_code == 200
    content = b"".join(response.streaming_content)
    response.close()
    return content


def act(client: Client, record: Any, name: str, /, **values: Any) -> str:
    """Do an act by its page and return the page that follows."""
    response = client.post(f"{record.get_absolute_url()}act/{name}/", values, follow=True)
    assert response.status_code == 200, name
    return text(response)


def details(scene: Scene) -> list[str]:
    project = Project.objects.order_by("pk")[0]
    domain.set_phase(None, project, {"kind": "intent", "actual_on": "2024-05-24", "note": "签署"})
    domain.set_phase(None, project, {"kind": "land", "planned_on": "2025-05-24", "actual_on": "2025-07-01"})
    records = (
        scene.session, scene.matter, scene.resolution, scene.task, scene.notice, scene.priority, project,
    )  # fmt: skip
    return [record.get_absolute_url() for record in records]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_is_drawn_in_both_languages(language: str) -> None:
    scene = make_scene()
    client = signed_in(scene.actors["office"])
    client.cookies["django_language"] = language
    draft = Notice.objects.get(state="draft")
    planned = make.make_session(scene.actors["office"])
    pages = [
        *LISTS, *details(scene), planned.get_absolute_url(), f"{planned.get_absolute_url()}edit/",
        "/conference/sessions/new/", "/conference/matters/new/", "/conference/tasks/new/",
        f"/conference/tasks/new/?resolution={scene.resolution.pk}", f"{scene.task.get_absolute_url()}edit/",
        "/conference/notices/new/", draft.get_absolute_url(), f"{draft.get_absolute_url()}edit/",
        "/conference/priorities/new/", f"{scene.priority.get_absolute_url()}edit/", "/conference/priorities/import/",
        "/conference/projects/new/", f"{Project.objects.get().get_absolute_url()}edit/",
    ]  # fmt: skip
    for page in pages:
        response = client.get(page)
        assert response.status_code == 200, page
        assert f'lang="{"zh-Hans" if language == "zh-hans" else "en"}"' in text(response)
    for page in LISTS:
        for wanted in ("csv", "xlsx"):
            exported = client.get(f"{page}?export={wanted}")
            assert b"".join(exported.streaming_content)
            exported.close()


def test_the_public_sees_notices_lists_projects_and_what_is_public() -> None:
    scene = make_scene()
    client = Client()
    session, matter, resolution, task, notice, priority, project = details(scene)
    assert [client.get(page).status_code for page in (session, resolution)] == [404, 404]
    assert [client.get(page).status_code for page in (matter, task)] == [302, 302]
    assert [client.get(page).status_code for page in (notice, priority, project)] == [200, 200, 200]
    for page in LISTS:
        assert make.MARKER not in text(client.get(page))
    domain.publish_session(None, scene.session)
    domain.publish_resolution(None, scene.resolution)
    shown = text(client.get(session))
    assert scene.resolution.number in shown
    assert "议程" not in shown.replace("议程与材料", "").replace("查看议程", "")
    assert "决议正文" in text(client.get(resolution))
    assert f"材料 {make.MARKER}" not in shown
    domain.release_paper(None, scene.paper)
    assert f"材料 {make.MARKER}" in text(client.get(session))
    assert (
        b"".join(client.get(f"/conference/papers/{scene.paper.pk}/").streaming_content)
        == make.MARKER.encode()
    )


def test_a_session_is_run_by_its_page() -> None:
    office = make_office()
    make.make_cities()
    users = {slug: make_liaison(make_city(slug)) for slug in make.CITIES}
    client = signed_in(office)
    response = client.post(
        "/conference/sessions/new/",
        {
            "kind": "conference", "title": "示例联席会议", "starts_at": "2026-12-01T09:30", "place": "松江",
            "voters": "city", "quorum": "half", "majority": "half", "majority_of": "present",
            "number_prefix": "沪苏浙皖G60联",
        },
    )  # fmt: skip
    session = Session.objects.get()
    assert response["Location"] == session.get_absolute_url()
    assert timezone.localtime(session.starts_at).hour == 9
    client.post("/conference/matters/new/", {"title": "甲议题", "city": "hefei"})
    client.post("/conference/matters/new/", {"title": "乙议题"})
    for matter in Matter.objects.order_by("pk"):
        act(client, session, "matter", matter=matter.pk)
    last = session.agenda.last()
    act(client, session, "up", item=last.pk)
    assert [item.matter.title for item in session.agenda.all()] == ["乙议题", "甲议题"]
    guest = make_organisation(name="示例列席单位")
    act(client, session, "seat", organisation=guest.name)
    assert not session.seats.get(organisation=guest).may_vote
    act(client, session, "paper", title="方案", file=SimpleUploadedFile("方案.txt", "内容".encode()))
    assert "会议通知已发出" in act(client, session, "call")
    act(client, session, "open")
    seats = {f"seat-{seat.pk}": "present" for seat in session.seats.exclude(city=None)}
    act(client, session, "attendance", **seats)
    item = session.agenda.first()
    client.post(f"/conference/agenda/{item.pk}/act/ballot/", {"method": "vote"})
    ballot = Ballot.objects.get()
    for slug, user in users.items():
        page = signed_in(user)
        shown = text(page.get(session.get_absolute_url()))
        assert f'name="voter" value="city:{slug}"' in shown
        page.post(f"/conference/ballots/{ballot.pk}/act/vote/", {"voter": f"city:{slug}", "choice": "for"})
    assert "已有 5 个单位表态" in text(client.get(session.get_absolute_url()))
    response = client.post(f"/conference/ballots/{ballot.pk}/act/close/", follow=True)
    assert "赞成 5，反对 0，弃权 0" in text(response)
    resolution = Resolution.objects.get()
    act(client, resolution, "word", title="决议", text="同意。")
    act(client, resolution, "publish")
    other = session.agenda.last().matter
    act(client, other, "postpone", why="材料不全")
    act(client, session, "minutes", text="会议纪要正文")
    act(client, session, "close")
    session.refresh_from_db()
    assert (session.state, session.minutes) == ("closed", "会议纪要正文")
    assert "决议" in text(Client().get(resolution.get_absolute_url()))


def test_votes_are_shown_after_closing_and_only_to_the_table() -> None:
    scene = make_scene()
    page = scene.session.get_absolute_url()
    liaison = text(signed_in(scene.actors["liaison"]).get(page))
    assert f"理由 {make.MARKER}" in liaison  # the closed ballot
    assert f"反对 {make.MARKER}" not in liaison  # the open one
    assert f"反对 {make.MARKER}" not in text(signed_in(scene.actors["office"]).get(page))
    own = text(signed_in(scene.actors["liaison 2"]).get(page))
    assert re.search(r'value="against" checked', own)


def test_a_refusal_is_told_on_the_page_and_strangers_get_nowhere() -> None:
    scene = make_scene()
    client = signed_in(scene.actors["office"])
    assert "没有结果" in act(client, scene.session, "close")
    visitor = signed_in(scene.actors["visitor"])
    assert visitor.post(f"{scene.session.get_absolute_url()}act/close/").status_code == 404
    assert (
        visitor.post(f"/conference/ballots/{scene.ballot.pk}/act/vote/", {"choice": "for"}).status_code == 404
    )
    assert visitor.get("/conference/sessions/new/").status_code == 403
    assert client.post(f"{scene.session.get_absolute_url()}act/dance/").status_code == 404
    guest = signed_in(scene.actors["guest manager"])
    response = guest.post(
        f"/conference/ballots/{scene.ballot.pk}/act/vote/",
        {"choice": "for", "voter": "city:songjiang"},
        follow=True,
    )
    assert "只有到会且无须回避的表决单位可以表决" in text(response)


def test_a_task_is_given_reported_and_shown_to_its_owner_alone() -> None:
    office, firm = make_office(), make_organisation(name="示例责任公司")
    owner, other = make_member(firm), make_member(make_organisation())
    client = signed_in(office)
    deadline = (timezone.localdate() + timedelta(days=5)).isoformat()
    response = client.post(
        "/conference/tasks/new/", {"title": "建平台", "organisation": firm.name, "deadline": deadline}
    )
    task = Task.objects.get()
    assert response["Location"] == task.get_absolute_url()
    shown = act(
        signed_in(owner), task, "report", percent="60", text="已建成", address="example.org",
        file=SimpleUploadedFile("佐证.txt", b"ok"),
    )  # fmt: skip
    assert "已建成" in shown
    evidence = f"/conference/evidence/{task.progress.get().pk}/"
    assert body(signed_in(owner).get(evidence)) == b"ok"
    assert signed_in(other).get(evidence).status_code == 404
    assert signed_in(other).get(task.get_absolute_url()).status_code == 404
    assert "建平台" in text(signed_in(owner).get("/conference/tasks/"))
    assert "建平台" not in text(signed_in(other).get("/conference/tasks/"))
    assert "完成比例（%）：" in act(signed_in(owner), task, "report", percent="200", text="x")
    task.refresh_from_db()
    assert task.percent == 60
    Task.objects.update(deadline=timezone.localdate() - timedelta(days=2))
    assert "逾期 2 天" in text(client.get(task.get_absolute_url()))
    assert "建平台" in text(client.get("/conference/tasks/?state=overdue"))
    client.post(
        f"{task.get_absolute_url()}edit/",
        {"title": "建新平台", "organisation": firm.name, "deadline": deadline},
    )
    assert "任务已取消" in act(client, task, "cancel", why="并入")


def test_navigation_shows_tasks_to_those_who_may_read_them() -> None:
    scene = make_scene()
    for name, expected in (
        ("owner", True),
        ("far liaison", True),
        ("office", True),
        ("visitor", False),
        ("stranger", False),
    ):
        page = text(signed_in(scene.actors[name]).get("/conference/projects/"))
        assert ('href="/conference/tasks/"' in page) == expected, name


def test_a_notice_from_draft_to_end_by_its_page() -> None:
    office, objector = make_office(), make_member(make_organisation(name="示例单位"))
    client = signed_in(office)
    values = {
        "title": "示例公示",
        "body": "名单如下",
        "rows": "机构\t城市\n甲中心\t松江\n乙中心\t嘉兴",
        "days": "5",
    }
    client.post("/conference/notices/new/", values)
    notice = Notice.objects.get()
    assert notice.rows == [{"机构": "甲中心", "城市": "松江"}, {"机构": "乙中心", "城市": "嘉兴"}]
    assert Client().get(notice.get_absolute_url()).status_code == 404
    client.post(f"{notice.get_absolute_url()}edit/", {**values, "rows": "机构，城市\n丙中心，杭州"})
    assert client.post(f"{notice.get_absolute_url()}edit/", {**values, "rows": "a,b\n1"}).status_code == 422
    act(client, notice, "publish", last_day="")
    public = text(Client().get(notice.get_absolute_url()))
    assert "丙中心" in public
    assert "登录后提出异议" in public
    theirs = signed_in(objector)
    shown = act(
        theirs, notice, "object", name="李四", organisation_name="示例单位", reason=f"理由 {make.MARKER}",
        file=SimpleUploadedFile("证据.txt", b"x"),
    )  # fmt: skip
    assert f"理由 {make.MARKER}" in shown
    public = text(Client().get(notice.get_absolute_url()))
    assert make.MARKER not in public
    assert "李四" not in public
    assert make.MARKER not in text(signed_in(make_user()).get(notice.get_absolute_url()))
    objection = notice.objections.get()
    assert body(theirs.get(f"/conference/objections/{objection.pk}/file/")) == b"x"
    assert signed_in(make_user()).get(f"/conference/objections/{objection.pk}/file/").status_code == 404
    assert (
        signed_in(make_user()).post(f"/conference/objections/{objection.pk}/act/handle/").status_code == 404
    )
    client.post(f"/conference/objections/{objection.pk}/act/handle/", {"upheld": "no", "answer": "不属实"})
    assert "不属实" in text(theirs.get(notice.get_absolute_url()))
    assert "截止" in act(client, notice, "end")
    yesterday = timezone.localdate() - timedelta(days=1)
    Notice.objects.update(starts_on=yesterday - timedelta(days=9), last_day=yesterday)
    assert "公示已结束" in act(client, notice, "end")


def test_a_notice_prints_with_its_proof() -> None:
    notice = make.make_notice()
    page = text(Client().get(notice.get_absolute_url()))
    assert "data-print" in page
    assert re.search(r"SM3 [0-9a-f]{64}", page)


def test_the_yearly_list_by_its_pages() -> None:
    office = make_office()
    make.make_cities()
    songjiang = make_liaison(make_city())
    client = signed_in(office)
    client.post(
        "/conference/priorities/new/", {"year": "2026", "title": "建平台", "cities": ["songjiang", "hefei"]}
    )
    table = "编号,年度,重点工作,参与城市\nA-1,2026,办论坛,松江\n".encode()
    file = {"file": SimpleUploadedFile("清单.csv", table)}
    assert "将新增 1" in text(client.post("/conference/priorities/import/", file))
    assert Priority.objects.count() == 1
    bad = {"file": SimpleUploadedFile("清单.csv", table + "A-2,二零,x,\n".encode())}
    response = client.post("/conference/priorities/import/", bad)
    assert response.status_code == 422
    assert "什么也没有写入" in text(response)
    client.post(
        "/conference/priorities/import/", {"file": SimpleUploadedFile("清单.csv", table), "write": "1"}
    )
    assert Priority.objects.count() == 2
    assert "建平台" not in text(Client().get("/conference/priorities/"))
    client.post("/conference/priorities/act/publish/", {"year": "2026"})
    page = text(Client().get("/conference/priorities/"))
    assert "建平台" in page
    assert "未启动" in page
    priority = Priority.objects.get(title="建平台")
    shown = act(signed_in(songjiang), priority, "status", city="songjiang", status="done", note="已投用")
    assert "已投用" in shown
    assert "只有本市联络员" in act(signed_in(songjiang), priority, "status", city="hefei", status="done")
    client.post(
        f"{priority.get_absolute_url()}edit/",
        {"year": "2026", "number": priority.number, "title": "建大平台", "cities": ["songjiang", "hefei"]},
    )
    client.post("/conference/priorities/act/roll/", {"year": "2026"})
    assert Priority.objects.filter(year=2027).count() == 2
    assert "已从清单撤销" in act(client, priority, "drop", why="合并")
    exported = client.get("/conference/priorities/?export=csv")
    again = SimpleUploadedFile("again.csv", b"".join(exported.streaming_content))
    exported.close()
    response = client.post("/conference/priorities/import/", {"file": again})
    assert "不认识的列" not in text(response)


def test_a_project_by_its_pages() -> None:
    client = signed_in(make_office())
    make.make_cities()
    values = {
        "code": "H-1",
        "kind": "hospital",
        "title": "示例医院",
        "city": "songjiang",
        "investment": "12000",
    }
    assert client.post("/conference/projects/new/", values).status_code == 422  # a figure needs its source
    client.post(
        "/conference/projects/new/", {**values, "source_name": "示例日报", "source_date": "2026-01-01"}
    )
    project = Project.objects.get()
    act(client, project, "phase", kind="land", planned_on="2026-01-01", actual_on="2026-02-01", note="摘牌")
    shown = text(Client().get(project.get_absolute_url()))
    assert "滞后 31 天" in shown
    assert "1.2 亿元" in shown
    assert 'role="img"' in shown
    assert "滞后 31 天" in text(Client().get("/conference/projects/?phase=land"))
    assert "示例医院" not in text(Client().get("/conference/projects/?phase=opening"))
    client.post(
        f"{project.get_absolute_url()}edit/",
        {**values, "title": "示例新医院", "source_name": "示例日报", "source_date": "2026-01-01"},
    )
    project.refresh_from_db()
    assert project.title == "示例新医院"
    assert signed_in(make_user()).post(f"{project.get_absolute_url()}act/phase/").status_code == 302


def test_query_counts_do_not_grow_with_rows(django_assert_max_num_queries: Any) -> None:
    scene = make_scene()
    office = scene.actors["office"]
    client = signed_in(office)
    for _ in range(10):
        make.make_item(scene.session, office)
        make.make_task(office, organisation=scene.owner)
        make.make_notice(office)
        make.make_priority(office)
        make.make_project(office)
        make.make_paper(scene.session, office)
        domain.object_to_notice(
            scene.actors["visitor"], scene.notice, name="x", organisation_name="x", reason="x"
        )
    for page in LISTS:
        client.get(page)
        with django_assert_max_num_queries(20):
            client.get(page)
    pages = details(scene)
    for page, most in zip(pages, (40, 30, 30, 25, 30, 30, 25), strict=True):
        with django_assert_max_num_queries(most):
            client.get(page)
    liaison = signed_in(scene.actors["liaison"])
    with django_assert_max_num_queries(45):
        liaison.get(pages[0])


def test_hostile_addresses_are_answered(client: Client) -> None:
    scene = make_scene()
    client.force_login(scene.actors["office"])
    huge = "9" * 30
    for page in (
        "sessions",
        "matters",
        "resolutions",
        "tasks",
        "notices",
        "priorities",
        "projects",
        "papers",
    ):
        assert client.get(f"/conference/{page}/{huge}/").status_code == 404
    assert client.get(f"/conference/tasks/new/?resolution={huge}").status_code == 404
    assert client.get("/conference/priorities/?year=99999999999").status_code == 200
    session = scene.session.get_absolute_url()
    for name, values in (
        ("matter", {"matter": huge}),
        ("up", {"item": "x"}),
    ):
        assert client.post(f"{session}act/{name}/", values).status_code == 404
    for name, values in (
        ("attendance", {f"seat-{huge}": "present"}),
        ("seat", {"organisation": "\x00"}),
        ("paper", {}),
        ("minutes", {"text": "a\x00b"}),
    ):
        assert client.post(f"{session}act/{name}/", values).status_code == 302
    assert scene.session.seats.count() == 4
