"""REST API of voucher schemes and vouchers: the same verbs and rules as the pages. Money in yuan (元).

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field as Bound

from langqiao.apps.computing.api.sharing import ComputingReason, ComputingSearch, Key
from langqiao.apps.computing.domain import vouchers
from langqiao.apps.computing.domain.vouchers import AREA_AT_MOST, NAME_AT_MOST
from langqiao.apps.computing.models import Bill, Scheme, Voucher
from langqiao.apps.computing.queries import vouchers as queries
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.kit.api import Paged
from langqiao.kit.refusals import Invalid

router = Router(tags=["算力 / computing"])
WORDS_AT_MOST = 8

Yuan = Annotated[Decimal, Bound(gt=0, max_digits=13, decimal_places=2)]
Share = Annotated[int, Bound(ge=0, le=100)]


class SchemeIn(Schema):
    """A scheme; the city by slug or name, ``area`` where it is larger than a city of the corridor."""

    name: Annotated[str, Bound(min_length=1, max_length=NAME_AT_MOST)]
    city: Annotated[str, Bound(max_length=40)] = ""
    area: Annotated[str, Bound(max_length=AREA_AT_MOST)] = ""
    share_domestic: Share
    share_other: Share
    cap_firm_year: Yuan | None = None
    pool_year: Yuan | None = None
    pool_total: Yuan | None = None
    starts_on: date
    ends_on: date | None = None
    source_name: Annotated[str, Bound(max_length=200)] = ""
    source_url: Annotated[str, Bound(max_length=500)] = ""
    source_date: date | None = None
    illustrative: bool = False


class SchemeOut(Schema):
    """A scheme with its limits, null where it sets none, and its source."""

    id: int
    name: str
    city: str | None = Bound(None, alias="city_id")
    area: str
    share_domestic: int
    share_other: int
    cap_firm_year: Decimal | None = None
    pool_year: Decimal | None = None
    pool_total: Decimal | None = None
    starts_on: date
    ends_on: date | None = None
    source_name: str
    source_url: str
    source_date: date | None = None
    illustrative: bool


class VoucherIn(Schema):
    """A voucher to be issued; the firm by code or name."""

    scheme: Key
    organisation: Annotated[str, Bound(min_length=1, max_length=200)]
    amount: Yuan
    expires_on: date
    domestic_only: bool = False
    illustrative: bool = False


class VoucherOut(Schema):
    """A voucher and what it has paid."""

    id: int
    number: str
    scheme: int = Bound(alias="scheme_id")
    organisation: int = Bound(alias="organisation_id")
    amount: Decimal
    spent: Decimal
    domestic_only: bool
    issued_on: date
    expires_on: date
    state: Voucher.State
    why: str
    illustrative: bool


class RedeemIn(Schema):
    """A bill of the firm and how much of it; as much as may be paid where the amount is left out."""

    bill: Key
    amount: Yuan | None = None


class RedemptionOut(Schema):
    """What a voucher paid of a bill."""

    id: int
    voucher: int = Bound(alias="voucher_id")
    bill: int = Bound(alias="bill_id")
    amount: Decimal
    at: datetime


class PayableOut(Schema):
    """An open bill, how much of it the voucher may pay, and the bound that decides."""

    bill: int
    month: date
    amount: Decimal
    left: Decimal
    limit: str

    @staticmethod
    def resolve_bill(row: queries.Payable) -> int:
        """The bill's key."""
        return int(row.bill.pk)

    @staticmethod
    def resolve_month(row: queries.Payable) -> date:
        """The bill's month."""
        return row.bill.month

    @staticmethod
    def resolve_amount(row: queries.Payable) -> Decimal:
        """The bill's amount."""
        return row.bill.amount

    @staticmethod
    def resolve_limit(row: queries.Payable) -> str:
        """The bound in words."""
        return str(row.limit.label)


def _actor(request: HttpRequest) -> Any:
    """Who acts, for a verb; the rule refuses a stranger."""
    return request.user


def _voucher(request: HttpRequest, pk: int) -> Voucher:
    return get_object_or_404(queries.visible_vouchers(request.user), pk=pk)


def _found(rows: QuerySet[Any], name: str, search: ComputingSearch) -> QuerySet[Any]:
    for word in search.q.replace("\0", "").split()[:WORDS_AT_MOST]:
        rows = rows.filter(**{f"{name}__icontains": word})
    return rows


def _scheme_values(values: SchemeIn) -> Any:
    given = values.dict()
    return {**given, "city": Lookups().city(given["city"])}


