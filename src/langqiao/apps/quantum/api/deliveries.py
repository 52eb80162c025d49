"""REST API of endpoints and sealed deliveries: the same verbs and rules as the pages.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from datetime import datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from ninja import Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field as Bound

from langqiao.apps.quantum.domain import deliveries as verbs
from langqiao.apps.quantum.domain.deliveries import (
    BYTES_AT_MOST,
    KEYS_AT_MOST,
    NOTE_AT_MOST,
    RECEIPT_AT_MOST,
)
from langqiao.apps.quantum.models import Delivery, Endpoint
from langqiao.apps.quantum.queries.deliveries import visible_deliveries, visible_endpoints
from langqiao.apps.registry.domain.acts import REASON_AT_MOST, TITLE_AT_MOST
from langqiao.kit.api import Paged
from langqiao.kit.refusals import Invalid

router = Router(tags=["量子 / quantum"])

Key = Annotated[int, Bound(ge=1, lt=2**63)]
Sae = Annotated[str, Bound(min_length=1, max_length=80)]
Digest = Annotated[str, Bound(max_length=64)]


class QuantumEndpointOut(Schema):
    """An endpoint with its SM2 public key."""

    id: int
    sae_id: str
    site: int = Bound(alias="site_id")
    organisation: int = Bound(alias="organisation_id")
    public_key: str
    is_active: bool
    illustrative: bool


class DeliveryIn(Schema):
    """A delivery to be announced; endpoints by SAE identifier, the size in bytes."""

    sender: Sae
    recipient: Sae
    title: Annotated[str, Bound(min_length=1, max_length=TITLE_AT_MOST)]
    size: Annotated[int, Bound(ge=0, le=BYTES_AT_MOST)]
    note: Annotated[str, Bound(max_length=NOTE_AT_MOST)] = ""


class DeliverySealIn(Schema):
    """What ``langqiao seal --json`` printed; its other values are passed over."""

    file_id: Annotated[str, Bound(max_length=32)]
    header_digest: Digest
    manifest_digest: Digest
    keys: Annotated[int, Bound(ge=1, le=KEYS_AT_MOST)]
    file_sm3: Digest = ""


class DeliveryProgressIn(Schema):
    """Bytes that have been sent."""

    done: Annotated[int, Bound(ge=0, le=BYTES_AT_MOST)]


class DeliveryReceiptIn(Schema):
    """The receipt as ``langqiao open --receipt`` wrote it."""

    receipt: Annotated[str, Bound(min_length=1, max_length=RECEIPT_AT_MOST)]


class DeliveryReasonIn(Schema):
    """Why."""

    why: Annotated[str, Bound(max_length=REASON_AT_MOST)]


class DeliveryOut(Schema):
    """A delivery with its state, digests and receipt."""

    id: int
    case: str
    title: str
    note: str
    sender: str
    recipient: str
    size: int
    done: int
    keys: int
    file_id: str
    header_digest: str
    manifest_digest: str
    file_sm3: str
    receipt: str
    state: Delivery.State
    why: str
    sealed_at: datetime | None
    sent_at: datetime | None
    closed_at: datetime | None
    illustrative: bool

    @staticmethod
    def resolve_sender(delivery: Delivery) -> str:
        """The sender's SAE identifier."""
        return delivery.sender.sae_id

    @staticmethod
    def resolve_recipient(delivery: Delivery) -> str:
        """The recipient's SAE identifier."""
        return delivery.recipient.sae_id


def _actor(request: HttpRequest) -> Any:
    """Who acts, for a verb; the rule refuses a stranger."""
    return request.user


def _delivery(request: HttpRequest, pk: int) -> Delivery:
    return get_object_or_404(visible_deliveries(request.user), pk=pk)


def _endpoint(request: HttpRequest, sae: str, field: str) -> Endpoint:
    found = visible_endpoints(request.user).filter(sae_id=sae.replace("\0", "")).first()
    if found is None:
        raise Invalid(_("没有这个密钥终端。"), mend=_("请填写目录中的 SAE 标识。"), field=field)
    return found


@router.get("/quantum/endpoints", response=list[QuantumEndpointOut], operation_id="list_quantum_endpoints")
@paginate(Paged)
def list_quantum_endpoints(request: HttpRequest) -> QuerySet[Endpoint]:
    """The directory of endpoints, for those who may see it."""
    return visible_endpoints(request.user).order_by("pk")


@router.get("/quantum/deliveries", response=list[DeliveryOut], operation_id="list_deliveries")
@paginate(Paged)
def list_deliveries(request: HttpRequest) -> QuerySet[Delivery]:
    """Deliveries sent or received by the caller's organisations; all for the office."""
    return visible_deliveries(request.user).order_by("-pk")


@router.post("/quantum/deliveries", response={201: DeliveryOut}, operation_id="announce_delivery")
def announce_delivery(request: HttpRequest, values: DeliveryIn) -> Any:
    """Announce a delivery."""
    given = values.dict()
    for name in ("sender", "recipient"):
        given[name] = _endpoint(request, given[name], name)
    return Status(201, verbs.announce_delivery(_actor(request), **given))


@router.get("/quantum/deliveries/{int:pk}", response=DeliveryOut, operation_id="get_delivery")
def get_delivery(request: HttpRequest, pk: Key) -> Any:
    """One delivery."""
    return _delivery(request, pk)


@router.post("/quantum/deliveries/{int:pk}/seal", response=DeliveryOut, operation_id="seal_delivery")
def seal_delivery(request: HttpRequest, pk: Key, values: DeliverySealIn) -> Any:
    """Report that the file is sealed."""
    return verbs.seal_delivery(_actor(request), _delivery(request, pk), **values.dict())


@router.post("/quantum/deliveries/{int:pk}/progress", response=DeliveryOut, operation_id="report_delivery")
def report_delivery(request: HttpRequest, pk: Key, values: DeliveryProgressIn) -> Any:
    """Report how many bytes have been sent."""
    return verbs.report_progress(_actor(request), _delivery(request, pk), done=values.done)


@router.post("/quantum/deliveries/{int:pk}/send", response=DeliveryOut, operation_id="send_delivery")
def send_delivery(request: HttpRequest, pk: Key) -> Any:
    """Report that the sealed file is sent whole."""
    return verbs.send_delivery(_actor(request), _delivery(request, pk))


@router.post("/quantum/deliveries/{int:pk}/receive", response=DeliveryOut, operation_id="receive_delivery")
def receive_delivery(request: HttpRequest, pk: Key, values: DeliveryReceiptIn) -> Any:
    """Hand in the signed receipt."""
    return verbs.receive_delivery(_actor(request), _delivery(request, pk), receipt=values.receipt)


@router.post("/quantum/deliveries/{int:pk}/refuse", response=DeliveryOut, operation_id="refuse_delivery")
def refuse_delivery(request: HttpRequest, pk: Key, values: DeliveryReasonIn) -> Any:
    """Refuse a delivery with a reason."""
    return verbs.refuse_delivery(_actor(request), _delivery(request, pk), why=values.why)


@router.post("/quantum/deliveries/{int:pk}/withdraw", response=DeliveryOut, operation_id="withdraw_delivery")
def withdraw_delivery(request: HttpRequest, pk: Key, values: DeliveryReasonIn) -> Any:
    """Withdraw a delivery that is not sent."""
    return verbs.withdraw_delivery(_actor(request), _delivery(request, pk), why=values.why)
