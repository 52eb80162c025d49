"""One campus with everybody around it, for the matrix and the leak test."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AnonymousUser

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.computing.domain import quotas, sharing, vouchers
from langqiao.apps.computing.models import (
    Bill,
    Building,
    Campus,
    Grant,
    Job,
    Redemption,
    Request,
    Scheme,
    Server,
    Tenant,
    Voucher,
)
from langqiao.apps.registry.models import Organisation
from tests.factories import computing as make
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation


@dataclass
class Scene:
    """A campus in use: a firm of Songjiang with a grant, jobs, a bill and a voucher; a draft of its own."""

    campus: Campus
    building: Building
    server: Server
    firm: Organisation
    draft: Request
    handed_in: Request
    request: Request
    grant: Grant
    tenant: Tenant
    job: Job
    queued: Job
    bill: Bill
    scheme: Scheme
    far_scheme: Scheme
    voucher: Voucher
    redemption: Redemption
    actors: dict[str, Any] = field(default_factory=dict)


def make_scene() -> Scene:
    """The marker stands in all that is neither public nor the ledger's."""
    operator_firm = make_organisation(name="示例运营单位")
    firm = make_organisation(name="示例用算企业", city=make_city("songjiang"))
    campus = make.make_campus(operator=operator_firm)
    scheme = make.make_scheme()
    far_scheme = make.make_scheme(city=make_city("hefei"))
    office = make_office()
    actors: dict[str, Any] = {
        "console": None,
        "stranger": AnonymousUser(),
        "visitor": make_user(),
        "superuser": User.objects.create_superuser("root", password="langqiao"),
        "office": office,
        "operator": make.make_operator(campus),
        "operator manager": make_member(operator_firm, Role.VISITOR, is_manager=True),
        "far operator": make.make_operator(make.make_campus()),
        "member": make_member(firm, Role.ENTERPRISE),
        "researcher": make_member(firm, Role.RESEARCHER),
        "firm visitor": make_member(firm, Role.VISITOR),
        "other member": make_member(make_organisation(), Role.ENTERPRISE),
        "liaison": make_liaison(make_city("songjiang")),
        "far liaison": make_liaison(make_city("hefei")),
        "evaluator": make_member(make_organisation(), Role.EVALUATOR),
    }
    member, operator = actors["member"], actors["operator"]
    server = make.make_server(make.make_rack(make.make_hall(make.make_building(campus))))

    def ask(title: str) -> Request:
        return sharing.draft_request(
            member,
            campus,
            organisation=firm,
            title=f"{title} {make.MARKER}",
            purpose=f"说明 {make.MARKER}",
            gpus=2,
            gpu_hours=100,
            starts_on=make.today(),
            ends_on=make.today() + timedelta(days=30),
        )

    draft, handed_in, request = ask("草稿"), ask("已交"), ask("已批")
    sharing.submit_request(member, handed_in)
    sharing.submit_request(member, request)
    grant = sharing.approve_request(operator, request, why=f"同意 {make.MARKER}")
    returned = ask("退回")
    sharing.submit_request(member, returned)
    sharing.return_request(operator, returned, why=f"补充 {make.MARKER}")
    tenant = grant.tenant
    quotas.set_city_quota(operator, campus, city=make_city("songjiang"), gpu_milli=64_000)
    quotas.suspend_tenant(operator, tenant, why=f"核对 {make.MARKER}")
    job = make.make_job(
        grant, name=f"作业 {make.MARKER}", state=Job.State.RUNNING, started_at=handed_in.created_at
    )
    queued = make.make_job(grant, name=f"排队 {make.MARKER}")
    make.make_slot(job, server)
    make.make_usage(make.make_job(grant, name=f"完成 {make.MARKER}", state=Job.State.DONE))
    bill = make.make_bill(tenant, lines=(("1000", True), ("1000", False)))
    voucher = vouchers.issue_voucher(
        actors["liaison"],
        scheme,
        organisation=firm,
        amount=Decimal(5000),
        expires_on=make.today() + timedelta(days=100),
    )
    redemption = vouchers.redeem(member, voucher, bill, amount=Decimal(100))
    lost = vouchers.issue_voucher(
        office, scheme, organisation=firm, amount=Decimal(1), expires_on=make.today()
    )
    vouchers.revoke_voucher(office, lost, why=f"收回 {make.MARKER}")
    for record in (handed_in, request, tenant, voucher, bill, grant):
        record.refresh_from_db()
    return Scene(
        campus=campus,
        building=server.rack.hall.building,
        server=server,
        firm=firm,
        draft=draft,
        handed_in=handed_in,
        request=request,
        grant=grant,
        tenant=tenant,
        job=job,
        queued=queued,
        bill=bill,
        scheme=scheme,
        far_scheme=far_scheme,
        voucher=voucher,
        redemption=redemption,
        actors=actors,
    )
