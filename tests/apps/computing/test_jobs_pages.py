"""Pages of jobs, usage, bills and prices: what they show to whom, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.computing.domain import billing
from langqiao.apps.computing.domain.scheduling import schedule
from langqiao.apps.computing.models import Bill, Campus, Grant, Job, Price
from tests.factories import computing as make
from tests.factories.accounts import make_member, make_office, make_user

pytestmark = pytest.mark.django_db
LISTS = [f"/computing/{kind}/" for kind in ("jobs", "usage", "bills", "prices")]


@dataclass
class Scene:
    """A campus of one server: a job runs, one waits, one is done and billed."""

    campus: Campus
    grant: Grant
    running: Job
    waiting: Job
    done: Job
    bill: Bill
    operator: User
    member: User


@pytest.fixture
def scene() -> Scene:
    campus = make.make_campus()
    make.make_server(make.make_rack(make.make_hall(make.make_building(campus))), name="服务器甲")
    make.make_price(campus)
    grant = make.make_grant(make.make_tenant(campus), gpus=16)
    running = make.make_job(grant, name="训练甲", gpus=6)
    schedule(None, campus)
    last = make.today().replace(day=1) - timedelta(days=1)
    done = make.make_job(grant, name="训练丙", state=Job.State.DONE)
    make.make_usage(done, ends_at=billing.midnight(last))
    bill = billing.make_bill(None, grant.tenant, month=last)
    waiting = make.make_job(grant, name="训练乙", gpus=2, count=2)
    Grant.objects.filter(pk=grant.pk).update(held_seconds=10 * 3600)
    running.refresh_from_db()
    return Scene(
        campus, grant, running, waiting, done, bill, make.make_operator(campus),
        make_member(grant.tenant.organisation, Role.ENTERPRISE),
    )  # fmt: skip


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(response: Any) -> str:
    return response.content.decode()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_is_drawn_in_both_languages(scene: Scene, language: str) -> None:
    for user in (scene.member, scene.operator, make_office()):
        client = signed_in(user)
        client.cookies["django_language"] = language
        records = (scene.running, scene.waiting, scene.done, scene.bill)
        for page in [*LISTS, *(record.get_absolute_url() for record in records)]:
            assert client.get(page).status_code == 200, page
    for page in ("/computing/jobs/new/",):
        client = signed_in(scene.member)
        client.cookies["django_language"] = language
        assert client.get(page).status_code == 200
    for page in [*LISTS, scene.bill.get_absolute_url()]:
        for wanted in ("csv", "xlsx"):
            exported = client.get(f"{page}?export={wanted}")
            assert b"".join(exported.streaming_content)
            exported.close()


def test_others_see_nothing(scene: Scene) -> None:
    other = make_member(make.make_tenant(scene.campus).organisation, Role.ENTERPRISE)
    far = make.make_operator(make.make_campus())
    for user in (other, far, make_user()):
        client = signed_in(user)
        for page in LISTS[:3]:
            shown = text(client.get(page))
            assert "训练" not in shown
            assert scene.grant.tenant.organisation.name not in shown
        for record in (scene.running, scene.bill):
            assert client.get(record.get_absolute_url()).status_code == 404
            assert client.post(f"{record.get_absolute_url()}act/cancel/").status_code == 404
    assert Client().get(LISTS[0]).status_code == 302


def test_why_a_job_waits_and_where_one_runs(scene: Scene) -> None:
    client = signed_in(scene.member)
    page = text(client.get(scene.waiting.get_absolute_url()))
    assert "GPU 不够：任意型号 空闲 2 张，本作业需 4 张。" in page
    limit = "本机构配额已满：连同可借用共 8 张，已用 6 张，本作业需 4 张。"
    assert limit in page
    assert limit in text(client.get("/computing/jobs/"))
    running = text(client.get(scene.running.get_absolute_url()))
    assert "服务器甲" in running
    assert "/computing/servers/" not in running


def test_a_job_is_submitted_once_by_its_page(scene: Scene) -> None:
    client = signed_in(scene.member)
    form = client.get(f"/computing/jobs/new/?grant={scene.grant.pk}").context["form"]
    values = {
        "grant": scene.grant.pk, "name": "训练丁", "gpus": 1, "gpu_milli": 500, "count": 1, "cores": 4,
        "memory": 16, "gpu_models": "G2、T4", "hours": 2, "priority": 0, "token": form.initial["token"],
    }  # fmt: skip
    first = client.post("/computing/jobs/new/", values)
    again = client.post("/computing/jobs/new/", values)
    job = Job.objects.get(name="训练丁")
    assert (first["Location"], again["Location"]) == (job.get_absolute_url(),) * 2
    assert (job.gpu_models, job.estimate, job.memory_mib) == (["G2", "T4"], 7200, 16_384)
    wrong = client.post("/computing/jobs/new/", {**values, "token": "", "cores": 5000})
    assert wrong.status_code == 422
    assert "没有一台服务器能容下一组" in text(wrong)
    assert signed_in(scene.operator).get("/computing/jobs/new/").status_code == 403


def test_the_operator_runs_the_queue_by_its_pages(scene: Scene) -> None:
    client = signed_in(scene.operator)
    response = client.post(f"/computing/jobs/campus/{scene.campus.pk}/act/schedule/", follow=True)
    assert "仍有 1 个排队" in text(response)
    response = client.post(f"{scene.running.get_absolute_url()}act/fail/", follow=True)
    assert "原因" in text(response)
    client.post(f"{scene.running.get_absolute_url()}act/finish/")
    assert Job.objects.get(pk=scene.running.pk).state == "done"
    response = client.post(f"/computing/jobs/campus/{scene.campus.pk}/act/schedule/", follow=True)
    assert "本轮开始 1 个" in text(response)
    client.post(f"{scene.waiting.get_absolute_url()}act/fail/", {"why": "掉电"})
    assert Job.objects.get(pk=scene.waiting.pk).why == "掉电"
    refused = signed_in(scene.member).post(
        f"/computing/jobs/campus/{scene.campus.pk}/act/schedule/", follow=True
    )
    assert "只有该园区的算力运营方可以这样做" in text(refused)
    assert client.post(f"{scene.done.get_absolute_url()}act/fly/").status_code == 404


def test_bills_and_prices_by_their_pages(scene: Scene) -> None:
    client = signed_in(scene.operator)
    month = (timezone.localdate().replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    values = {"campus": scene.campus.pk, "month": month}
    assert "bills-dialog" in text(client.get("/computing/bills/"))
    assert "没有未出账的用量" in text(client.post("/computing/bills/act/make/", values, follow=True))
    assert "月份" in text(client.post("/computing/bills/act/make/", {**values, "month": "x"}, follow=True))
    price = {"campus": scene.campus.pk, "gpu_model": "T4", "yuan_hour": "2.5", "from_on": "2026-01-01"}
    assert client.post("/computing/prices/new/", price)["Location"] == "/computing/prices/"
    assert Price.objects.filter(gpu_model="T4").count() == 1
    assert client.post("/computing/prices/new/", {**price, "yuan_hour": "3"}).status_code == 422
    assert signed_in(scene.member).get("/computing/prices/new/").status_code == 403
    client.post(f"{scene.bill.get_absolute_url()}act/settle/")
    scene.bill.refresh_from_db()
    assert scene.bill.state == "settled"
    exported = signed_in(scene.member).get(f"{scene.bill.get_absolute_url()}?export=csv")
    rows = b"".join(exported.streaming_content).decode("utf-8-sig").splitlines()
    exported.close()
    assert (len(rows), rows[1].split(",")[:3]) == (2, [scene.done.case, "训练丙", "G2"])
    assert rows[1].endswith("1.00,10.0000,10.0000")


def test_lists_ask_a_bounded_number_of_questions(scene: Scene, django_assert_max_num_queries: Any) -> None:
    client = signed_in(scene.operator)
    for number in range(20):
        make.make_job(scene.grant, name=f"训练{number}")
    client.get("/computing/jobs/")
    with django_assert_max_num_queries(40):
        client.get("/computing/jobs/")
