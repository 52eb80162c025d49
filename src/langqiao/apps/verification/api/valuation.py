"""REST API of valuation (估值)."""

from ninja import Router

router = Router(tags=["verification"])
