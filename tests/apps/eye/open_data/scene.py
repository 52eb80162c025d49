"""One of everything that apps make public, and beside it what they keep: drafts, sealed texts, retired records."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from langqiao.apps.challenges.models import Challenge
from langqiao.apps.conference.models import Notice, Priority, Resolution
from langqiao.apps.insight.domain.reports import publish_report
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.registry.models import OrganisationName, OrganisationRole
from langqiao.apps.verification.models import Application, ApplicationState, Call, CallState
from tests.factories import (
    alliances,
    alliances_parks,
    chains,
    challenges,
    computing,
    conference,
    eye_portal,
    insight_reports,
    quantum,
    registry,
    verification,
)

SECRET = "密钥晶圆七四二九"  # stands in all that must not get out


def make_everything() -> None:
    """Public records of every app."""
    eye_portal.play(eye_portal.usage("songjiang", "hefei", 5400), eye_portal.expert_moves("hefei", "hefei"))
    organisation = registry.make_organisation(
        name='=SUM(1)，"引号"\n换行', name_en="-formula", description="@简介", website="https://example.org/"
    )
    organisation.fields.add(registry.make_field("materials"), registry.make_field("ai"))
    OrganisationName.objects.create(organisation=organisation, name="旧名", valid_to=date(2020, 1, 2))
    OrganisationRole.objects.create(organisation=organisation, role="联盟牵头单位")
    person = registry.make_person(organisation=organisation, expertise=["薄膜", "激光"], title="教授")
    achievement = registry.make_achievement(owner=organisation, keywords=["光刻", "掩模"], trl=4)
    achievement.people.add(person)
    registry.make_facility(organisation=organisation)
    finance = registry.make_finance(amount_min=Decimal("12.50"), amount_max=Decimal("3000.00"))
    finance.cities.add(registry.make_city("songjiang"), registry.make_city("jiaxing"))
    registry.make_product(organisation=organisation)
    registry.make_talent_demand(organisation=organisation)
    registry.make_training(organisation=organisation)
    registry.make_programme(
        lead=organisation, figures=[{"label": "成员", "value": "119", "unit": "家", "date": "2019-05-15"}]
    )
    challenges.make_published()
    call = verification.make_draft_call(title="公开的征集")
    Call.objects.filter(pk=call.pk).update(state=CallState.FINISHED, issued_at=timezone.now(), grades=[])
    _chosen(call, ApplicationState.CHOSEN, title="入选的申报")
    conference.make_notice(rows=[{"单位": "甲", "城市": "松江"}])
    _resolution(is_public=True)
    priority = conference.make_priority()
    Priority.objects.filter(pk=priority.pk).update(state="published")
    project = conference.make_project()
    project.phases.create(kind="land", planned_on=date(2026, 1, 5), actual_on=date(2026, 2, 1), note="划拨")
    campus = computing.make_campus()
    for make in (computing.make_claim, computing.make_building, computing.make_price):
        make(campus)
    campus.assumptions.create(
        key="density", name="密度", unit="kW", low=1.0, middle=2.5, high=4.0, why="依据"
    )
    computing.make_scheme()
    quantum.make_link()
    quantum.make_scenario()
    publish_report(None, insight_reports.make_full())
    alliance = alliances.make_alliance()
    alliances.make_membership(alliance)
    alliances.make_gathering(alliance, audience="public")
    alliances.make_rating(
        alliance=alliance, state="published", total=Decimal("88.5"), grade="优秀", published_at=timezone.now()
    )
    alliances_parks.make_activity()
    chains.make_chain(may_be_passed_on=True)


def _chosen(call: Call, state: str, **values: Any) -> Application:
    return Application.objects.create(
        call=call, case=call.case, organisation=registry.make_organisation(), state=state,
        number=1 + Application.objects.count(), submitted_at=datetime(2026, 3, 1, tzinfo=UTC), **values,
    )  # fmt: skip


def _resolution(**values: Any) -> Resolution:
    matter = conference.make_matter()
    return Resolution.objects.create(**{
        "number": f"示例〔2026〕{matter.pk}号", "matter": matter, "session": conference.make_session(),
        "title": "关于示例事项的决议", "text": "同意。", "outcome": "approved", "adopted_on": date(2026, 5, 1),
        **values,
    })  # fmt: skip


def make_secrets() -> None:
    """What must not be published, each with the marker in every text that somebody could read."""
    for make in (
        registry.make_organisation, registry.make_person, registry.make_facility, registry.make_finance,
        registry.make_training, registry.make_programme,
    ):  # fmt: skip
        make(name=f"{SECRET}已注销", retired_at=timezone.now())
    registry.make_achievement(title=f"{SECRET}已注销", retired_at=timezone.now())
    registry.make_talent_demand(position=f"{SECRET}已注销", retired_at=timezone.now())
    registry.make_product(name=f"{SECRET}已注销", retired_at=timezone.now())
    gone = registry.make_organisation(name="注销的机构", retired_at=timezone.now())
    registry.make_product(organisation=gone, name=f"{SECRET}产品")
    OrganisationName.objects.create(organisation=gone, name=f"{SECRET}旧名")
    registry.make_person(bio=f"{SECRET}手机 13800000000")
    challenges.make_challenge(title=f"{SECRET}草稿", summary=SECRET, details=SECRET)
    sealed = challenges.make_published(confidentiality="promise", details=f"{SECRET}详情")
    assert Challenge.objects.get(pk=sealed.pk).details.startswith(SECRET)
    withdrawn = challenges.make_published()
    Challenge.objects.filter(pk=withdrawn.pk).update(state="withdrawn", title=f"{SECRET}撤回")
    university, researcher = challenges.make_university()
    challenges.make_submitted(researcher, challenges.make_published(), university, approach=SECRET)
    verification.make_draft_call(title=f"{SECRET}草稿征集", summary=SECRET)
    open_call = verification.make_draft_call(title="进行中的征集")
    Call.objects.filter(pk=open_call.pk).update(state=CallState.OPEN)
    for state in (ApplicationState.SUBMITTED, ApplicationState.CHOSEN, ApplicationState.DRAFT):
        _chosen(open_call, state, title=f"{SECRET}申报", grade=SECRET[:8])
    finished = verification.make_draft_call(title="已发文的征集")
    Call.objects.filter(pk=finished.pk).update(state=CallState.FINISHED)
    for state in (ApplicationState.ELIMINATED, ApplicationState.REJECTED, ApplicationState.WITHDRAWN):
        _chosen(finished, state, title=f"{SECRET}未入选", why=SECRET)
    draft = conference.make_notice(publish=False, title=f"{SECRET}公示草稿", body=SECRET)
    never = conference.make_notice(publish=False, title=f"{SECRET}撤回的草稿")
    Notice.objects.filter(pk=never.pk).update(state="withdrawn")
    assert draft.starts_on is None
    _resolution(is_public=False, title=f"{SECRET}决议", text=SECRET)
    priority = conference.make_priority(title=f"{SECRET}草稿工作")
    assert priority.state == "draft"
    computing.make_server(name=f"{SECRET}服务器")
    computing.make_job(name=f"{SECRET}作业")
    quantum.make_site("hefei", kme_url=f"https://{SECRET}.example/", state_why=SECRET)
    quantum.make_demand(title=f"{SECRET}密钥需求")
    quantum.make_delivery(title=f"{SECRET}传送")
    insight_reports.make_value("hefei", 1, source_name=f"{SECRET}撤回", withdrawn_at=timezone.now())
    alliance = alliances.make_alliance()
    member = alliances.make_membership(alliance)
    alliances.make_membership(alliance, state="applied", joined_on=None, why=SECRET)
    alliances.make_gathering(alliance, audience="members", title=f"{SECRET}内部活动")
    alliances.make_reply(
        alliances.make_exchange(member, title=f"{SECRET}需求"), registry.make_organisation(), text=SECRET
    )
    alliances.make_contact(member, name=SECRET, phone="13800000000")
    alliances.make_rating(alliances.make_scheme(2024), alliance, grade=SECRET[:8])
    chains.make_chain(data=chains.make_data(firms=[("X", f"{SECRET}股份有限公司", "", "1001", ())]))
    report = insight_reports.make_report(title=f"{SECRET}报告草稿", author=SECRET)
    insight_reports.make_text(report, text=SECRET)
    for visibility in (Visibility.PARTIES, Visibility.OFFICE):
        last = Entry.objects.order_by("-sequence").first()
        assert last is not None
        Entry.objects.create(
            sequence=last.sequence + 1, at=timezone.now(), actor=SECRET, app="x", verb="y", object="z:1",
            visibility=visibility, data=f'{{"why": "{SECRET}"}}', previous=last.hash,
            hash=f"{last.sequence + 1:064x}",
        )  # fmt: skip
