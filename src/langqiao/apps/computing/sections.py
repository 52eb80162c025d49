"""What computing puts on the registry's pages and on everybody's own work (我的工作)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.queries import organisation_ids
from langqiao.apps.accounts.rules import is_signed_in
from langqiao.apps.computing.models import Request
from langqiao.apps.computing.queries.sharing import visible_requests, visible_tenants, with_use
from langqiao.apps.computing.queries.vouchers import visible_vouchers
from langqiao.apps.computing.rules import INSIDERS, operated_ids
from langqiao.apps.registry.models import Organisation
from langqiao.apps.registry.sections import Awaiting, Section, awaiting_of, page_section
from langqiao.kit.permissions import allowed

LISTED = 10
WAITING_AT_MOST = 50


def computing_of(organisation: Any, viewer: Any) -> Section | None:
    """The organisation's computing that the viewer may read: tenancies, requests, vouchers."""
    if not is_signed_in.test(viewer):
        return None
    tenants = list(with_use(visible_tenants(viewer)).filter(organisation=organisation)[:LISTED])
    requests = list(visible_requests(viewer).filter(organisation=organisation)[:LISTED])
    vouchers = list(visible_vouchers(viewer).filter(organisation=organisation)[:LISTED])
    may_ask = allowed(viewer, "computing.ask", organisation)
    if not (tenants or requests or vouchers or may_ask):
        return None
    return Section(
        _("算力"),
        "computing/section_organisation.html",
        {"tenants": tenants, "requests": requests, "vouchers": vouchers, "may_ask": may_ask},
    )


def requests_waiting(viewer: Any) -> list[Awaiting]:
    """Requests that wait for the viewer: to be decided by the operator, to be mended by the applicant."""
    campuses, organisations = operated_ids(viewer), organisation_ids(viewer, *INSIDERS)
    rows: list[Awaiting] = []
    if campuses:
        asked = Request.objects.filter(state=Request.State.SUBMITTED, campus__operator__in=campuses)
        rows += [
            Awaiting(_("算力申请待审批"), one.title, one.get_absolute_url(), due=one.starts_on)
            for one in asked.order_by("submitted_at")[:WAITING_AT_MOST]
        ]
    if organisations:
        returned = Request.objects.filter(state=Request.State.RETURNED, organisation__in=organisations)
        rows += [
            Awaiting(_("算力申请待修改"), one.title, reverse("request_edit", args=[one.pk]))
            for one in returned[:WAITING_AT_MOST]
        ]
    return rows


def register() -> None:
    """Put the section and the rows on their pages."""
    page_section(Organisation, computing_of)
    awaiting_of(requests_waiting)
