"""Pages of requests, tenants, quotas, schemes and vouchers: what they show to whom, and what they do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from langqiao.apps.computing.domain.exports import export_quotas
from langqiao.apps.computing.models import Grant, Redemption, Request, Scheme, Tenant, Voucher
from langqiao.apps.registry.sections import awaiting
from tests.apps.computing.scene import Scene, make_scene
from tests.factories import computing as make
from tests.factories.accounts import make_member, make_office
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db
LISTS = [
    "/computing/requests/",
    "/computing/tenants/",
    "/computing/quotas/",
    "/computing/schemes/",
    "/computing/vouchers/",
]


def signed_in(user: Any, language: str = "") -> Client:
    client = Client()
    if user is not None and user.is_authenticated:
        client.force_login(user)
    if language:
        client.cookies["django_language"] = language
    return client


def text(response: Any) -> str:
    return response.content.decode()


def act(client: Client, record: Any, name: str, /, **values: Any) -> str:
    """Do an act by its page and return the page that follows."""
    response = client.post(f"{record.get_absolute_url()}act/{name}/", values, follow=True)
    assert response.status_code == 200, name
    return text(response)


def details(scene: Scene) -> list[str]:
    records = (scene.handed_in, scene.request, scene.tenant, scene.scheme, scene.voucher)
    return [record.get_absolute_url() for record in records]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_is_drawn_in_both_languages(language: str) -> None:
    scene = make_scene()
    pages = {
        "office": [*LISTS, *details(scene), "/computing/schemes/new/", f"{scene.scheme.get_absolute_url()}edit/", f"{scene.scheme.get_absolute_url()}issue/"],
        "operator": [*LISTS, *details(scene)[:4]],
        "member": [*LISTS, *details(scene), scene.draft.get_absolute_url(), f"{scene.draft.get_absolute_url()}edit/", "/computing/requests/new/?case=LQ-2026-000001"],
    }  # fmt: skip
    # What differs by role is drawn once; the office sees nearly all of it in either language.
    for name, found in pages.items() if language == "zh-hans" else [("office", pages["office"])]:
        client = signed_in(scene.actors[name], language)
        for page in found:
            response = client.get(page)
            assert response.status_code == 200, (name, page)
            assert f'lang="{"zh-Hans" if language == "zh-hans" else "en"}"' in text(response)


def test_every_list_is_exported() -> None:
    office = signed_in(make_scene().actors["office"])
    for page in LISTS:
        for wanted in ("csv", "xlsx"):
            exported = office.get(f"{page}?export={wanted}")
            assert b"".join(exported.streaming_content)
            exported.close()


def test_the_public_sees_schemes_and_nothing_else() -> None:
    scene = make_scene()
    client = Client()
    assert [client.get(page).status_code for page in LISTS] == [302, 302, 302, 200, 302]
    assert [client.get(page).status_code for page in details(scene)] == [302, 302, 302, 200, 302]
    shown = text(client.get(scene.scheme.get_absolute_url()))
    assert ("30%" in shown, scene.firm.name in shown, scene.voucher.number in shown) == (True, False, False)
    visitor = signed_in(scene.actors["visitor"])
    assert [visitor.get(page).status_code for page in details(scene)] == [404, 404, 404, 200, 404]


def test_a_request_is_made_by_its_pages_from_a_case_to_a_grant() -> None:
    campus, firm = make.make_campus(), make_organisation()
    member = signed_in(make_member(firm))
    assert 'value="LQ-2026-000009"' in text(member.get("/computing/requests/new/?case=LQ-2026-000009"))
    values = {
        "campus": campus.pk, "organisation": firm.pk, "case": "", "title": "示例训练", "gpus": 4, "gpu_hours": 200,
        "chips": "any", "gpu_models": "", "starts_on": make.today(), "ends_on": make.today() + timedelta(days=9),
    }  # fmt: skip
    refused = member.post("/computing/requests/new/", {**values, "gpu_hours": 9999})
    assert (refused.status_code, "最多用 960 GPU 时" in text(refused)) == (422, True)
    assert member.post("/computing/requests/new/", {**values, "case": "LQ-2026-777777"}).status_code == 422
    member.post("/computing/requests/new/", values)
    request = Request.objects.get()
    member.post(f"{request.get_absolute_url()}edit/", {**values, "gpus": 8})
    assert "已提交" in act(member, request, "submit")
    assert member.get(f"{request.get_absolute_url()}edit/").status_code == 302
    operator = signed_in(make.make_operator(campus))
    approval = {"gpus": 9, "gpu_hours": 100, "starts_on": make.today(), "ends_on": make.today()}
    assert "整数" in act(operator, request, "approve", **approval)
    assert "已批准" in act(operator, request, "approve", **{**approval, "gpus": 6})
    assert (Grant.objects.get().gpus, Tenant.objects.get().gpu_milli) == (6, 6000)
    # A second click says what happened and grants nothing more.
    assert "不能变为" in act(operator, request, "approve", **{**approval, "gpus": 6})
    assert Grant.objects.count() == 1
    assert operator.post(f"{request.get_absolute_url()}act/fly/").status_code == 404
    grant = Grant.objects.get()
    assert member.post(f"{request.get_absolute_url()}grant/act/end/").status_code == 302
    grant.refresh_from_db()
    assert grant.state == "active"
    operator.post(f"{request.get_absolute_url()}grant/act/revoke/", {"why": "停用"})
    grant.refresh_from_db()
    assert (grant.state, Tenant.objects.get().gpu_milli) == ("revoked", 0)


def test_a_request_is_returned_rejected_and_withdrawn_by_its_page() -> None:
    campus, firm = make.make_campus(), make_organisation()
    member, operator = signed_in(make_member(firm)), signed_in(make.make_operator(campus))
    request = make.make_request(campus, organisation=firm)
    assert "此项必填" in act(operator, request, "return", why=" ") or request.state == "submitted"
    assert "请补充说明" in act(operator, request, "return", why="请补充说明")
    assert "已提交" in act(member, request, "submit")
    assert "未予批准" in act(operator, request, "reject", why="本期已满")
    other = make.make_request(campus, organisation=firm)
    assert "已撤回" in act(member, other, "withdraw")


def test_quotas_are_set_by_their_pages() -> None:
    campus = make.make_campus()
    client, tenant = signed_in(make.make_operator(campus)), make.make_tenant(campus)
    page = act(client, tenant, "quota", gpus="2.5", borrow="1", weight="2")
    tenant.refresh_from_db()
    assert (tenant.gpu_milli, tenant.borrow_milli, tenant.weight) == (2500, 1000, 2)
    assert "2.5" in page
    assert "已暂停" in act(client, tenant, "suspend", why="欠费")
    assert "已恢复" in act(client, tenant, "resume")
    assert "没有被暂停" in act(client, tenant, "resume")
    make_city("hefei")
    values = {"campus": campus.pk, "city": "hefei", "gpus": "16", "borrow": "0"}
    assert "合肥" in text(client.post("/computing/quotas/act/set/", values, follow=True))
    assert campus.city_quotas.get().gpu_milli == 16_000
    other = make.make_campus()
    client.post("/computing/quotas/act/set/", {**values, "campus": other.pk})
    assert not other.city_quotas.exists()


def test_schemes_and_vouchers_are_run_by_their_pages() -> None:
    office = signed_in(make_office())
    make_city()
    firm = make_organisation(name="示例持券企业")
    scheme_values = {
        "name": "示例政策", "city": "songjiang", "share_domestic": 30, "share_other": 20, "cap_firm_year": "1000",
        "starts_on": "2025-07-28", "illustrative": "on",
    }  # fmt: skip
    assert office.post("/computing/schemes/new/", {**scheme_values, "illustrative": ""}).status_code == 422
    office.post("/computing/schemes/new/", scheme_values)
    scheme = Scheme.objects.get()
    office.post(f"{scheme.get_absolute_url()}edit/", {**scheme_values, "pool_total": "5000"})
    scheme.refresh_from_db()
    assert scheme.pool_total == 5000
    values = {"organisation": firm.name, "amount": "1000.01", "expires_on": make.today() + timedelta(days=30)}
    refused = office.post(f"{scheme.get_absolute_url()}issue/", values)
    assert (refused.status_code, "每企业每年上限" in text(refused)) == (422, True)
    office.post(f"{scheme.get_absolute_url()}issue/", {**values, "amount": "900"})
    voucher = Voucher.objects.get()
    member = signed_in(make_member(firm))
    bill = make.make_bill(make.make_tenant(organisation=firm))
    assert "200.00" in text(member.get(voucher.get_absolute_url()))
    assert "最多 200.00 元" in act(member, voucher, "redeem", bill=bill.pk, amount="201")
    assert "50.00" in act(member, voucher, "redeem", bill=bill.pk, amount="50")
    assert "已经支付过" in act(member, voucher, "redeem", bill=bill.pk, amount="50")
    assert Redemption.objects.get().amount == 50
    far = make.make_bill()
    assert member.post(f"{voucher.get_absolute_url()}act/redeem/", {"bill": far.pk}).status_code == 404
    assert "已收回" in act(office, voucher, "revoke", why="退出")


def test_the_list_of_tenants_costs_the_same_whatever_its_length(django_assert_max_num_queries: Any) -> None:
    campus = make.make_campus()
    client = signed_in(make.make_operator(campus))
    for _number in range(12):
        make.make_slot(make.make_job(make.make_grant(make.make_tenant(campus)), state="running"))
    for page in ("/computing/tenants/", "/computing/requests/"):
        client.get(page)
        with django_assert_max_num_queries(14):
            client.get(page)


def test_the_organisation_s_page_shows_its_computing_to_those_who_may_read_it() -> None:
    scene = make_scene()
    page = f"/organisations/{scene.firm.pk}/"
    shown = text(signed_in(scene.actors["member"]).get(page))
    for link in (scene.tenant, scene.handed_in, scene.voucher):
        assert link.get_absolute_url() in shown
    assert "/computing/requests/new/" in shown
    for name in ("stranger", "other member", "far liaison"):
        hidden = text(signed_in(scene.actors[name]).get(page))
        assert "/computing/requests/" not in hidden.replace('href="/computing/requests/"', ""), name
        assert scene.tenant.get_absolute_url() not in hidden, name


def test_what_waits_for_operator_and_applicant_stands_in_their_work() -> None:
    scene = make_scene()
    waiting = {
        name: {(str(row.what), row.url.removesuffix("edit/")) for row in awaiting(scene.actors[name])}
        for name in ("operator", "member", "office", "far operator")
    }
    returned = Request.objects.get(state="returned")
    assert waiting["operator"] == {("算力申请待审批", scene.handed_in.get_absolute_url())}
    assert ("算力申请待修改", returned.get_absolute_url()) in waiting["member"]
    assert waiting["far operator"] == set()


def test_quotas_are_exported_by_operators_and_the_office() -> None:
    scene = make_scene()
    pages = {kind: f"/computing/campuses/{scene.campus.pk}/quotas/{kind}/" for kind in ("kueue", "slurm")}
    for name in ("operator", "office"):
        client = signed_in(scene.actors[name])
        shown = text(client.get("/computing/quotas/"))
        assert all(f'href="{page}"' in shown for page in pages.values()), name
        for kind, ending in (("kueue", "yaml"), ("slurm", "txt")):
            response = client.get(pages[kind])
            file = f'attachment; filename="campus-{scene.campus.pk}-{kind}.{ending}"'
            assert (response.status_code, response["Content-Disposition"]) == (200, file), name
            assert text(response) == export_quotas(None, scene.campus, kind)
            assert scene.firm.name in text(response)
    member = signed_in(scene.actors["member"])
    assert "quota-export" not in text(member.get("/computing/quotas/"))
    for name in ("member", "far operator", "liaison", "superuser"):
        client = signed_in(scene.actors[name])
        assert [client.get(page).status_code for page in pages.values()] == [403, 403], name
    assert [Client().get(page).status_code for page in pages.values()] == [302, 302]
    office = signed_in(scene.actors["office"])
    assert office.get(f"/computing/campuses/{scene.campus.pk}/quotas/pbs/").status_code == 404
    empty = make.make_campus()
    refused = office.get(f"/computing/campuses/{empty.pk}/quotas/slurm/")
    assert (refused.status_code, "还没有租户" in text(refused)) == (409, True)


def test_lists_name_the_campus_in_the_reader_s_language() -> None:
    scene = make_scene()
    scene.campus.name_en = "Example Computing Centre"
    scene.campus.save(update_fields=["name_en"])
    make.make_price(scene.campus)
    client = signed_in(scene.actors["office"], "en")
    for page in ("/computing/quotas/", "/computing/prices/"):
        shown = text(client.get(page))
        assert ("Example Computing Centre" in shown, scene.campus.name in shown) == (True, False), page
    for page in ("requests", "tenants", "quotas", "jobs", "usage", "bills", "prices"):
        exported = client.get(f"/computing/{page}/?export=csv")
        body = b"".join(exported.streaming_content).decode()
        exported.close()
        assert scene.campus.name not in body, page