@router.get("/computing/schemes", response=list[SchemeOut], operation_id="list_voucher_schemes")
@paginate(Paged)
def list_voucher_schemes(
    request: HttpRequest,  # noqa: ARG001  schemes are public
    search: Query[ComputingSearch],
) -> QuerySet[Scheme]:
    """Voucher schemes of cities."""
    return _found(Scheme.objects.all(), "name", search).order_by("pk")


@router.post("/computing/schemes", response={201: SchemeOut}, operation_id="register_voucher_scheme")
def register_voucher_scheme(request: HttpRequest, values: SchemeIn) -> Any:
    """Register a scheme, for the office."""
    return Status(201, vouchers.register_scheme(_actor(request), **_scheme_values(values)))


@router.get("/computing/schemes/{int:pk}", response=SchemeOut, operation_id="get_voucher_scheme")
def get_voucher_scheme(request: HttpRequest, pk: int) -> Any:  # noqa: ARG001  schemes are public
    """One scheme."""
    return get_object_or_404(Scheme, pk=pk)


@router.put("/computing/schemes/{int:pk}", response=SchemeOut, operation_id="revise_voucher_scheme")
def revise_voucher_scheme(request: HttpRequest, pk: int, values: SchemeIn) -> Any:
    """Revise a scheme as a whole."""
    scheme = get_object_or_404(Scheme, pk=pk)
    return vouchers.revise_scheme(_actor(request), scheme, **_scheme_values(values))


@router.get("/computing/vouchers", response=list[VoucherOut], operation_id="list_vouchers")
@paginate(Paged)
def list_vouchers(request: HttpRequest, search: Query[ComputingSearch]) -> QuerySet[Voucher]:
    """Own vouchers, those of the liaison's city, all for the office."""
    return _found(queries.visible_vouchers(request.user), "number", search).order_by("-pk")


@router.post("/computing/vouchers", response={201: VoucherOut}, operation_id="issue_voucher")
def issue_voucher(request: HttpRequest, values: VoucherIn) -> Any:
    """Issue a voucher to a firm."""
    given = values.dict()
    scheme = Scheme.objects.filter(pk=given.pop("scheme")).first()
    if scheme is None:
        raise Invalid(_("没有这项政策。"), mend=_("请核对政策的编号。"), field="scheme")
    organisation = Lookups().organisation(given.pop("organisation"))
    if organisation is None:
        raise Invalid(_("没有这个机构。"), mend=_("请填写机构的编号或全称。"), field="organisation")
    return Status(201, vouchers.issue_voucher(_actor(request), scheme, organisation=organisation, **given))


@router.get("/computing/vouchers/{int:pk}", response=VoucherOut, operation_id="get_voucher")
def get_voucher(request: HttpRequest, pk: int) -> Any:
    """One voucher."""
    return _voucher(request, pk)


@router.get(
    "/computing/vouchers/{int:pk}/bills", response=list[PayableOut], operation_id="list_payable_bills"
)
def list_payable_bills(request: HttpRequest, pk: int) -> Any:
    """Open bills of the firm with what the voucher may pay of each; empty to those who may not pay."""
    voucher = _voucher(request, pk)
    return queries.payable_bills(voucher) if queries.may_pay(request.user, voucher) else []


@router.get(
    "/computing/vouchers/{int:pk}/redemptions", response=list[RedemptionOut], operation_id="list_redemptions"
)
def list_redemptions(request: HttpRequest, pk: int) -> Any:
    """What the voucher has paid."""
    return list(_voucher(request, pk).redemptions.all())


@router.post(
    "/computing/vouchers/{int:pk}/redemptions", response={201: RedemptionOut}, operation_id="redeem_voucher"
)
def redeem_voucher(request: HttpRequest, pk: int, values: RedeemIn) -> Any:
    """Pay a part of a bill of the firm."""
    voucher = _voucher(request, pk)
    bill = get_object_or_404(Bill, pk=values.bill, tenant__organisation=voucher.organisation_id)
    return Status(201, vouchers.redeem(_actor(request), voucher, bill, amount=values.amount))


@router.post("/computing/vouchers/{int:pk}/revoke", response=VoucherOut, operation_id="revoke_voucher")
def revoke_voucher(request: HttpRequest, pk: int, values: ComputingReason) -> Any:
    """Revoke a voucher."""
    return vouchers.revoke_voucher(_actor(request), _voucher(request, pk), why=values.why)
