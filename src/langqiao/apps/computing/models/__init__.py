"""The computing centre (智算中心): campus, requests and quotas, vouchers, jobs and bills."""

from __future__ import annotations

from langqiao.apps.computing.models.campus import (
    SERVER_TRANSITIONS,
    Assumption,
    Building,
    Campus,
    Claim,
    Hall,
    Rack,
    Reading,
    Server,
)
from langqiao.apps.computing.models.jobs import (
    JOB_TRANSITIONS,
    Bill,
    BillLine,
    Job,
    Price,
    Redemption,
    Slot,
    Usage,
)
from langqiao.apps.computing.models.sharing import (
    GRANT_TRANSITIONS,
    REQUEST_TRANSITIONS,
    CityQuota,
    Grant,
    Request,
    Tenant,
)
from langqiao.apps.computing.models.vouchers import Scheme, Voucher

__all__ = [
    "GRANT_TRANSITIONS",
    "JOB_TRANSITIONS",
    "REQUEST_TRANSITIONS",
    "SERVER_TRANSITIONS",
    "Assumption",
    "Bill",
    "BillLine",
    "Building",
    "Campus",
    "CityQuota",
    "Claim",
    "Grant",
    "Hall",
    "Job",
    "Price",
    "Rack",
    "Reading",
    "Redemption",
    "Request",
    "Scheme",
    "Server",
    "Slot",
    "Tenant",
    "Usage",
    "Voucher",
]
